"""Which partitions stand still although there is input for them, as seen look by look."""

from collections.abc import Mapping
from typing import Final, NamedTuple

STALLED_S: Final = 10.0
_STEP_S: Final = 2.0  # a process that was stopped in between has not looked on for longer


class Look(NamedTuple):
    """One look at a partition that is owned.

    Attributes
    ----------
    reached
        By topic, the offset up to which it is applied; None while it is not loaded.
    ends
        By topic, where what is committed ends; topics of which nothing is known are not there.
    obstacle
        What it waits for, in words that stay as long as that is so.
    counts
        Whether time passes for it: not while it is loaded for the first time.

    """

    reached: Mapping[str, int] | None
    ends: Mapping[str, int]
    obstacle: str
    counts: bool = True


class _Partition:
    def __init__(self) -> None:
        self.reached: dict[str, int] = {}
        self.still_s = 0.0
        self.detail = ""
        self.obstacle = ""


class Stalls:
    """Watches partitions; one is stalled that has not moved for `STALLED_S` and lies behind."""

    def __init__(self, now: float) -> None:
        self._partitions: dict[int, _Partition] = {}
        self._looked_at = now

    def look(self, now: float, looks: Mapping[int, Look]) -> dict[int, str]:
        """Return the stalled ones, each with what was found.

        The words for one stay the same as long as it stands still for the same cause.

        Parameters
        ----------
        now
            Monotonic seconds.
        looks
            Partitions that are owned; others are forgotten.

        """
        step_s, self._looked_at = min(now - self._looked_at, _STEP_S), now
        self._partitions = {p: self._partitions.get(p, _Partition()) for p in looks}
        found = {p: _judged(self._partitions[p], look, step_s) for p, look in looks.items()}
        return {p: detail for p, detail in found.items() if detail}


def _judged(partition: _Partition, look: Look, step_s: float) -> str:
    if look.reached is not None and (_moved(partition, look) or not _ahead(partition, look)):
        partition.reached = dict(look.reached)
        partition.still_s, partition.detail = 0.0, ""
        return ""
    if look.counts:
        partition.still_s += step_s
    if partition.still_s < STALLED_S:
        return ""
    if not partition.detail or look.obstacle != partition.obstacle:
        partition.detail = _detail(partition, look)
        partition.obstacle = look.obstacle
    return partition.detail


def _moved(partition: _Partition, look: Look) -> bool:
    return look.reached != partition.reached


def _ahead(partition: _Partition, look: Look) -> dict[str, int]:
    """Return the ends that lie beyond what is applied."""
    return {t: end for t, end in look.ends.items() if end > partition.reached.get(t, 0)}


def _detail(partition: _Partition, look: Look) -> str:
    behind = [
        f"{topic} goes on to offset {end} and nothing is applied beyond {at}"
        for topic, end in sorted(_ahead(partition, look).items())
        for at in [partition.reached.get(topic, 0)]
    ]
    return "; ".join([*behind, look.obstacle])
