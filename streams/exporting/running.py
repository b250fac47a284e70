"""One run of `nyxter export`: what is new comes in, and everything is put in place at once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from confluent_kafka import Message

from schemas.rules import Rules
from streams.exporting.dimensions import DAYS, SEGMENTS, STAGES, days, segment_rows, stage_rows
from streams.exporting.directory import Directory
from streams.exporting.events import Events
from streams.exporting.latest import latest
from streams.exporting.merging import Merger, merging
from streams.exporting.met import Met
from streams.exporting.positions import (
    Following,
    check_source,
    following,
    gone_on,
    lost,
    starts,
)
from streams.exporting.schema import Schema
from streams.exporting.source import Source, source_of
from streams.exporting.spool import Spool
from streams.exporting.standing_rows import StandingRows
from streams.exporting.star import EVENT_TABLES, TABLES, Subject, layout, tables_of
from streams.exporting.state import State
from streams.place import Place
from streams.reader import records
from streams.spans import spans_of
from streams.topics import PROFILES, SEGMENT_EVENTS

Tell = Callable[[str, int], None]
"""Is told a topic, and how many more of its records were read."""


@dataclass
class Report:
    """What a run did.

    Attributes
    ----------
    rows
        By table, how many rows it wrote (new ones of events, all of the rest) and to how many days.
    forgotten
        Customers whose rows were removed, because they were erased.
    lost
        Offsets that the broker had dropped before they were exported.
    met
        What was met on the way.

    """

    rows: dict[str, tuple[int, int]] = field(default_factory=dict)
    forgotten: int = 0
    lost: int = 0
    met: Met = field(default_factory=Met)


class Run:
    """One run into a directory that is held.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    directory
        Where to.
    rules
        What the dimensions are made of.
    today
        The business day of what customers stand at.
    tell
        What is told how far it is.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        directory: Directory,
        rules: Rules,
        today: date,
        tell: Tell,
    ) -> None:
        self._client = client
        self._directory = directory
        self._rules = rules
        self._today = today
        self._tell = tell
        self._spools: dict[str, Spool] = {}
        self._report = Report()

    def export(self, subjects: Collection[Subject]) -> Report:
        """Bring the directory up to what the topics hold now; return what was done.

        Raises
        ------
        BadDirectory
            It holds an export of another broker, or of topics that were made anew since.
        NoTopic, KafkaException
            The broker has no such topics, or does not answer.
        ValueError
            A row that the format does not hold.

        """
        state = self._state()
        for table in tables_of(subjects):
            self._spools[table.name] = Spool(table, self._directory.run / table.name)
        # Events first: who is erased in between is gone from the profiles that come after.
        events, read = self._read_events(state, subjects)
        self._read_profiles()
        check_source(state, self._source())  # they may have been made anew under our reading
        with merging(self._directory.run) as merger:
            merger.forget(events.erased, events.freshly)
            self._merge_customers(merger)
            self._merge_dimensions(merger)
        self._directory.commit(state.model_copy(update={"next": {**state.next, **read}}))
        self._report.forgotten = len(events.freshly)
        return self._report

    def _state(self) -> State:
        source = self._source()
        if (state := self._directory.state) is not None:
            check_source(state, source)
            return state.model_copy(update={"topics": {**state.topics, **source.topics}})
        return State(
            format=self._directory.format,
            layout=layout(),
            cluster=source.cluster,
            topics=source.topics,
        )

    def _source(self) -> Source:
        return source_of(self._client, (SEGMENT_EVENTS, PROFILES))

    def _read_events(self, state: State, subjects: Collection[Subject]) -> tuple[Events, Following]:
        """Read the segment events to their ends; return them, and where to go on next time."""
        spans = spans_of(self._client, SEGMENT_EVENTS)
        read = following(state, spans, subjects)
        self._report.lost = lost(state, read, spans)
        spools = {s: self._spools[table.name] for s, table in EVENT_TABLES.items() if s in read}
        events, reached = Events(spools, read, self._report.met), dict[int, int]()
        for message in self._messages(starts(read, spans)):
            events.add(message)
            reached[message.partition() or 0] = (message.offset() or 0) + 1
        return events, gone_on(read, reached)

    def _read_profiles(self) -> None:
        """Read the newest profile of each customer, a partition at a time."""
        if rows := StandingRows(self._spools, self._today, self._report.met):
            for place, span in spans_of(self._client, PROFILES).items():
                for offset, value in latest(self._messages({place: span.start})):
                    rows.add(value, place, offset)

    def _messages(self, begin: Mapping[Place, int]) -> Iterator[Message]:
        for piece in records(self._client, begin):
            for topic in {place.topic for place in begin}:
                self._tell(topic, len(piece))
            yield from piece

    def _merge_customers(self, merger: Merger) -> None:
        """Put new rows into their days, and take customers out of all days that have them."""
        for spool in self._spools.values():
            spool.close()
        for table in (table for table in TABLES if table.has_customers):
            held = self._directory.held_files(table)
            new = self._spools.get(table.name)
            fresh = set(new.counts) if new else set()
            if new:
                self._report.rows[table.name] = sum(new.counts.values()), len(fresh)
            for day in sorted(fresh | set(merger.naming(held)), key=str):
                lines = (new, new.lines(day)) if new and day in fresh else None
                is_added = lines is None or table in EVENT_TABLES.values()
                self._merge(merger, table, day, lines, is_added=is_added)

    def _merge(
        self,
        merger: Merger,
        table: Schema,
        day: date | None,
        new: Any,
        *,
        is_added: bool,
    ) -> None:
        """Put rows of a day in place, those that it has among them where they are added."""
        kept = self._directory.held_files(table).get(day) if is_added else None
        made = self._directory.fresh(table, day)
        merger.merge(table, kept, new, made)
        self._directory.put(table, day, merger.rows(table, made))

    def _merge_dimensions(self, merger: Merger) -> None:
        met = self._report.met
        facts = [table for table in TABLES if table.is_dated]
        known = [day for table in facts for day in self._directory.days(table)]
        known += [day for s in self._spools.values() for day in s.counts if day is not None]
        self._dimension(merger, DAYS, days(min([*known, self._today]), self._today))
        for table, rows_of, named in (
            (SEGMENTS, segment_rows, met.segments),
            (STAGES, stage_rows, met.stages),
        ):
            before = merger.rows(table, self._directory.held_files(table).get(None))
            self._dimension(merger, table, rows_of(self._rules, named, list(before)))

    def _dimension(self, merger: Merger, table: Schema, rows: Iterable[Any]) -> None:
        spool = Spool(table, self._directory.run / table.name)
        for row in rows:
            spool.add(None, table.row(row))
        spool.close()
        self._merge(merger, table, None, (spool, spool.lines(None)), is_added=False)
