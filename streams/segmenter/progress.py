"""How far a partition has come, and where the next snapshot, epoch or part of a sweep leads it."""

from collections.abc import Iterable
from typing import NamedTuple

from nyxter_online.customers import BUCKETS
from nyxter_online.epochs import Epoch
from nyxter_online.ranks import Snapshot
from nyxter_online.step import Unmet, Whom
from schemas.outputs import Cause
from streams.segmenter.entry import Sweep


class Progress(NamedTuple):
    """How far a partition has come, apart from offsets.

    Attributes
    ----------
    entry
        Number of the last journal entry.
    day
        Today (proleptic ordinal), 0 before the first day is known.
    snapshot
        Number of the snapshot in use, 0: none.
    bucket
        Where the sweep under way goes on; None: none is under way.
    cause, whom
        What that sweep puts changes down to, and whom it publishes.
    settled
        Whether every card is exact by the snapshot in use.
    swept_day, swept_rules
        Day and rules of the last sweep begun.
    epoch, checkpoint, model
        Number of the epoch of the mixture in use, 0: none; the checkpoint and the model that it
        belongs to.
    releasing
        For which reasons triggers that were held back are being released, by a sweep to come or
        under way.

    """

    entry: int = 0
    day: int = 0
    snapshot: int = 0
    bucket: int | None = None
    cause: Cause = "population"
    whom: Whom = "moved"
    settled: bool = False
    swept_day: int = 0
    swept_rules: str = ""
    epoch: int = 0
    checkpoint: int = 0
    model: int = 0
    releasing: tuple[str, ...] = ()

    @property
    def unmet(self) -> Unmet | None:
        """Whom the sweep under way has still to meet, if it brings new rules or a new model."""
        news = self.cause in ("rules", "model")
        return Unmet(self.bucket, self.cause) if news and self.bucket is not None else None

    def with_snapshot(self, snapshot: Snapshot) -> "Progress":
        """Return the progress after adopting a snapshot: a sweep of everyone begins."""
        cause: Cause = "population"
        if self.swept_rules not in ("", snapshot.rules):
            cause = "rules"
        elif 0 < self.swept_day < snapshot.day:
            cause = "time"
        cut_short = self.bucket is not None and self.whom == "everyone"
        if self.unmet is not None or (cut_short and cause == "population"):
            cause = self.cause  # loaded anew in the middle: everyone is still to be published
        return self._replace(
            snapshot=snapshot.number,
            bucket=0,
            cause=cause,
            whom="everyone" if cut_short or cause != "population" else "moved",
            settled=False,
            swept_day=snapshot.day,
            swept_rules=snapshot.rules,
        )

    def with_epoch(self, epoch: Epoch) -> "Progress":
        """Return the progress after adopting an epoch: at a checkpoint a sweep of all begins."""
        progress = self._replace(epoch=epoch.number)
        if epoch.checkpoint == self.checkpoint:
            return progress
        begins_anew = self.bucket is not None and self.cause == "model"
        under_way = self.bucket is not None and self.whom == "everyone"
        cause: Cause = self.cause if under_way else "population"
        return progress._replace(
            checkpoint=epoch.checkpoint,
            model=epoch.model,
            bucket=0,
            cause="model" if begins_anew or epoch.model != self.model else cause,
            whom="everyone" if under_way else "moved",
        )

    def with_release(self, reasons: Iterable[str]) -> "Progress":
        """Return the progress after a release for reasons: one under way begins anew with them."""
        under_way = self.bucket is not None and self.whom == "released"
        return self._replace(
            releasing=tuple(sorted({*self.releasing, *reasons})),
            bucket=0 if under_way else self.bucket,
        )

    def after(self, part: Sweep) -> "Progress":
        """Return the progress after a part of a sweep."""
        done = part.end >= BUCKETS
        return self._replace(
            bucket=None if done else part.end,
            cause=part.cause,
            whom=part.whom,
            settled=done and part.whom in ("differing", "everyone"),
            releasing=() if done and part.whom == "released" else self.releasing,
        )
