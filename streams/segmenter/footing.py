"""What the next transaction of a partition stands on: the snapshot and the epoch to go on with."""

from typing import NamedTuple

from nyxter_online.epochs import Epoch
from nyxter_online.ranks import Snapshot
from streams.segmenter.board import Snapshots
from streams.segmenter.progress import Progress


class Footing(NamedTuple):
    """What a transaction stands on.

    Attributes
    ----------
    progress
        After adopting the snapshot.
    snapshot
        To score by; None: none is at hand.
    epoch
        The epoch to adopt; None: the one in use, if any, goes on.

    """

    progress: Progress
    snapshot: Snapshot | None
    epoch: Epoch | None

    @property
    def epoch_number(self) -> int:
        """Number of the epoch to go on with, 0: none is at hand."""
        return self.progress.epoch if self.epoch is None else self.epoch.number


def next_footing(
    progress: Progress, snapshot: Snapshot | None, in_use: int, rules: str, board: Snapshots
) -> Footing:
    """Return what to stand on next, by one look at the board: a second one may show a newer.

    Parameters
    ----------
    progress, snapshot, in_use
        How far the partition has come, and by which snapshot and epoch (0: none) it works.
    rules
        Version of the rules in force.
    board
        The newest of both.

    """
    sweeping = progress.bucket is not None and snapshot is not None
    epoch = _next_epoch(progress, in_use, board.epoch, sweeping=sweeping)
    latest = board.latest
    if latest is None or sweeping or latest.number <= progress.snapshot:
        return Footing(progress, snapshot, epoch)
    if latest.day != progress.day or latest.rules != rules:
        return Footing(progress, snapshot, epoch)  # not of what is in force here
    return Footing(progress.with_snapshot(latest), latest, epoch)


def _next_epoch(
    progress: Progress, in_use: int, newest: Epoch | None, *, sweeping: bool
) -> Epoch | None:
    """Return the newest epoch where it can be adopted.

    One at which labels are published waits for the end of a sweep, except where the epoch in use
    is not to be had any more: this partition was loaded late.
    """
    if newest is None or newest.number <= progress.epoch:
        return None
    late = progress.epoch != in_use
    if sweeping and newest.checkpoint != progress.checkpoint and not late:
        return None
    return newest


def lacking(progress: Progress, snapshot: Snapshot | None, in_use: int, board: Snapshots) -> str:
    """Return which snapshot or epoch a partition waits for after loading, "" where for none.

    Those that it had in use, or newer ones, have to be at hand before it goes on.
    """
    if progress.epoch and not in_use:
        newest = board.epoch.number if board.epoch is not None else 0
        if newest < progress.epoch:
            return f"epoch {progress.epoch} of the mixture, and the newest here is {newest}"
    if progress.snapshot and snapshot is None:
        newest = board.latest.number if board.latest is not None else 0
        if newest < progress.snapshot:
            return f"snapshot {progress.snapshot}, and the newest here is {newest}"
    return ""
