"""How far the segmenter has come, as its journal and its snapshots tell."""

from collections.abc import Mapping
from typing import Any

from nyxter_online.customers import BUCKETS
from schemas.envelope import loads
from streams import topics
from streams.place import Place
from streams.reader import Reader
from streams.segmenter.entry import Entry, read_entry
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY


class Coverage:
    """What was applied, what a snapshot covers, and whose scores follow from that snapshot.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    partitions
        How many.

    Attributes
    ----------
    applied
        Events applied so far.
    header
        The newest snapshot's, None before the first.

    """

    def __init__(self, client: Mapping[str, Any], partitions: int) -> None:
        numbers = range(partitions)
        journal = [Place(topics.JOURNAL, number) for number in numbers]
        self._reader = Reader(client, dict.fromkeys([*journal, Place(topics.SNAPSHOTS, 0)], 0))
        self._in_use = dict.fromkeys(numbers, 0)
        self._swept = dict.fromkeys(numbers, 0)
        self._exact = dict.fromkeys(numbers, 0)
        self.applied = 0
        self.header: SnapshotHeader | None = None

    @property
    def snapshot(self) -> int:
        """The number of the newest snapshot, 0 before the first."""
        return self.header.number if self.header is not None else 0

    def reached(self, place: Place) -> int:
        """Return the offset before which everything is in the newest snapshot."""
        reached = self.header.next if self.header is not None else {}
        return reached.get(str(place.partition), {}).get(place.topic, 0)

    def look(self) -> None:
        """Read what was written since the last look."""
        while messages := self._reader.read():
            for message in messages:
                value, partition = message.value(), message.partition()
                if value is None or partition is None:
                    continue
                if message.topic() == topics.SNAPSHOTS:
                    self._see_snapshot(message.key(), value)
                elif isinstance(entry := read_entry(value), Entry):
                    self._see_entry(partition, entry)

    @property
    def knows_all(self) -> bool:
        """Whether everything was read that there was at the first look."""
        return self._reader.has_come_to_ends

    def covers(self, ends: Mapping[Place, int]) -> bool:
        """Tell whether everything before `ends` is in the newest snapshot."""
        return self.snapshot > 0 and all(self.reached(at) >= end for at, end in ends.items())

    @property
    def scores_everyone(self) -> bool:
        """Whether everyone known by now is scored: each partition has scored all at some time.

        From then on whoever is new is scored as they come.
        """
        return min(self._swept.values()) > 0

    def is_settled(self, ends: Mapping[Place, int]) -> bool:
        """Tell whether every profile published is exact by a snapshot that covers `ends`."""
        return self.covers(ends) and all(
            exact == self._in_use[number] == self.snapshot for number, exact in self._exact.items()
        )

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    def _see_snapshot(self, key: bytes | None, value: bytes) -> None:
        if key == HEADER_KEY:
            self.header = SnapshotHeader(**loads(value))

    def _see_entry(self, partition: int, entry: Entry) -> None:
        self.applied += sum(
            end - start
            for topic, start, end in entry.spans
            if topic in topics.INPUTS and entry.skipped is None
        )
        self._in_use[partition] = entry.snapshot
        if entry.sweep is not None and entry.sweep.end >= BUCKETS:
            self._swept[partition] = entry.snapshot
            if entry.sweep.whom in ("differing", "everyone"):
                self._exact[partition] = entry.snapshot
