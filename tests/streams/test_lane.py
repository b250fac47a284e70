"""One lane: what it takes in, how it cuts batches, what it commits, how it ends."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_fakes import (
    CONTROL,
    WORK,
    FakeProducer,
    FakeShift,
    Message,
    a_while,
    messages,
    until,
)

from streams.lane import lane as lane_module
from streams.lane.changelog import Position, position_of
from streams.lane.lane import Ended, Lane
from streams.lane.records import Batch
from streams.lane.transaction import Fenced

OTHER = "other"
OFFSETS = st.lists(st.sampled_from([1, 1, 1, 2, 5]), max_size=30).map(
    lambda steps: [sum(steps[: n + 1]) - 1 for n in range(len(steps))]
)


class Bench:
    """A lane with everything around it made of fakes."""

    def __init__(self, position: Position | None = None, pool: Executor | None = None) -> None:
        self.shift = FakeShift()
        self.producer = FakeProducer()
        self.lane = Lane(
            3,
            position or Position({}, 1, None),
            self.shift,
            self.producer,
            "changelog",
            frozenset({CONTROL}),
            pool or ThreadPoolExecutor(1),
        )

    def work(self) -> bool:
        """Take a batch and do it, as `run` would."""
        return self.lane._work(self.lane._take())

    def work_off(self) -> None:
        while self.work():
            pass

    @property
    def batches(self) -> list[list[bytes | None]]:
        return [[m.value for m in batch.messages] for batch in self.shift.kept]


def values(some: list[Message]) -> list[bytes | None]:
    return [message.value for message in some]


def test_what_was_taken_in_before_is_passed_over() -> None:
    bench, sent = Bench(), messages(10)
    bench.lane.put(WORK, sent[:6])
    bench.lane.put(WORK, sent[2:8])
    bench.lane.put(WORK, sent[1:5])
    bench.lane.put(WORK, sent[7:])
    bench.work_off()
    assert values(bench.shift.handled) == values(sent)
    assert bench.lane.waiting_bytes == sum(len(m.value or b"") for m in sent)  # `run` takes it off


def test_a_lane_goes_on_at_the_stored_position() -> None:
    bench = Bench(Position({WORK: 4}, 7, "memo"))
    bench.lane.put(WORK, messages(6))
    bench.work_off()
    assert [m.offset for m in bench.shift.handled] == [4, 5]
    (position,) = bench.producer.positions()
    assert position == Position({WORK: 6}, 7, 1)


def test_state_outputs_and_position_are_one_transaction() -> None:
    bench = Bench()
    bench.lane.put(WORK, messages(3))
    bench.lane.put(OTHER, [Message(OTHER, 9, b"x")])
    bench.work_off()
    (records,) = bench.producer.transactions
    assert [record.topic for record in records] == ["out"] * 4 + ["changelog"]
    assert bench.producer.positions()[0].next == {WORK: 3, OTHER: 10} == bench.lane.positions


def test_a_batch_is_bounded() -> None:
    bench, sent = Bench(), messages(2_500)
    bench.lane.put(WORK, sent[:1_700])
    bench.lane.put(WORK, sent[1_700:])
    bench.lane._limit = 1_000
    first = bench.lane._take()
    assert len(first.messages) == 1_000
    assert first.spans == [(WORK, 0, 1_000)]
    second = bench.lane._take()
    assert second.spans == [(WORK, 1_000, 1_700), (WORK, 1_700, 2_000)]
    assert bench.lane._take().spans == [(WORK, 2_000, 2_500)]
    assert not bench.lane._take().portions


@pytest.mark.parametrize(
    ("limit", "count", "seconds", "following"),
    [
        (1_000, 1_000, 0.01, 2_000),  # full and quick: twice as many next time
        (1_000, 1_000, 0.2, 1_250),  # full: as many as fit the time
        (1_000, 1_000, 0.5, 500),  # too slow
        (1_000, 400, 1.0, 100),  # too slow, not full
        (1_000, 400, 0.01, 1_000),  # small because it is quiet: nothing learned
        (16_000, 16_000, 0.01, 16_000),
        (200, 100, 10.0, 100),  # never below the least
        (1_000, 1, 0.0, 1_000),
        (100, 100, 0.0, 200),
    ],
)
def test_the_bound_follows_the_work(limit: int, count: int, seconds: float, following: int) -> None:
    lane = Bench().lane
    lane._limit = limit
    lane._adapt(count, seconds)
    assert lane._limit == following


def test_a_solo_message_is_alone_and_in_its_place() -> None:
    bench = Bench()
    bench.lane.put(WORK, messages(2))
    bench.lane.put(CONTROL, messages(2, CONTROL))
    bench.lane.put(WORK, messages(3, start=2))
    bench.lane.put(CONTROL, messages(1, CONTROL, 2))
    bench.work_off()
    assert bench.batches == [
        [b"work-0", b"work-1"],
        [b"control-0"],
        [b"control-1"],
        [b"work-2", b"work-3", b"work-4"],
        [b"control-2"],
    ]


@settings(max_examples=60, deadline=None)
@given(st.fixed_dictionaries({WORK: OFFSETS, OTHER: OFFSETS, CONTROL: OFFSETS}), st.integers(0))
def test_ranges_join_over_any_deliveries(offsets: dict[str, list[int]], seed: int) -> None:
    """Offsets with gaps, fetched in any pieces, some again: each once, in order, ranges joined."""
    logs = {
        topic: [Message(topic, n, f"{topic}-{n}".encode()) for n in listed]
        for topic, listed in offsets.items()
    }
    chance = random.Random(seed)
    bench, reached, put = Bench(), dict.fromkeys(logs, 0), []
    bench.lane._limit = chance.randint(1, 7)
    while waiting := [topic for topic, log in logs.items() if reached[topic] < len(log)]:
        topic = chance.choice(waiting)
        again = chance.randint(0, reached[topic])
        end = chance.randint(again, min(len(logs[topic]), reached[topic] + 9))
        bench.lane.put(topic, logs[topic][again:end])
        put += logs[topic][reached[topic] : end]
        reached[topic] = max(reached[topic], end)
        if chance.random() < 0.5:
            bench.work()
            bench.lane._limit = chance.randint(1, 7)
    bench.work_off()
    assert bench.shift.handled == put
    assert_solo_messages_are_alone(bench.shift.kept)
    ends: dict[str, int] = {}
    for batch, position in zip(bench.shift.kept, bench.producer.positions(), strict=True):
        for topic, start, end in batch.spans:
            assert start == ends.get(topic, 0)
            ends[topic] = end
        assert position.next == ends
    assert ends == {topic: log[-1].offset + 1 for topic, log in logs.items() if log}


def assert_solo_messages_are_alone(batches: list[Batch]) -> None:
    solo = [batch for batch in batches if CONTROL in {m.topic for m in batch.messages}]
    assert all(len(batch.messages) == 1 for batch in solo)


def run(scene: Callable[[], Any]) -> Any:
    return asyncio.run(scene())


def test_what_arrives_during_a_batch_makes_the_next_one() -> None:
    async def scene() -> None:
        bench = Bench()
        bench.shift.may_go_on.clear()
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.lease()
        bench.lane.put(WORK, messages(1))
        await until(bench.shift.in_hand.is_set, "a batch is in hand")
        for start in range(1, 6):
            bench.lane.put(WORK, messages(1, start=start))
        bench.shift.may_go_on.set()
        await until(lambda: len(bench.shift.handled) == 6, "all is done")
        assert bench.batches == [values(messages(1)), values(messages(5, start=1))]
        await until(lambda: bench.lane.waiting_bytes == 0, "nothing waits")
        bench.lane.stop()
        assert await running is Ended.STOPPED
        assert bench.producer.closed

    run(scene)


def test_nothing_is_begun_without_a_lease() -> None:
    async def scene() -> None:
        bench = Bench()
        bench.shift.chores.append(b"due")
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.put(WORK, messages(1))
        await a_while()
        assert not bench.producer.transactions
        bench.lane.lease()
        await until(lambda: len(bench.producer.transactions) == 2, "the lease is given")
        bench.lane.stop()
        assert await running is Ended.STOPPED

    run(scene)


def test_a_suspended_lane_ends_the_batch_in_hand_and_begins_no_other() -> None:
    async def scene() -> None:
        bench = Bench()
        bench.shift.may_go_on.clear()
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.lease()
        bench.lane.put(WORK, messages(1))
        await until(bench.shift.in_hand.is_set, "a batch is in hand")
        bench.lane.put(WORK, messages(2, start=1))
        bench.lane.suspend()
        bench.shift.may_go_on.set()
        await until(lambda: bench.shift.kept, "the batch in hand is done")
        await a_while()
        assert len(bench.shift.handled) == 1
        bench.lane.lease()
        await until(lambda: len(bench.shift.handled) == 3, "work goes on")
        bench.lane.stop()
        await running

    run(scene)


def test_a_stopped_lane_ends_the_batch_in_hand_and_begins_no_other() -> None:
    async def scene() -> None:
        bench = Bench()
        bench.shift.may_go_on.clear()
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.lease()
        bench.lane.put(WORK, messages(1))
        await until(bench.shift.in_hand.is_set, "a batch is in hand")
        bench.lane.put(WORK, messages(2, start=1))
        bench.lane.stop()
        bench.shift.may_go_on.set()
        assert await running is Ended.STOPPED
        assert len(bench.shift.handled) == len(bench.producer.transactions) == 1

    run(scene)


def test_a_suspended_lane_can_be_stopped() -> None:
    async def scene() -> None:
        bench = Bench()
        running = asyncio.ensure_future(bench.lane.run())
        await a_while()
        bench.lane.stop()
        assert await asyncio.wait_for(running, 60) is Ended.STOPPED

    run(scene)


def test_a_lane_waits_until_its_shift_is_ready() -> None:
    async def scene() -> None:
        bench = Bench()
        bench.shift.is_ready = False
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.lease()
        bench.lane.put(WORK, messages(1))
        await a_while()
        assert not bench.shift.kept
        bench.shift.is_ready = True
        await until(lambda: bench.shift.kept, "the shift is ready")
        bench.lane.stop()
        await running

    run(scene)


def test_chores_are_done_after_messages_and_without() -> None:
    bench = Bench()
    bench.shift.chores += [b"first", b"second"]
    bench.lane.put(WORK, messages(1))
    bench.work_off()
    written = [[record.topic for record in some] for some in bench.producer.transactions]
    assert written == [["out", "changelog"], ["chore", "changelog"], ["chore", "changelog"]]
    assert [p.next for p in bench.producer.positions()] == [{WORK: 1}] * 3


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of lanes, which stands still until a test moves it."""
    clock = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(lane_module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.mark.parametrize(("count", "waits"), [(1, True), (199, True), (200, False)])
def test_a_few_messages_wait_for_more_unless_all_was_quiet(
    standing: SimpleNamespace, count: int, waits: bool
) -> None:
    async def scene() -> None:
        bench = Bench()
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.lease()
        bench.lane.put(WORK, messages(1))
        await until(lambda: bench.batches, "the first batch")
        bench.lane.put(WORK, messages(count, start=1))
        if waits:
            await a_while()
            assert len(bench.batches) == 1
            standing.now += 1.0
        await until(lambda: len(bench.batches) == 2, "the second batch")
        bench.lane.stop()
        await running

    run(scene)


def test_a_lane_whose_lease_ends_while_it_gathers_begins_nothing(
    standing: SimpleNamespace,
) -> None:
    async def scene() -> None:
        bench = Bench()
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.lease()
        bench.lane.put(WORK, messages(1))
        await until(lambda: bench.batches, "the first batch")
        bench.lane.put(WORK, messages(1, start=1))
        await a_while()
        bench.lane.suspend()
        standing.now += 1.0
        await a_while()
        assert len(bench.batches) == 1
        bench.lane.lease()
        await until(lambda: len(bench.batches) == 2, "the lease is back")
        bench.lane.stop()
        await running

    run(scene)


def test_nothing_settles_when_the_commit_fails() -> None:
    async def scene() -> None:
        bench = Bench()
        bench.producer.failing.append(Fenced("gone"))
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.lease()
        bench.lane.put(WORK, messages(2))
        assert await running is Ended.FENCED
        assert not bench.shift.kept
        assert not bench.lane.positions
        assert bench.producer.closed

    run(scene)


@pytest.mark.parametrize("where", ["a chore", "the commit", "being ready"])
def test_a_fault_of_our_own_breaks_the_lane_and_is_told_without_its_text(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    fault = RuntimeError("what the customer's event says")

    class Log:
        def error(self, event: str, **fields: Any) -> None:
            told.append({"event": event, **fields})

    async def scene() -> None:
        bench = Bench()
        if where == "a chore":
            bench.shift.chores.append(fault)
        elif where == "the commit":
            bench.producer.failing.append(fault)
        else:
            monkeypatch.setattr(bench.shift, "ready", _raiser(fault))
        bench.lane.lease()
        bench.lane.put(WORK, messages(1))
        assert await asyncio.wait_for(bench.lane.run(), 60) is Ended.BROKEN
        assert bench.producer.closed
        assert len(bench.shift.kept) == (where == "a chore"), "chores come after the batch"

    monkeypatch.setattr(lane_module, "log", Log())
    run(scene)
    (line,) = told
    assert line["partition"] == 3
    assert line["error"] == "RuntimeError"
    assert "customer" not in str(line)


def _raiser(fault: Exception) -> Callable[[], bool]:
    def ready() -> bool:
        raise fault

    return ready


class _Meanwhile(Executor):
    """Runs work at once; before that, once, something else happens."""

    def __init__(self) -> None:
        self.before: list[Callable[[], None]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        while self.before:
            self.before.pop()()
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_a_message_that_comes_while_the_lane_looks_for_chores_is_not_left_lying(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An idle lane looks for chores in a thread; who comes meanwhile must not wait for a timer."""

    async def scene() -> None:
        pool = _Meanwhile()
        bench = Bench(pool=pool)
        pool.before.append(lambda: bench.lane.put(WORK, messages(1)))
        running = asyncio.ensure_future(bench.lane.run())
        bench.lane.lease()
        for _ in range(1_000):
            await asyncio.sleep(0)
        done = len(bench.shift.handled)
        bench.lane.stop()
        await running
        assert done == 1

    monkeypatch.setattr(lane_module, "_IDLE_S", 3_600)
    run(scene)


def test_ranges_go_beyond_markers_that_were_fetched() -> None:
    bench = Bench()
    bench.lane.put(WORK, messages(3), 5)
    bench.lane.put(WORK, messages(2, start=5))
    bench.work_off()
    assert bench.shift.kept[0].spans == [(WORK, 0, 5), (WORK, 5, 7)]
    assert bench.lane.positions == {WORK: 7}


def test_the_first_transaction_stores_where_topics_begin_and_their_ids() -> None:
    bench = Bench(Position({WORK: 3}, 1, 0, topic_ids={WORK: "A"}))
    kept: list[Batch] = []
    bench.shift.handle = lambda batch, _: kept.append(batch) or []  # type: ignore[func-returns-value,method-assign,assignment]
    bench.lane.begin({OTHER: 9, CONTROL: 0}, {OTHER: "B"})
    assert bench.lane.expected == {WORK: 3, OTHER: 9, CONTROL: 0}
    assert not bench.lane.is_idle
    bench.work_off()
    ((first,), (position,)) = kept, bench.producer.positions()
    assert first.passed is not None
    assert first.passed.topic_ids == {OTHER: "B"}
    assert first.spans == [(OTHER, 0, 9), (CONTROL, 0, 0)]
    assert position.next == {WORK: 3, OTHER: 9, CONTROL: 0}
    assert position.topic_ids == {WORK: "A", OTHER: "B"}


def test_a_lane_that_knows_all_topics_begins_with_nothing() -> None:
    bench = Bench(Position({WORK: 3}, 1, 0))
    bench.lane.begin({}, {})
    bench.work_off()
    assert bench.producer.positions() == []


def test_a_position_of_an_earlier_release_has_no_ids() -> None:
    stored = b'{"version":1,"next":{"work":3},"partitions":1,"memo":null,"since":0}'
    position = position_of(stored)
    assert position is not None
    assert position.topic_ids == {}
    again = position_of(position.value())
    assert again == position


def test_a_lane_that_stands_works_off_what_it_has_and_takes_in_nothing_more() -> None:
    async def scene() -> None:
        bench = Bench()
        bench.lane.lease()
        bench.lane.put(WORK, messages(2))
        bench.lane.stand()
        bench.lane.put(WORK, messages(2, start=2))
        running = asyncio.ensure_future(bench.lane.run())
        await until(lambda: bench.lane.has_stopped, "it stands")
        assert bench.lane.positions == {WORK: 2}
        bench.lane.lease()
        bench.lane.put(WORK, messages(2, start=2))
        await until(lambda: bench.lane.positions == {WORK: 4}, "it goes on")
        bench.lane.stand()
        await until(lambda: bench.lane.has_stopped, "it stands again")
        bench.lane.supersede()
        assert await running is Ended.FENCED

    asyncio.run(scene())
