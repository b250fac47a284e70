"""When the leader lets the mixture learn: the next epoch, where it is due.

What is due depends on timing and is written to the journal; what an epoch comes to depends on the
summaries alone.
"""

from collections.abc import Mapping
from typing import Any, Final

from nyxter_online.epochs import (
    LEAST,
    Epoch,
    accepted_epoch,
    first_epoch,
    following,
)
from nyxter_online.gmm import Statistics, m_step
from streams.segmenter.entry import Learning
from streams.segmenter.summaries import Summary

_EVENTS: Final = 1_000  # contributions that changed make a round of learning due …
_EVERY_S: Final = 60.0  # … or any at all, after this long
_STEADY_S: Final = 3.0  # the base must have stopped growing for so long before a model starts
_GROWTH: Final = 0.01


class Trainer:
    """Decides about epochs.

    Parameters
    ----------
    partitions
        How many summaries make a whole.

    Attributes
    ----------
    epoch
        The last one published.

    """

    def __init__(self, partitions: int) -> None:
        self.epoch: Epoch | None = None
        self._partitions = partitions
        self._learned: dict[int, int] = {}
        self._fresh = 0
        self._rested_at = 0.0
        self._size = 0
        self._size_at = 0.0

    def next(self, summaries: Mapping[int, Summary], now: float) -> tuple[Epoch, Learning] | None:
        """Return the epoch to publish now, with its entry for the journal, or None.

        `now` is the time of a steady clock in seconds.
        """
        self._take_note(summaries)
        if len(summaries) < self._partitions:
            return None
        accepted = accepted_model(self.epoch, summaries)
        number = self.epoch.number if self.epoch is not None else 0
        if accepted is None and any(s.epoch != number for s in summaries.values()):
            return None  # somebody has still to evaluate by the last one
        if accepted is None and not self._is_due(summaries, now):
            return None
        entries = {p: summary.entry for p, summary in summaries.items()}
        offset = -1 if accepted is None else int(accepted[0])
        epoch = next_epoch(self.epoch, merged(summaries), accepted)
        learning = Learning(epoch.number, offset, entries)
        if epoch.step == 0:
            self._fresh, self._rested_at = 0, now
        return epoch, learning

    def _take_note(self, summaries: Mapping[int, Summary]) -> None:
        for partition, summary in summaries.items():
            before = self._learned.get(partition, 0)
            self._fresh += summary.learned - (before if before <= summary.learned else 0)
            self._learned[partition] = summary.learned

    def _is_due(self, summaries: Mapping[int, Summary], now: float) -> bool:
        if self.epoch is None:
            return self._is_steady(merged(summaries).size, now)
        if self.epoch.step > 0:
            return True  # within a round
        waited = now - self._rested_at >= _EVERY_S
        return self._fresh >= _EVENTS or (self._fresh > 0 and waited)

    def _is_steady(self, size: int, now: float) -> bool:
        """Tell whether there are enough customers, and hardly more than a while ago.

        While a base is being loaded, those who came first are not like the rest.
        """
        if abs(size - self._size) > _GROWTH * size:
            self._size, self._size_at = size, now
        return size >= LEAST and now - self._size_at >= _STEADY_S


def merged(summaries: Mapping[int, Summary]) -> Statistics:
    """Return the sums of all partitions."""
    return Statistics.merged(Statistics.from_json(s.statistics) for s in summaries.values())


def accepted_model(epoch: Epoch | None, summaries: Mapping[int, Summary]) -> Any:
    """Return the model that partition 0 knows to be accepted later than the epoch's, or None."""
    accepted = summaries[0].accepted
    if accepted is None or (epoch is not None and accepted[0] <= epoch.accepted):
        return None
    return accepted


def next_epoch(before: Epoch | None, statistics: Statistics, accepted: Any) -> Epoch:
    """Return the epoch that the journal tells of: an accepted model's, the first, or a step on."""
    if accepted is not None:
        return accepted_epoch(before, m_step(Statistics.from_json(accepted[1])), accepted[0])
    if before is None:
        return first_epoch(statistics)
    return following(before, statistics)
