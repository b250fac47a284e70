"""The leader: complete sets of summaries only, days, numbers that go on, nothing that goes back."""

import threading
from collections.abc import Callable, Iterator
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from driving import purchase
from hypothesis import given, settings
from hypothesis import strategies as st
from small_broker import Read, SmallBroker, SmallProducer, Stored
from small_system import SmallSystem, small_world

from nyxter_online.gmm import Statistics
from nyxter_online.replay import Replay
from schemas.envelope import dumps, loads, read_json
from schemas.events import CONTROL, DayTurned, event_of
from schemas.rules import read_rules
from streams import topics
from streams.lane.records import Record
from streams.segmenter import leader as leader_module
from streams.segmenter.entry import Composition, read_entry
from streams.segmenter.leader import Leader, _Desk
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY, Summary

RULES = read_rules("")
TODAY = date(2026, 11, 22)
CHUNK = b'["R",[],0]'


def told(desk: _Desk, partition: int, key: bytes, value: bytes | None) -> None:
    desk.read(Read(partition, Stored(topics.SUMMARIES, 0, key, value)))  # type: ignore[arg-type]


def summary(entry: int, day: int = 1, rules: str = "a", chunks: tuple[bytes, ...] = ()) -> bytes:
    named = [chunk.decode() for chunk in chunks]
    nobody = Statistics.zero(4, 4).to_json()
    return Summary(entry, day, rules, {}, named, 0, nobody, 0, None).value()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("ab")),
        max_size=15,
    )
)
def test_only_complete_sets_of_one_day_and_rules_are_given(
    headers: list[tuple[int, int, str]],
) -> None:
    desk, latest = _Desk(), {}
    for entry, (partition, day, rules) in enumerate(headers):
        told(desk, partition, HEADER_KEY, summary(entry, day, rules))
        latest[partition] = entry, day, rules
        for asked in [(d, r) for d in (1, 2, 3) for r in "ab"]:
            given_ = desk.of(*asked, 3)
            fitting = {p: e for p, (e, *kind) in latest.items() if tuple(kind) == asked}
            expected = fitting if len(fitting) == 3 else {}
            assert {p: s.entry for p, (s, _) in given_.items()} == expected


def test_a_summary_is_what_its_header_names() -> None:
    desk = _Desk()
    told(desk, 0, CHUNK, dumps([[5], [2]]))
    told(desk, 0, HEADER_KEY, summary(1, chunks=(CHUNK,)))
    told(desk, 0, b'["V",[],0]', dumps([[7], [1]]))
    ((_, population),) = desk.of(1, "a", 1).values()
    assert set(population) == {("R", ())}
    told(desk, 0, CHUNK, None)
    told(desk, 0, HEADER_KEY, summary(2))
    ((_, population),) = desk.of(1, "a", 1).values()
    assert not population


def test_partitions_have_chunks_of_the_same_name() -> None:
    desk = _Desk()
    for partition in (0, 1):
        told(desk, partition, CHUNK, dumps([[5 + partition], [1]]))
        told(desk, partition, HEADER_KEY, summary(1, chunks=(CHUNK,)))
    given_ = desk.of(1, "a", 2)
    assert {p: pop["R", ()].figures.tolist() for p, (_, pop) in given_.items()} == {0: [5], 1: [6]}


def test_a_header_whose_chunks_compaction_took_away_is_passed_over() -> None:
    """Compaction may keep an older header (of the part of the log that it has not seen) and remove
    a chunk of it that was written anew: a newer header follows."""
    desk = _Desk()
    told(desk, 0, HEADER_KEY, summary(1, chunks=(CHUNK,)))
    assert not desk.of(1, "a", 1)
    told(desk, 0, CHUNK, dumps([[5], [2]]))
    told(desk, 0, HEADER_KEY, summary(2, chunks=(CHUNK,)))
    assert [s.entry for s, _ in desk.of(1, "a", 1).values()] == [2]


@pytest.fixture
def clock() -> Iterator[Any]:
    with small_world() as still:
        yield still


def system(clock: Any, partitions: int = 2) -> SmallSystem:
    return SmallSystem(RULES, partitions, (TODAY, TODAY), 1, clock, 0.0)


def compositions(broker: SmallBroker) -> list[Composition]:
    read = [read_entry(stored.value or b"") for _, stored in broker.all_of(topics.JOURNAL)]
    return [entry for entry in read if isinstance(entry, Composition)]


def test_a_day_is_turned_once_on_every_partition(clock: Any) -> None:
    small = system(clock, 3)
    for _ in range(3):
        small.look()
    small.lead()
    small.look()
    written = list(small.broker.all_of(topics.CONTROL))
    assert [number for number, _ in written] == [0, 1, 2]
    for _, stored in written:
        event = event_of(read_json(stored.value or b""), CONTROL)
        assert isinstance(event, DayTurned)
        assert event.day == TODAY
    small.day = date(2026, 11, 23)
    small.look()
    assert len(list(small.broker.all_of(topics.CONTROL))) == 6
    small.day = date(2026, 11, 22)  # a clock that was set back
    small.look()
    assert len(list(small.broker.all_of(topics.CONTROL))) == 6


def test_a_day_that_somebody_else_turned_gets_its_snapshots(clock: Any) -> None:
    small = system(clock)
    small.send(purchase())
    small.settle()
    for number, stored in list(small.broker.all_of(topics.CONTROL)):
        tomorrow = (stored.value or b"").replace(b"2026-11-22", b"2026-11-23")
        small.broker.append(Record(topics.CONTROL, b"other", tomorrow), number)
    small.settle()
    assert compositions(small.broker)[-1].day == date(2026, 11, 23).toordinal()


