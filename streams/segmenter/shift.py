"""The work on one partition: decide what the next transaction does, and do it.

What depends on timing (the snapshot at hand, whether a summary or a part of a sweep is due, the
time of day) is decided in one place and written down in a journal entry; `execute` is a function
of the state, the entry and the messages, so a replay of the journal does the same again.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from nyxter_online.customer import Customer, Period
from nyxter_online.customers import Customers
from nyxter_online.epochs import Epoch
from nyxter_online.intake import Message, Refusal, take_in
from nyxter_online.mixture import Kept
from nyxter_online.places import bucket_of, former_tombstones, tombstone_of
from nyxter_online.ranks import Snapshot
from nyxter_online.step import Outcome, release, step, sweep
from schemas.envelope import Envelope, read_kafka
from schemas.events import CONTROL, DayTurned, ModelAccepted, TriggersReleased, event_of
from schemas.instant import Refused
from streams import topics
from streams.lane.partitioner import partition_of
from streams.lane.records import Batch, Record, Stored
from streams.segmenter.alarms import OrderAlarm
from streams.segmenter.board import Snapshots
from streams.segmenter.codec import (
    accepted_record,
    load_customers,
    read_accepted,
)
from streams.segmenter.entry import Entry, Sweep
from streams.segmenter.footing import Footing, next_footing
from streams.segmenter.progress import Progress
from streams.segmenter.stored_registers import StoredRegisters
from streams.segmenter.summarising import Summarising
from streams.segmenter.sweep_parts import SweepParts
from streams.segmenter.told import Site, Told

QUIET_S: Final = 5.0


class SegmentShift:
    """Nyxter's work on one partition (a `streams.lane.records.Shift`).

    Parameters
    ----------
    site
        Where it works.
    board
        The snapshots.
    clock
        Gives the RFC 3339 time of now.
    quiet_s
        Seconds for which a snapshot has to be the newest before every card is made exact by it.

    """

    def __init__(
        self,
        site: Site,
        board: Snapshots,
        clock: Callable[[], str],
        quiet_s: float = QUIET_S,
    ) -> None:
        self.site = site
        self.customers = Customers(
            site.rules, tombstone_of(site.secret), bucket_of, former_tombstones(site.before)
        )
        self._told = Told(site, self.customers)
        self.orders_alarm = OrderAlarm(site.rules.limits, self.customers)
        self.summarising = Summarising(site, self.customers)
        self.progress = Progress()
        self.snapshot: Snapshot | None = None
        self._board = board
        self._clock = clock
        self._quiet_s = quiet_s
        self._coming = self.progress
        self._coming_snapshot: Snapshot | None = None
        self._at_hand = Footing(self.progress, None, None)
        self._outcome: Outcome | None = None
        self._turned_from: Period | None = None
        self._adopted_from: Kept | None = None
        self.accepted: Any = None
        self._accepting: Any = None
        self._parts = SweepParts()
        self._adopted_at = time.monotonic()

    def load(self, stored: Stored, memo: Any) -> None:
        """Take in the state of a changelog."""
        if memo is not None:
            read = Progress(*memo)
            self.progress = self._coming = read._replace(releasing=tuple(read.releasing))
        self.customers.period = Period(self.progress.day, self.site.rules)
        self.accepted = self._accepting = read_accepted(stored)
        self.summarising.load(stored)
        if not isinstance(stored, Mapping):
            self.customers.keeping = StoredRegisters(stored)
        load_customers(self.customers, stored)
        self.customers.loaded()

    def memo(self) -> Any:
        """Return the progress as of the work in hand."""
        return list(self._coming)

    def ready(self) -> bool:
        """Tell whether the snapshot and the epoch that were in use, or newer ones, are here.

        A snapshot of other rules says nothing about these: then the next one is waited for.
        """
        return self._has_epoch() and self._has_snapshot()

    def _has_epoch(self) -> bool:
        mixture, number = self.customers.mixture, self.progress.epoch
        if number == 0 or mixture.epoch is not None:
            return True
        newest = self._board.epoch
        if newest is None or newest.number < number:
            return False
        same = self._board.get_epoch(number)
        if same is not None:
            mixture.adopt(same)
        return True  # where a newer one is here, the next entry adopts that

    def _has_snapshot(self) -> bool:
        if self.progress.snapshot == 0 or self.snapshot is not None:
            return True
        latest = self._board.latest
        if latest is None or latest.number < self.progress.snapshot:
            return False
        held = self._board.get(self.progress.snapshot)
        if held is not None and held.rules == self.site.rules.version:
            self.snapshot = held
        return True

    def get(self, key: str) -> Customer | None:
        """Return a customer."""
        return self.customers.get(key)

    def keys(self) -> Iterable[str]:
        """Return the ids of all customers."""
        return [customer.id for customer in self.customers]

    def handle(self, batch: Batch, positions: Mapping[str, int]) -> list[Record]:
        """Return the records of a batch of messages."""
        entry = self._entry(self._footing(), spans=batch.spans, poison=batch.poison)
        if batch.passed is not None:
            reason, topic_ids = batch.passed
            entry = entry._replace(skipped=reason, topic_ids=dict(topic_ids))
        records = self.execute(entry, batch.messages, positions)
        if self._outcome is not None:
            self.orders_alarm.watch(self._outcome.changes)
        return records

    def chore(self, positions: Mapping[str, int]) -> list[Record] | None:
        """Return the records of a part of a sweep or of a summary, where one is due."""
        footing = self._footing()
        progress, snapshot, epoch = footing
        if epoch is not None or self.summarising.is_due():
            return self.execute(self._entry(footing), [], positions)
        if progress.bucket is None and progress.releasing and snapshot is not None:
            progress = progress._replace(bucket=0, cause="customer", whom="released")
        elif self._is_quiet(progress, snapshot):
            progress = progress._replace(bucket=0, cause="population", whom="differing")
        if progress.bucket is not None and snapshot is not None and self._board.may_sweep():
            footing = footing._replace(progress=progress)
            return self._timed_sweep(footing, progress.bucket, positions)
        return None

    def _timed_sweep(
        self, footing: Footing, first: int, positions: Mapping[str, int]
    ) -> list[Record]:
        """Do a part of a sweep, and fit the size of the next one to the time it took."""
        progress = footing.progress
        end = self._parts.end(first, self.customers.buckets)
        began = time.monotonic()
        try:
            part = Sweep(first, end, progress.cause, progress.whom)
            return self.execute(self._entry(footing, sweep=part), [], positions)
        finally:
            took = time.monotonic() - began
            self._board.swept(took)
            self._parts.took(took)

    def _is_quiet(self, progress: Progress, snapshot: Snapshot | None) -> bool:
        """Tell whether the population has stood still long enough to make every card exact.

        In a busy hour cards are published when they moved by a point; here the rest follows.
        """
        return (
            progress.bucket is None
            and not progress.settled
            and snapshot is not None
            and snapshot is self._board.latest
            and time.monotonic() - self._adopted_at >= self._quiet_s
        )

    def settle(self) -> None:
        """Keep the work in hand."""
        if self._outcome is not None:
            self._outcome.settle(self.customers)
        if self._adopted_from is not None:
            self.summarising.note_change(urgent=True)
        self.progress, self.snapshot = self._coming, self._coming_snapshot
        self.accepted = self._accepting
        self.summarising.settle()
        self._outcome = self._turned_from = self._adopted_from = None

    def undo(self) -> None:
        """Take back the work in hand."""
        self.customers.undo()
        if self._adopted_from is not None:
            self.customers.mixture.put_back(self._adopted_from)
        if self._turned_from is not None:
            self.customers.rebuild(self._turned_from)
        self._outcome = self._turned_from = self._adopted_from = None
        self._coming, self._accepting = self.progress, self.accepted
        self.summarising.undo()

    def execute(
        self, entry: Entry, messages: Sequence[Message], positions: Mapping[str, int]
    ) -> list[Record]:
        """Do what an entry says and return all records to write, the entry among them."""
        records = self._summary(entry, positions) if entry.summary else []
        self._advance(entry)
        if entry.sweep is not None:
            records += self._sweep(entry, entry.sweep)
        elif entry.poison is not None:
            reason = f"the step failed on it: {entry.poison}"
            records += [self._told.dead_letter(Refusal(message, reason)) for message in messages]
        elif messages and messages[0].topic == topics.CONTROL:
            records += self._control(messages[0])
        elif messages:
            records += self._events(entry, messages)
        if messages:
            self.summarising.note_change()
        records.append(Record(topics.JOURNAL, None, entry.value()))
        return records

    def _entry(
        self,
        footing: Footing,
        *,
        sweep: Sweep | None = None,
        spans: Any = (),
        poison: str | None = None,
    ) -> Entry:
        self._at_hand = footing
        return Entry(
            self.progress.entry + 1,
            self._clock(),
            self.site.rules.version,
            footing.snapshot.number if footing.snapshot is not None else 0,
            footing.epoch_number,
            sweep,
            self.summarising.is_due(),
            list(spans),
            poison,
        )

    def _footing(self) -> Footing:
        rules = self.site.rules.version
        return next_footing(self.progress, self.snapshot, self._in_use(), rules, self._board)

    def _advance(self, entry: Entry) -> None:
        """Set the progress and the snapshot that the entry leads to."""
        progress, self._coming_snapshot = self.progress, self._lookup(entry.snapshot)
        if self._coming_snapshot is not None and entry.snapshot != progress.snapshot:
            progress = progress.with_snapshot(self._coming_snapshot)
            self._adopted_at = time.monotonic()
        if entry.epoch and self._in_use() != entry.epoch:
            epoch = self._epoch(entry.epoch)
            self._adopted_from = self.customers.mixture.adopt(epoch)
            progress = progress.with_epoch(epoch)
        if entry.sweep is not None:
            progress = progress.after(entry.sweep)
        self._coming = progress._replace(entry=entry.number)

    def _in_use(self) -> int:
        epoch = self.customers.mixture.epoch
        return epoch.number if epoch is not None else 0

    def _epoch(self, number: int) -> Epoch:
        """Return the epoch of a number: just chosen, or from the board."""
        near = self._at_hand.epoch
        found = near if near is not None and near.number == number else None
        found = found or self._board.get_epoch(number)
        assert found is not None, "an entry names an epoch that is at hand"
        return found

    def _lookup(self, number: int) -> Snapshot | None:
        """Return the snapshot of a number: in use, just chosen, or from the board."""
        if number == 0:
            return None
        near = (self.snapshot, self._at_hand.snapshot)
        found = next((s for s in near if s is not None and s.number == number), None)
        found = found or self._board.get(number)
        assert found is not None, "an entry names a snapshot that is at hand"
        return found

    def _events(self, entry: Entry, messages: Sequence[Message]) -> list[Record]:
        intake = take_in(messages, self._is_home, self.site.rules.limits)
        at, snapshot = entry.at, self._coming_snapshot
        unmet = self._coming.unmet
        self._outcome = step(self.customers, intake.arrived, snapshot, at, unmet)
        return [
            *self._told.changes(self._outcome),
            *self._told.outputs(self._outcome),
            *self._told.aside(intake),
        ]

    def _sweep(self, entry: Entry, part: Sweep) -> list[Record]:
        snapshot, buckets = self._coming_snapshot, self.customers.buckets
        assert snapshot is not None, "sweeps follow the adoption of a snapshot"
        slots = np.flatnonzero((buckets >= part.first) & (buckets < part.end))
        if part.whom == "released":
            reasons = frozenset(self.progress.releasing)
            self._outcome = release(self.customers, slots, snapshot, reasons, entry.at)
            return self._told.outputs(self._outcome)
        self._outcome = sweep(self.customers, slots, snapshot, part.cause, part.whom, entry.at)
        return self._told.outputs(self._outcome)

    def _control(self, message: Message) -> list[Record]:
        try:
            event = event_of(read_kafka(message.value, message.headers), CONTROL)
        except Refused as refusal:
            return [self._told.dead_letter(Refusal(message, str(refusal)))]
        if isinstance(event, ModelAccepted):
            self._accepting = [message.offset, event.model_dump(mode="json")]
            return [Record(self.site.changelog, *accepted_record(self._accepting))]
        if isinstance(event, TriggersReleased):
            self._coming = self._coming.with_release(event.reasons)
            return []
        assert isinstance(event, DayTurned)
        day = event.day.toordinal()
        if day > self.progress.day:
            self._turned_from = self.customers.period
            self.customers.turn(Period(day, self.site.rules))
            self._coming = self._coming._replace(day=day)
        return []

    def _is_home(self, envelope: Envelope) -> bool:
        """Tell whether a customer belongs here; one who is here does (no need to hash again)."""
        if self.customers.get(envelope.subject) is not None:
            return True
        return partition_of(envelope.subject.encode(), self.site.partitions) == self.site.partition

    def _summary(self, entry: Entry, positions: Mapping[str, int]) -> list[Record]:
        day, epoch = self.progress.day, self._in_use()
        written = self.summarising.records(entry.number, day, positions, epoch, self.accepted)
        return list(written)
