"""The gate between fetching and the lanes: what was fetched before it was opened anew is dropped.

Faust's consumer is replaced below the gate: a log, a fetch position that seeking moves and fetching
advances, and fetches that may be under way while the gate closes and opens.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Self

import pytest
from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.protocol.fetch import FetchRequest
from faust.types import TP
from lane_fakes import CONTROL, WORK, FakeShift, Message, a_while, messages, until

from streams.agents import hand_over
from streams.lane.fetch_errors import FetchErrors
from streams.lane.input_checks import Observed, find_holes, standstills_of
from streams.lane.lanes import LaneConfig, Lanes
from streams.lane.standstills import Reason, Standstill
from streams.lane.transport import Consumer

PLACE, SIDE = TP(WORK, 0), TP(CONTROL, 0)


class _Config:
    sources = (WORK, CONTROL)
    client: Mapping[str, Any] = {}


class StandIn:
    """As many lanes as a consumer needs: one, that takes in all it is given."""

    def __init__(self) -> None:
        self.config = _Config()
        self.owned = True
        self.full = False
        self.expected: dict[str, int] = {}
        self.taken: list[int] = []
        self.refused: list[tuple[Any, ...]] = []
        self.opened: list[int] = []
        self.starts: dict[str, int] = {}
        self.watch = self
        self.shift = FakeShift()
        self.close_gate: Callable[[int], None] = lambda _: None

    def room(self, _: int) -> bool:
        return not self.full

    def get(self, _: int) -> Any:
        return self if self.owned else None

    def put(self, topic: str, some: list[Message], following: int) -> None:
        expected = self.expected.get(topic, 0)
        self.taken += [m.offset for m in some if m.offset >= expected and topic == WORK]
        self.expected[topic] = max(expected, following)

    async def check(self, partition: int, positions: Mapping[str, int]) -> list[Standstill]:
        there = {topic: Observed(start=start) for topic, start in self.starts.items()}
        return list(standstills_of(find_holes(partition, positions, {}, there)))

    def gate_opened(self, partition: int) -> None:
        self.opened.append(partition)

    def stop_partition(self, partition: int, *why: Any) -> None:
        self.refused.append((partition, *why))
        self.close_gate(partition)


class Gated(Consumer):
    """The consumer under test over a log of its own."""

    flow_active = True

    def __init__(self, lanes: StandIn, log: list[Message]) -> None:
        self._lanes = lanes  # type: ignore[assignment]
        lanes.close_gate = self._close
        self._open_tps: dict[TP, int] = {}
        self._openings: dict[int, int] = {}
        self._wanted: set[int] = set()
        self._seeks: set[asyncio.Task[None]] = set()
        self._suspects: deque[list[TP]] = deque()
        self._stopped = asyncio.Event()
        self.log = log
        self._passed: dict[TP, int] = {}
        self._doubted: set[int] = set()
        self.at = {PLACE: 0, SIDE: 0}
        self.seeks: list[Mapping[TP, int]] = []
        self.seek_fails = 0
        self.before_handing: Callable[[], Any] | None = None
        self.handing = asyncio.Event()

    async def _getmany(self, active_partitions: set[TP], timeout: float) -> Any:  # noqa: ASYNC109
        """Fetch as aiokafka does: what lies at the position when something does, and go on."""
        del timeout
        if self.before_handing is not None and PLACE in active_partitions:
            wait, self.before_handing = self.before_handing, None
            await wait()
        else:
            await asyncio.sleep(0)
        if PLACE not in active_partitions:
            return {}
        fetched = [m for m in self.log if m.offset >= self.at[PLACE]][:3]
        if not fetched:
            return {}
        self.at[PLACE] = fetched[-1].offset + 1
        return {PLACE: fetched}

    def reached(self, topic: str, partition: int) -> int:
        return self.at[TP(topic, partition)]

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        if self.seek_fails:
            self.seek_fails -= 1
            raise RuntimeError("not assigned yet")
        self.seeks.append(dict(partitions))
        self.at.update(partitions)

    def _to_message(self, tp: TP, record: Any) -> Any:
        del record
        return SimpleNamespace(tp=tp, value=None)

    async def callback(self, message: Any) -> None:  # type: ignore[override]
        hand_over(message.value, self, self._lanes)

    async def __aenter__(self) -> Self:
        self.fetcher = SimpleNamespace(_stopped=asyncio.Event())
        self.draining = asyncio.ensure_future(self._drain_messages(self.fetcher))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped.set()
        await self.draining
        self._close(0)
        await asyncio.gather(*self._seeks)


def test_nothing_is_fetched_before_the_gate_opens_and_all_from_the_position_after() -> None:
    async def scene() -> None:
        lanes = StandIn()
        lanes.expected = {WORK: 4}
        async with Gated(lanes, messages(20)) as consumer:
            await a_while()
            assert not lanes.taken
            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 16, "all has arrived")
            assert lanes.taken == list(range(4, 20))
            assert consumer.seeks == [{PLACE: 4, SIDE: 0}]

    asyncio.run(scene())


def test_a_closed_gate_lets_nothing_through_and_opening_it_anew_loses_nothing() -> None:
    async def scene() -> None:
        lanes = StandIn()
        async with Gated(lanes, messages(9)) as consumer:
            consumer._open(0, lanes.expected)
            await until(lambda: lanes.taken, "something arrives")
            consumer._close(0)
            await a_while()
            before = len(lanes.taken)
            consumer.log += messages(9, start=9)
            await a_while()
            assert len(lanes.taken) == before
            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 18, "the rest arrives")
            assert lanes.taken == list(range(18))

    asyncio.run(scene())


def test_a_fetch_under_way_while_the_gate_opens_anew_takes_no_message_away() -> None:
    """A fetch waits; the group changes; the kept lane's position is sought; then the fetch answers.

    What it answers lies at the position sought and has moved it on. It was asked for before the
    gate was opened, so it is dropped: then nobody fetches it again, and the lane goes on behind it
    without a word, because gaps between offsets are normal.
    """

    async def scene() -> None:
        lanes = StandIn()
        async with Gated(lanes, messages(6)) as consumer:
            go_on = asyncio.Event()
            fetching = asyncio.Event()

            async def wait() -> None:
                fetching.set()
                await go_on.wait()

            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 6, "the first messages arrive")
            consumer.before_handing = wait
            await fetching.wait()
            consumer._close(0)
            consumer.log += messages(9, start=6)
            consumer._open(0, lanes.expected)
            await a_while()  # the position is sought again, or waits for the fetch to end
            go_on.set()
            await until(lambda: 14 in lanes.taken, "the last message arrives")
            assert lanes.taken == list(range(15))

    asyncio.run(scene())


@pytest.mark.usefixtures("cluster")
def test_a_fetch_under_way_when_the_group_changes_opens_no_gate() -> None:
    """What it answers is dropped with the lease; who keeps the partition asks for it again then.

    Opened now, the gate of a partition that is lost would be sought, in vain and for ever.
    """

    async def scene() -> None:
        lanes = Lanes(
            LaneConfig(
                client={},
                app_id="app",
                changelog="changelog",
                sources=(WORK, CONTROL),
                solo=frozenset(),
                partitions=1,
                shift=lambda _: FakeShift(),
            )
        )
        consumer = Gated(lanes, messages(6))  # type: ignore[arg-type]
        lanes.open_gate, lanes.close_gate = consumer._open, consumer._close
        async with consumer:
            go_on, fetching = asyncio.Event(), asyncio.Event()

            async def wait() -> None:
                fetching.set()
                await go_on.wait()

            lanes.assign({0})
            await until(lambda: consumer.at[PLACE] == 6, "the first messages arrive")
            consumer.before_handing = wait
            await fetching.wait()
            lanes.suspend()
            consumer.log += messages(3, start=6)
            go_on.set()
            await until(lambda: consumer.at[PLACE] == 9, "the fetch answers")
            await a_while()
            assert not consumer._open_tps
            lanes.assign(())
            await a_while()
            assert not consumer._open_tps
            assert not consumer._seeks
        await lanes.stop()

    asyncio.run(scene())


def test_what_an_agent_still_holds_when_the_gate_opens_anew_is_dropped() -> None:
    async def scene() -> None:
        lanes = StandIn()
        consumer = Gated(lanes, messages(3))
        consumer._open(0, lanes.expected)
        await asyncio.gather(*consumer._seeks)
        held: list[Any] = []
        consumer.callback = lambda message: _hold(held, message)  # type: ignore[method-assign]
        await consumer._deliver(PLACE, messages(3), consumer._open_tps[PLACE], 3)
        consumer._close(0)
        hand_over(held[0].value, consumer, lanes)  # type: ignore[arg-type]
        assert not lanes.taken

    asyncio.run(scene())


async def _hold(held: list[Any], message: Any) -> None:
    held.append(message)


def test_a_seek_that_fails_is_done_again(monkeypatch: Any) -> None:
    async def scene() -> None:
        lanes = StandIn()
        async with Gated(lanes, messages(3)) as consumer:
            consumer.seek_fails = 3
            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 3, "the seek succeeds")

    monkeypatch.setattr("streams.lane.transport._AGAIN_S", 0.0)
    asyncio.run(scene())


def test_a_log_that_starts_beyond_the_position_is_refused_and_stays_closed() -> None:
    async def scene() -> None:
        lanes = StandIn()
        lanes.expected = {WORK: 4}
        async with Gated(lanes, messages(20)) as consumer:
            lanes.starts[WORK] = 5
            consumer._open(0, lanes.expected)
            await until(lambda: lanes.refused, "it is refused")
            (stopped,) = lanes.refused
            assert stopped[:2] == (0, Reason.INPUT_DELETED)
            assert "offsets 4 to 4 were deleted" in stopped[2]
            assert not lanes.opened
            await a_while()
            assert not lanes.taken

    asyncio.run(scene())


def test_a_log_that_starts_at_the_position_is_read_on() -> None:
    async def scene() -> None:
        lanes = StandIn()
        lanes.expected = {WORK: 4}
        async with Gated(lanes, messages(16, start=4)) as consumer:
            lanes.starts[WORK] = 4
            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 16, "all has arrived")
            assert not lanes.refused

    asyncio.run(scene())


def test_a_lane_without_room_is_not_fetched_for() -> None:
    async def scene() -> None:
        lanes = StandIn()
        lanes.full = True
        async with Gated(lanes, messages(4)) as consumer:
            consumer._open(0, lanes.expected)
            await until(lambda: consumer._open_tps, "the gate is open")
            await a_while()
            assert not lanes.taken
            lanes.full = False
            await until(lambda: len(lanes.taken) == 4, "there is room")

    asyncio.run(scene())


def test_an_offset_that_is_gone_while_it_is_fetched_stops_its_partition() -> None:
    class Holed(Gated):
        """Asked for an offset below the first one, the broker says so."""

        async def _getmany(self, active_partitions: set[TP], timeout: float) -> Any:  # noqa: ASYNC109
            if PLACE in active_partitions and self.at[PLACE] < self.log[0].offset:
                await asyncio.sleep(0)
                raise OffsetOutOfRangeError({PLACE: self.at[PLACE]})
            return await super()._getmany(active_partitions, timeout)

    async def scene() -> None:
        lanes = StandIn()
        async with Holed(lanes, messages(3)) as consumer:
            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 3, "the first messages arrive")
            consumer.log, lanes.starts[WORK] = messages(9, start=6), 6
            await until(lambda: lanes.refused, "it stops")
            assert lanes.refused[0][:2] == (0, Reason.INPUT_DELETED)
            assert "offsets 3 to 5 were deleted" in lanes.refused[0][2]
            await a_while()
            assert lanes.taken == [0, 1, 2]

    asyncio.run(scene())


def test_what_was_asked_for_before_the_gate_opened_is_of_no_interest() -> None:
    class Stale(Gated):
        stale = True

        async def _getmany(self, active_partitions: set[TP], timeout: float) -> Any:  # noqa: ASYNC109
            if self.stale and PLACE in active_partitions:
                self.stale = False
                raise NoOffsetForPartitionError(PLACE)
            return await super()._getmany(active_partitions, timeout)

    async def scene() -> None:
        lanes = StandIn()
        async with Stale(lanes, messages(3)) as consumer:
            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 3, "the messages arrive")
            assert not lanes.refused

    asyncio.run(scene())


def test_positions_pass_markers_that_come_without_messages() -> None:
    async def scene() -> None:
        lanes = StandIn()
        async with Gated(lanes, messages(3)) as consumer:
            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 3, "the messages arrive")
            consumer.at[PLACE] = 4  # a marker was passed
            await until(lambda: lanes.expected[WORK] == 4, "the position passes it")
            assert lanes.taken == [0, 1, 2]

    asyncio.run(scene())


def test_a_topic_that_a_broker_did_not_know_is_looked_at_before_anything_more_is_handed_over() -> (
    None
):
    async def scene() -> None:
        lanes = StandIn()
        async with Gated(lanes, messages(3)) as consumer:
            consumer._open(0, lanes.expected)
            await until(lambda: len(lanes.taken) == 3, "the first messages arrive")

            async def made_anew() -> None:
                consumer.doubt(0)
                consumer.log, lanes.starts[WORK] = messages(9, start=3), 5

            consumer.before_handing = made_anew
            await until(lambda: lanes.refused, "it stops")
            assert lanes.taken == [0, 1, 2]

    asyncio.run(scene())


def test_fetches_of_topics_that_a_broker_does_not_know_are_reported() -> None:
    request = FetchRequest(100, 1, 100, 1, [])
    answers = [("work", [(0, 0, 9, b""), (3, 3, -1, b"")]), ("control", [(5, 6, -1, b"")])]

    class Client:
        name = "client"

        async def send(self, node: int, request: Any) -> Any:
            del node, request
            return SimpleNamespace(topics=answers)

    unknown: list[int] = []
    client = FetchErrors(Client(), unknown.append)
    assert asyncio.run(client.send(0, request)).topics == answers
    assert unknown == [3]
    asyncio.run(client.send(0, SimpleNamespace()))
    assert unknown == [3]
    assert client.name == "client"