def test_junk_on_the_control_topic_does_not_stop_a_new_leader(clock: Any) -> None:
    small = system(clock)
    small.look()
    for key, value in [(None, b"junk"), (b"day-2026-11-22", b"\xff"), (b"x", b"{}")]:
        small.broker.append(Record(topics.CONTROL, key, value), 0)
    small.lead()
    small.look()
    assert small._leader._day == TODAY.toordinal()


def test_a_new_leader_goes_on_counting_and_rewrites_no_chunk_that_stays(clock: Any) -> None:
    small = system(clock)
    small.send(purchase())
    small.settle()
    before = compositions(small.broker)[-1]
    written = len(small.broker.logs[topics.SNAPSHOTS, 0])
    small.lead()
    small.look()
    after = compositions(small.broker)[-1]
    assert after.snapshot == before.snapshot + 1
    fresh = small.broker.logs[topics.SNAPSHOTS, 0][written:]
    assert [stored.key for stored in fresh] == [HEADER_KEY]


def test_a_fenced_leader_publishes_nothing(clock: Any) -> None:
    small = system(clock)
    small.send(purchase())
    small.settle()
    known = len(small.broker.logs[topics.SNAPSHOTS, 0])
    old, producer, desk = small._leader, small._leaders_producer, small._desk
    small.lead()
    with pytest.raises(leader_module.Fenced):
        old._publish(producer, desk.of(TODAY.toordinal(), RULES.version, 2))
    assert len(small.broker.logs[topics.SNAPSHOTS, 0]) == known


def test_a_snapshot_names_what_it_is_made_of_and_how_far_it_reaches(clock: Any) -> None:
    small = system(clock)
    for number in range(5):
        small.send(purchase(f"K{number}", time=f"2026-11-22T12:00:0{number}Z"))
    small.settle()
    header = SnapshotHeader(**loads(small.broker.latest(topics.SNAPSHOTS, 0)[HEADER_KEY]))
    whole = Replay(RULES, TODAY)
    assert header.day == TODAY.toordinal()
    assert header.rules == whole.customers.period.rules.version
    for partition, lane in small.lanes.items():
        reached = header.next[str(partition)]
        assert {t: lane.positions[t] for t in lane.positions} == reached
    composed = compositions(small.broker)[-1]
    assert set(composed.summaries) == {0, 1}
    assert composed.snapshot == header.number


class SlowTail:
    """A tail that has read each partition's first summary of today when it starts.

    The rest follows with the leader's third look; one who waits for the end of the topic before
    looking at all is given it after a second.
    """

    def __init__(
        self,
        client: Any,
        topic: str,
        partitions: int,
        on_record: Callable[[Any], None],
        on_end: Callable[[], None],
    ) -> None:
        del topic, partitions
        self._records = [Read(n, s) for n, s in client["broker"].all_of(topics.SUMMARIES)]
        self._on_record = on_record
        self._on_end = on_end
        self._may_go_on = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        client["tails"].append(self)

    def start(self) -> None:
        """Hand over each partition's records up to its first summary of today."""
        started: set[int] = set()
        for record in list(self._records):
            if record.number not in started:
                self._on_record(record)
                self._records.remove(record)
                if record.key() == HEADER_KEY and loads(record.value())["day"] == TODAY.toordinal():
                    started.add(record.number)
        self._thread.start()

    def _run(self) -> None:
        self._may_go_on.wait(1.0)
        for record in self._records:
            self._on_record(record)
        self._on_end()

    def rest(self) -> None:
        """Hand over all there is."""
        self._may_go_on.set()
        self._thread.join()

    def stop(self) -> None:
        """Read no more."""
        self.rest()


class _Looks:
    """A `threading.Event` that lets the leader look a few times, the tail at its end in between."""

    def __init__(self, tails: list[SlowTail]) -> None:
        self._tails = tails
        self._asked = 0

    def is_set(self) -> bool:
        return self._asked > 4

    def wait(self, _: float | None = None) -> bool:
        self._asked += 1
        if self._asked > 2:
            for tail in self._tails:
                tail.rest()
        return self.is_set()


def test_a_new_leader_merges_nothing_before_it_has_read_the_summaries_to_their_end(
    clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The topic begins with old summaries of today: merging those would take everyone back, and no
    replay of the journal could follow, because its partitions only go forward."""
    small = system(clock)
    for number in range(6):
        small.send(purchase(f"K{number}", f"o{number}", value=number))
        small.settle()
    before = compositions(small.broker)[-1]
    tails: list[SlowTail] = []
    client = {"broker": small.broker, "tails": tails}
    monkeypatch.setattr(leader_module, "Tail", SlowTail)
    monkeypatch.setattr(leader_module, "TransactionalProducer", SmallProducer)
    monkeypatch.setattr(
        leader_module, "log", SimpleNamespace(info=lambda *_, **__: None, warning=print)
    )
    leader = Leader(client, "app", 2, RULES, small._now_ms)
    leader.lead(_Looks(tails))  # type: ignore[arg-type]
    made = compositions(small.broker)
    for composition in made[made.index(before) :]:
        for partition, entry in composition.summaries.items():
            assert entry >= before.summaries[partition], "a snapshot of the past"
