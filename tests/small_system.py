"""A whole system in memory: lanes with their shifts, workers' boards, a leader, one small broker.

Everything that happens at its own time in the real one happens here when a random number says so:
deliveries, batches, chores, snapshots made and read, days, crashes, commits nobody hears of.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from small_broker import (
    Read,
    SmallBroker,
    SmallFacts,
    SmallInputs,
    SmallLog,
    SmallProducer,
    read_changelog,
)
from strategies import Event, as_json

from nyxter_online.epochs import read_epoch
from nyxter_online.ranks import Snapshot
from schemas.envelope import loads
from schemas.instant import end_of_day_ms
from schemas.rules import Rules
from streams import topics
from streams.journal_replay import OUTPUTS, JournalReplay
from streams.lane.changelog import POSITION_KEY, Position
from streams.lane.lane import Lane
from streams.lane.lanes import LaneConfig, Lanes
from streams.lane.partitioner import partition_of
from streams.lane.records import Record
from streams.lane.state_disk import DiskState
from streams.lane.state_disks import DiskStates, StoreBusy, Topic
from streams.lane.transaction import Fenced
from streams.segmenter.board import Board
from streams.segmenter.entry import Entry
from streams.segmenter.leader import Leader, _Desk
from streams.segmenter.shift import SegmentShift
from streams.segmenter.snapshots import EPOCH_KEY, SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY, read_chunks
from streams.segmenter.told import Site
from streams.topics import SOURCES

CHANGELOG = "changelog"
SECRET = b"secret"
POISON = b"POISON"
TOPIC_OF = {
    "purchase": topics.PURCHASES,
    "contract": topics.CONTRACTS,
    "customer": topics.CUSTOMERS,
}
HALF_A_DAY_MS = 43_200_000


class PoisonShift(SegmentShift):
    """A shift whose work fails on messages that bear a mark."""

    def _events(self, entry: Entry, messages: Any) -> list[Record]:
        records = super()._events(entry, messages)  # raise late: there is something to undo
        if any(POISON in (message.value or b"") for message in messages):
            raise ZeroDivisionError
        return records


class _Once:
    """A `threading.Event` that lets a loop run once."""

    def __init__(self) -> None:
        self._asked = 0

    def wait(self, _: float) -> bool:
        self._asked += 1
        return self._asked > 1


class ModestBoard(Board):
    """A board that allows sweeps when a random number says so.

    What is posted on it may come between any two looks at it.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance: random.Random | None = chance
        self._snapshot: Snapshot | None = None
        self._coming: Snapshot | None = None
        self._looks = 0
        super().__init__()

    def calm_down(self) -> None:
        self._chance = None

    def post_after(self, looks: int, snapshot: Snapshot) -> None:
        """Put up a newer snapshot once the latest one was looked at so often."""
        self._coming, self._looks = snapshot, looks

    @property  # type: ignore[override]
    def latest(self) -> Snapshot | None:
        if self._coming is not None:
            coming, self._looks = self._coming, self._looks - 1
            if self._looks < 0:
                self._coming = None
                self.post(coming)
        return self._snapshot

    @latest.setter
    def latest(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def may_sweep(self) -> bool:
        return self._chance is None or self._chance.random() < 0.6


@contextmanager
def small_world(chunk: int = 2) -> Iterator[SimpleNamespace]:
    """Replace broker and clock of lanes, shifts, leader and replay; yields the clock."""
    clock = SimpleNamespace(now=1_000.0)
    still = SimpleNamespace(monotonic=lambda: clock.now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.lane.lanes.TransactionalProducer", SmallProducer)
        patch.setattr("streams.lane.state.read_whole", read_changelog)
        patch.setattr("streams.lane.state_disks.opened", SmallLog)
        patch.setattr("streams.lane.lanes.log", SimpleNamespace(info=lambda *_, **__: None))
        patch.setattr("streams.segmenter.leader.read_changelog", read_changelog)
        patch.setattr("streams.segmenter.leader.log", SimpleNamespace(info=lambda *_, **__: None))
        patch.setattr("streams.segmenter.leader.time", still)
        patch.setattr("streams.segmenter.shift.time", still)
        patch.setattr("streams.segmenter.summarising.time", still)
        for size in ("_FIRST", "_FEWEST", "_MOST"):
            patch.setattr(f"streams.segmenter.sweep_parts.{size}", chunk)
        patch.setattr("streams.journal_replay.Paced", SmallInputs)
        for name, value in {"LEAST": 3, "_EVENTS": 4, "_STEADY_S": 2.0}.items():
            patch.setattr(f"streams.segmenter.trainer.{name}", value)
        yield clock


class EitherWorkers:
    """Opens states on disk, with what one of two workers has of them."""

    def __init__(self, client: Any, directory: Path, chance: random.Random) -> None:
        self._chance = chance
        self._workers = [
            DiskStates(client, CHANGELOG, lambda: Topic("id", 1_000), directory / name, self._now)
            for name in ("a", "b")
        ]

    def _now(self) -> int:
        """Return a time that sometimes makes copies older than deletions are kept."""
        return self._chance.choice([1_000, 1_200, 1_400, 1_600])

    def close(self) -> None:
        for worker in self._workers:
            worker.close()

    def open(self, partition: int) -> DiskState:
        while True:
            with suppress(StoreBusy):
                return self._chance.choice(self._workers).open(partition)


class SmallSystem:
    """A system of so many partitions on two workers, within `small_world`.

    Parameters
    ----------
    rules, partitions
        Of the application.
    first, last
        The days on which it starts and ends.
    seed
        Decides about everything that timing decides about.
    trouble
        How likely each thing to do is one that goes wrong.
    directory
        Where both workers keep their states on disk; None: they are in memory.
    clock
        The one that `small_world` gave.

    """

    def __init__(
        self,
        rules: Rules,
        partitions: int,
        days: tuple[date, date],
        seed: int,
        clock: Any,
        trouble: float = 0.05,
        directory: Path | None = None,
    ) -> None:
        self.rules = rules
        self.former: list[Rules] = []
        self.partitions = partitions
        self.broker = SmallBroker()
        self.random = random.Random(seed)
        self.day, self._last_day = days
        self.stamp = end_of_day_ms(days[1])
        self._clock = clock
        self._trouble = trouble
        self._at = 0
        self._client = {"broker": self.broker, "fails": self._fails}
        self._boards = [ModestBoard(self.random) for _ in range(2)]
        self._home: dict[int, ModestBoard] = {}
        self._lanes = Lanes(
            LaneConfig(
                client=self._client,
                app_id="app",
                changelog=CHANGELOG,
                sources=SOURCES,
                solo=frozenset({topics.CONTROL}),
                partitions=partitions,
                shift=self._shift,
                states=directory and EitherWorkers(self._client, directory, self.random),
                inputs=SmallFacts(self.broker, SOURCES, partitions),
            )
        )
        self.lanes: dict[int, Lane] = {}
        for number in range(partitions):
            self.load(number)
        self.lead()

    # Parts

    def _shift(self, partition: int) -> SegmentShift:
        site = Site(partition, self.partitions, CHANGELOG, self.rules, SECRET)
        board = self._home[partition] = self.random.choice(self._boards)
        return PoisonShift(site, board, self._now)

    def _now(self) -> str:
        self._at += 1
        return f"2026-11-22T15:00:00.{self._at:06d}Z"

    def _fails(self) -> str | None:
        if self.random.random() >= self._trouble / 4:
            return None
        return self.random.choice(["before", "after"])

    def load(self, partition: int) -> None:
        """Load a partition from what is committed, on either worker; who had it is fenced."""
        if partition in self.lanes:
            self.lanes[partition].abandon()
        self.lanes[partition] = self._lanes._fence_and_load(partition)

    def lead(self) -> None:
        """Make a leader, which fences the one before; its desk has read all summaries there are."""
        self._leader = Leader(self._client, "app", self.partitions, self.rules, self._now_ms)
        self._leaders_producer = SmallProducer(self._client, "app-snapshot", 0)
        self._leader._catch_up()
        self._desk = _Desk()
        self._read: dict[int, int] = defaultdict(int)
        self.read_summaries()

    def change_rules(self, rules: Rules) -> None:
        """Start the workers one after the other with other rules, and then the leader."""
        self.former.append(self.rules)
        self.rules = rules
        for number in self.random.sample(range(self.partitions), self.partitions):
            self.load(number)
            for _ in range(self.random.randrange(9)):
                self.anything()
        self.lead()

    def _now_ms(self) -> int:
        return end_of_day_ms(self.day) - HALF_A_DAY_MS

    # Input

    def send(self, event: Event) -> None:
        """Append an event, in most cases where its customer's home is."""
        value, key = as_json(event).encode(), event["subject"].encode()
        number = partition_of(key, self.partitions)
        if self.random.random() < 0.2:
            number = self.random.randrange(self.partitions)
        keyed = None if self.random.random() < 0.1 else key
        topic = TOPIC_OF[event["type"].split(".")[1]]
        self.broker.append(Record(topic, keyed, value), number, self.stamp)

    def send_junk(self) -> None:
        """Append something that cannot be taken in, somewhere."""
        topic, number = self.random.choice(SOURCES[:4]), self.random.randrange(self.partitions)
        junk = self.random.choice([None, b"", b"\xff", b"{}", b'{"specversion":"1.0"}'])
        self.broker.append(Record(topic, None, junk), number, self.stamp)

    # What happens

    def work(self, partition: int) -> bool:
        """Take in what has arrived, or some of it, and do the next batch and chore."""
        lane = self.lanes[partition]
        for topic in self.random.sample(SOURCES, len(SOURCES)):
            waiting = self.broker.after(topic, partition, lane.expected.get(topic, 0))
            lane.put(topic, waiting[: self.random.choice([0, 1, 2, 5, 99])])
        lane._limit = self.random.choice([1, 2, 5, 99])
        return self._do(partition)

    def _do(self, partition: int) -> bool:
        lane = self.lanes[partition]
        if not lane.shift.ready():
            return False
        try:
            return lane._work(lane._take())
        except Fenced:
            self.load(partition)
            return True

    def read_summaries(self) -> None:
        """Let the leader's desk read all summaries."""
        for number, stored in self.broker.all_of(topics.SUMMARIES):
            if stored.offset >= self._read[number]:
                self._read[number] = stored.offset + 1
                self._desk.read(Read(number, stored))  # type: ignore[arg-type]

    def look(self) -> None:
        """Let the leader look once at the day and at what there is to merge."""
        try:
            self._leader._run(_Once(), self._leaders_producer, self._desk)  # type: ignore[arg-type]
        except Fenced:
            self.lead()

    def post(self, board: ModestBoard, looks: int = 0) -> None:
        """Let a worker read the snapshots topic, and put up a snapshot after so many looks."""
        stored = {k: v for k, v in self.broker.latest(topics.SNAPSHOTS, 0).items() if k}
        if EPOCH_KEY in stored:
            board.post_epoch(read_epoch(loads(stored[EPOCH_KEY])))
        if HEADER_KEY not in stored:
            return
        header = SnapshotHeader(**loads(stored[HEADER_KEY]))
        population = read_chunks(stored, header.chunks)
        rules = {each.version: each for each in (*self.former, self.rules)}[header.rules]
        ranking = rules.analysis.ranking
        snapshot = Snapshot(header.number, header.day, header.rules, population, ranking)
        board.post_after(looks, snapshot)

    def anything(self) -> None:
        """Do one thing of all that may happen."""
        number = self.random.randrange(self.partitions)
        what = self.random.random()
        if what < self._trouble:
            self.load(number)
        elif what < 1.3 * self._trouble:
            self.lead()
        elif what < 0.6:
            self.work(number)
        elif what < 0.7:
            self.read_summaries()
        elif what < 0.8:
            self.look()
        elif what < 0.9:
            self.post(self.random.choice(self._boards), self.random.choice([0, 0, 1, 2, 3]))
        else:
            self._clock.now += self.random.choice([0.1, 1.1, 6.0])

    def storm(self, events: Iterable[Event], steps: int = 4) -> None:
        """Send events, turn days up to the last one, and let things happen in between."""
        left = self._last_day.toordinal() - self.day.toordinal()
        listed = list(events)
        turns = Counter(self.random.randint(0, len(listed)) for _ in range(left))
        for index in range(len(listed) + 1):
            self.day = date.fromordinal(self.day.toordinal() + turns[index])
            if index < len(listed):
                self.send(listed[index])
            for _ in range(self.random.randrange(2 * steps)):
                self.anything()

    def settle(self) -> None:
        """Let everything come to its end: all input in, a last snapshot, every card exact."""
        self._trouble = 0
        for board in self._boards:
            board.calm_down()
        for _ in range(300):
            busy = False
            for number in range(self.partitions):
                while self.work(number):
                    busy = True
            self.read_summaries()
            self.look()
            for board in self._boards:
                self.post(board)
            self._clock.now += 1.1
            if not busy and self.is_settled():
                return
        raise AssertionError("it does not come to an end")

    def is_settled(self) -> bool:
        """Tell whether the last snapshot covers all input and every card is exact by it."""
        stored = self.broker.latest(topics.SNAPSHOTS, 0).get(HEADER_KEY)
        if stored is None:
            return False
        header = SnapshotHeader(**loads(stored))
        for number, lane in self.lanes.items():
            progress = lane.shift.progress  # type: ignore[attr-defined]
            if not progress.settled or progress.snapshot != header.number:
                return False
            for topic in SOURCES:
                log = self.broker.logs[topic, number]
                if log and header.next[str(number)].get(topic, 0) <= log[-1].offset:
                    return False
        return True

    # What came of it

    def profiles(self) -> dict[str, Any]:
        """Return the latest profile of every customer who has one."""
        latest = {
            stored.key.decode(): stored.value and loads(stored.value)
            for _, stored in self.broker.all_of(topics.PROFILES)
            if stored.key
        }
        return {name: profile for name, profile in latest.items() if profile is not None}

    def outputs(self) -> dict[str, list[tuple[int, bytes | None, bytes | None]]]:
        """Return, by topic, what live published: partition, key and value."""
        return {
            topic: [(n, stored.key, stored.value) for n, stored in self.broker.all_of(topic)]
            for topic in OUTPUTS
        }

    def replayed_outputs(self) -> dict[str, list[tuple[int, bytes | None, bytes | None]]]:
        """Return, by topic, what executing the journal again gives."""
        outputs: dict[str, Any] = {topic: [] for topic in OUTPUTS}
        for partition, record in self._replay().run():
            outputs[record.topic].append((partition, record.key, record.value))
        return outputs

    def recomputed(self, partition: int) -> dict[bytes, bytes]:
        """Return what executing the journal again makes of a partition's changelog."""
        replay = self._replay()
        written = [
            (record.key, record.value)
            for number, record in replay.run(frozenset({CHANGELOG}))
            if number == partition
        ]
        state = {key: value for key, value in dict(written).items() if key and value is not None}
        following, memo = replay.reached(partition)
        ids = dict(replay.topic_ids(partition))
        position = Position(following, self.partitions, memo, topic_ids=ids)
        return state | {POSITION_KEY: position.value()}

    def _replay(self) -> JournalReplay:
        return JournalReplay(
            self._client, self.partitions, CHANGELOG, self.rules, SECRET, former=self.former
        )

    @property
    def shifts(self) -> list[SegmentShift]:
        """The shifts, by partition."""
        return [lane.shift for lane in self.lanes.values()]  # type: ignore[misc]
