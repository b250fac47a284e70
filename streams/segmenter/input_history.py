"""What the journal says of a partition's inputs, and whether they can all be read again."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from streams.lane.input_checks import Observed
from streams.segmenter.entry import Entry


class JournalBroken(Exception):  # noqa: N818 - it names what is the case
    """The journal or the inputs do not tell everything: what is missing, in words."""


class _Range(NamedTuple):
    start: int
    end: int

    def grown(self, start: int, end: int) -> "_Range":
        return _Range(min(start, self.start), max(end, self.end))


class InputHistory:
    """The offsets that the entries of one partition applied or passed over, as they follow.

    Attributes
    ----------
    next
        Next offset of each topic.
    topic_ids
        The id of each topic of which the last offsets are, where it is known.

    """

    def __init__(self, partition: int) -> None:
        self.next: dict[str, int] = {}
        self.topic_ids: dict[str, str] = {}
        self._partition = partition
        self._number = 0
        self._applied: dict[str, _Range] = {}
        self._former: dict[str, tuple[int, _Range]] = {}  # up to which entry, and which offsets
        self._skipped: dict[str, list[_Range]] = defaultdict(list)

    def take(self, entry: Entry) -> None:
        """Take the next entry.

        Raises JournalBroken unless they are numbered from 1 and the ranges of topics join.
        """
        self._check_number(entry.number)
        for topic, start, end in entry.spans:
            if start != self.next.get(topic, 0):
                raise JournalBroken(
                    f"partition {self._partition}, entry {entry.number}: {topic} goes on at "
                    f"{start}, not at {self.next.get(topic, 0)}"
                )
            self.next[topic] = end
            if entry.skipped is None:
                if end > start:
                    known = self._applied.get(topic, _Range(start, end))
                    self._applied[topic] = known.grown(start, end)
            else:
                self._pass_over(topic, _Range(start, end), entry)
        self.topic_ids |= entry.topic_ids or {}
        self._number = entry.number

    def _check_number(self, number: int) -> None:
        if number == self._number + 1:
            return
        if self._number == 0:
            raise JournalBroken(
                f"partition {self._partition}: the journal begins with entry {number}; what came "
                "before it is gone, and with it what all that follows depends on"
            )
        raise JournalBroken(f"partition {self._partition}: entry {self._number + 1} is missing")

    def _pass_over(self, topic: str, gap: _Range, entry: Entry) -> None:
        known = self.topic_ids.get(topic)
        named = (entry.topic_ids or {}).get(topic, known)
        if gap.end < gap.start or (known is not None and named != known):
            self._skipped[topic] = [_Range(0, gap.end)]
            if (applied := self._applied.pop(topic, None)) is not None:
                self._former[topic] = self._number, applied
        elif gap.end > gap.start:
            self._skipped[topic].append(gap)

    def is_skipped(self, topic: str, offset: int) -> bool:
        """Tell whether an offset was passed over, though its record may be there."""
        return any(start <= offset < end for start, end in self._skipped.get(topic, ()))

    @property
    def skips(self) -> bool:
        """Whether any offset was passed over."""
        return any(end > start for gaps in self._skipped.values() for start, end in gaps)

    def missing(self, observed: Mapping[str, Observed]) -> str | None:
        """Return which offsets that were applied nobody can read again, None where all are there.

        What was passed over may be gone.
        """
        for topic, (number, (start, end)) in self._former.items():
            return (
                f"{topic}, partition {self._partition}: the topic was deleted and made anew; "
                f"entries up to {number} applied offsets {start} to {end - 1} of the former one, "
                "which nobody can read again: what follows from them can't be computed anew"
            )
        for topic, (start, end) in self._applied.items():
            there = observed.get(topic, Observed())
            known = self.topic_ids.get(topic)
            if None not in (known, there.topic_id) and known != there.topic_id:
                return (
                    f"{topic}, partition {self._partition}: the topic was deleted and made anew; "
                    f"offsets {start} to {end - 1} that the journal tells of were the former one's"
                )
            if (there.start or 0) > start:
                last = min(end, there.start or 0) - 1
                return (
                    f"{topic}, partition {self._partition}, starts at offset {there.start}: "
                    f"messages that the journal tells of were deleted (offsets {start} to {last})"
                )
        return None
