"""Whether the leader makes snapshots of what the partitions give it, as the topics show."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas.envelope import loads
from streams import topics
from streams.lane.changelog import read_changelog
from streams.lane.standstills import EVERY, Reason, Standstill
from streams.segmenter.lacking import find_lacking
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY, Summary

_REMEDY: Final = (
    "see that every partition goes on; the log of the owner of partition 0 says what its leader "
    "waits for (too many groups among it: compare by fewer fields, or raise limits.groups)"
)


class Merging(NamedTuple):
    """The last summary of each partition, and the last snapshot, None before the first."""

    summaries: Mapping[int, Summary]
    snapshot: SnapshotHeader | None

    @property
    def is_done(self) -> bool:
        """Whether the snapshot is of these summaries."""
        made = self.snapshot
        return made is not None and all(
            (summary.day, summary.rules) == (made.day, made.rules)
            and dict(summary.next) == dict(made.next.get(str(number), {}))
            for number, summary in self.summaries.items()
        )


def merging(client: Mapping[str, Any], partitions: int) -> Merging:
    """Return what the topics say just now (KafkaException)."""
    stored = {p: read_changelog(client, topics.SUMMARIES, p) for p in range(partitions)}
    summaries = {
        p: Summary(**loads(of[HEADER_KEY])) for p, of in stored.items() if HEADER_KEY in of
    }
    header = read_changelog(client, topics.SNAPSHOTS, 0).get(HEADER_KEY)
    return Merging(summaries, None if header is None else SnapshotHeader(**loads(header)))


def find_unmerged(before: Merging, now: Merging, partitions: int) -> Standstill | None:
    """Return that the leader stands still: one is due, and none came between two looks."""
    last = before.snapshot.number if before.snapshot is not None else 0
    if now.is_done or (now.snapshot is not None and now.snapshot.number > last):
        return None
    day = max((summary.day for summary in now.summaries.values()), default=0)
    rules = now.snapshot.rules if now.snapshot is not None else ""
    rules = rules or next((summary.rules for summary in now.summaries.values()), "")
    why = find_lacking(now.summaries, day, rules, partitions)
    detail = f"no snapshot is made: {why or 'figures are there, and nobody merges them'}"
    return Standstill(Reason.NO_SNAPSHOT, EVERY, detail, _REMEDY)
