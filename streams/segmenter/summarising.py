"""A partition's own summary: when the next one is due, and what is written of it."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nyxter_online.customers import Customers
from streams import topics
from streams.lane.records import Record, Stored
from streams.segmenter.alarms import GroupAlarm
from streams.segmenter.codec import chunks_record, read_chunk_names
from streams.segmenter.summaries import HEADER_KEY, Summary, chunk_names, chunk_records
from streams.segmenter.told import Site

_EVERY_S: Final = 1.0


class Summarising:
    """Tells the leader of a partition's population, at most once a second and when it changed.

    Parameters
    ----------
    site
        Where it works.
    customers
        Those of the partition.

    """

    def __init__(self, site: Site, customers: Customers) -> None:
        self.alarm = GroupAlarm(site.rules.limits, partition=site.partition)
        self._site = site
        self._customers = customers
        self._chunks: list[str] = []  # of the last summary: what lies on the topic
        self._coming_chunks = self._chunks
        self._whole = True
        self._changed = True
        self._urgent = False
        self._at = 0.0

    def load(self, stored: Stored) -> None:
        """Take in which chunks lie on the topic."""
        self._chunks = self._coming_chunks = read_chunk_names(stored)

    def note_change(self, *, urgent: bool = False) -> None:
        """Take note that the last summary is not true any more; `urgent`: the leader waits."""
        self._changed = True
        self._urgent = self._urgent or urgent

    def is_due(self) -> bool:
        """Tell whether one is due: something changed, and that can be told."""
        waited = time.monotonic() - self._at >= _EVERY_S
        if not (self._changed and (waited or self._urgent)):
            return False
        customers = self._customers
        if self.alarm.lets_tell(customers.head_count.population(customers.groups)):
            return True
        self._at, self._urgent = time.monotonic(), False
        return False

    def records(
        self, entry: int, day: int, positions: Mapping[str, int], epoch: int, accepted: Any
    ) -> Iterator[Record]:
        """Yield the records of a summary: the chunks that changed, and the header.

        `entry` and `day` are those of the journal entry that it is written with, `epoch` is in use,
        `accepted` the model that somebody accepted last.
        """
        customers = self._customers
        population = customers.head_count.population(customers.groups)
        changed = customers.head_count.changes(customers.groups)
        names = chunk_names(population)
        mixture = customers.mixture
        header = Summary(
            entry,
            day,
            self._site.rules.version,
            positions,
            names,
            epoch,
            mixture.statistics.to_json(),
            mixture.learned,
            accepted,
        )
        for key, value in chunk_records(population if self._whole else changed):
            yield Record(topics.SUMMARIES, key, value)
        self._whole = self._changed = self._urgent = False
        self._at = time.monotonic()
        yield from self._gone(names)
        yield Record(topics.SUMMARIES, HEADER_KEY, header.value())

    def _gone(self, names: list[str]) -> Iterator[Record]:
        """Yield what removes the chunks that are no more, and remembers those that are.

        Their keys name groups and their figures may be one customer's: who is erased must not
        stay on the topic because nobody else is in the group.
        """
        if names == self._chunks:
            return
        gone = set(self._chunks).difference(names)
        yield from (Record(topics.SUMMARIES, name.encode(), None) for name in sorted(gone))
        yield Record(self._site.changelog, *chunks_record(names))
        self._coming_chunks = names

    def settle(self) -> None:
        """Keep what was written."""
        self._chunks = self._coming_chunks

    def undo(self) -> None:
        """Take back what was written: the next summary is a whole one."""
        self._coming_chunks = self._chunks
        self._whole = self._changed = True
