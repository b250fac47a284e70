"""The lanes of a worker through rebalances: kept, lost, regained, fenced, broken, stopped."""

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from lane_fakes import (
    CONTROL,
    PATIENCE_S,
    WORK,
    FakeCluster,
    FakeShift,
    a_while,
    messages,
    until,
)

from streams.lane import lanes as lanes_module
from streams.lane.changelog import POSITION_KEY, Position
from streams.lane.lanes import LaneConfig, Lanes, writer_name
from streams.lane.standstills import Reason
from streams.lane.transaction import Fenced
from streams.lane.unusable import StateUnusable

Scene = Callable[["Worker"], Awaitable[None]]


class Worker:
    """The lanes of a worker on a fake cluster, with its gates."""

    def __init__(self, cluster: FakeCluster, partitions: int = 4) -> None:
        self.cluster = cluster
        self.shifts: dict[int, list[FakeShift]] = {}
        self.unusable: list[str] = []
        self.gates: dict[int, dict[str, int] | None] = {}
        self.lanes = Lanes(
            LaneConfig(
                client={},
                app_id="app",
                changelog="changelog",
                sources=(WORK, CONTROL),
                solo=frozenset({CONTROL}),
                partitions=partitions,
                shift=self._shift,
                heartbeat_s=0.0,
                on_unusable=self.unusable.append,
            )
        )
        self.lanes.open_gate = lambda p, positions: self.gates.update({p: dict(positions)})
        self.lanes.close_gate = lambda p: self.gates.update({p: None})

    def _shift(self, partition: int) -> FakeShift:
        shift = FakeShift()
        self.shifts.setdefault(partition, []).append(shift)
        return shift

    def handled(self, partition: int) -> int:
        """How many messages all shifts of a partition have handled and kept."""
        return sum(len(shift.handled) for shift in self.shifts.get(partition, []))

    async def assigned(self, *partitions: int) -> None:
        """Own partitions and have them loaded."""
        self.lanes.assign(partitions)
        await until(lambda: all(self.lanes.get(p) for p in partitions), f"{partitions} are loaded")

    async def worked(self, partition: int, start: int, count: int) -> None:
        """Hand messages to a lane and wait until they are committed."""
        lane = self.lanes.get(partition)
        assert lane is not None
        lane.put(WORK, messages(count, start=start))
        await until(lambda: lane.positions.get(WORK) == start + count, "the messages are committed")


@pytest.fixture
def play(cluster: FakeCluster) -> Iterator[Callable[[Scene], None]]:
    """Run a scene with a worker whose lanes are stopped in the end; nothing may be left behind."""

    def run(scene: Scene) -> None:
        async def whole() -> None:
            loop, silent = asyncio.get_running_loop(), []
            loop.set_exception_handler(lambda _, context: silent.append(context))
            worker = Worker(cluster)
            try:
                await scene(worker)
            finally:
                await asyncio.wait_for(worker.lanes.stop(), PATIENCE_S)
            assert not silent

        asyncio.run(whole())

    return run


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the lanes log."""
    lines: list[tuple[str, dict[str, Any]]] = []

    class Log:
        def info(self, event: str, **fields: Any) -> None:
            lines.append((event, fields))

        warning = error = exception = info

    monkeypatch.setattr(lanes_module, "log", Log())
    return lines


def test_partitions_are_loaded_and_read_from_their_positions(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        stored = Position({WORK: 5, CONTROL: 2}, 4, "memo").value()
        worker.cluster.changelogs[1] = {POSITION_KEY: stored, b"k": b"v"}
        await worker.assigned(0, 1)
        assert worker.gates == {0: {}, 1: {WORK: 5, CONTROL: 2}}
        assert worker.shifts[0][0].loaded == ({}, None)
        assert worker.shifts[1][0].loaded == ({b"k": b"v"}, "memo")
        assert worker.lanes.owned == {0, 1}
        await worker.worked(1, 5, 3)

    play(scene)


def test_a_kept_lane_is_not_loaded_again_and_loses_nothing(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        await worker.assigned(0, 1)
        await worker.worked(0, 0, 3)
        worker.lanes.suspend()
        assert worker.gates == {0: None, 1: None}
        lane = worker.lanes.get(0)
        assert lane is not None
        lane.put(WORK, messages(2, start=3))  # on its way when the rebalance began
        await a_while()
        assert worker.handled(0) == 3
        worker.lanes.assign({0, 2})
        assert worker.gates[0] == {WORK: 5}
        await until(lambda: worker.handled(0) == 5, "the kept lane goes on")
        await until(lambda: worker.lanes.get(2), "the new one is loaded")
        assert worker.lanes.get(0) is lane
        assert worker.lanes.get(1) is None
        assert Counter(worker.cluster.loads) == {0: 1, 1: 1, 2: 1}

    play(scene)


def test_a_lost_lane_ends_after_the_work_in_hand(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        await worker.assigned(0)
        lane, shift = worker.lanes.get(0), worker.shifts[0][0]
        assert lane is not None
        shift.may_go_on.clear()
        lane.put(WORK, messages(1))
        await until(shift.in_hand.is_set, "a batch is in hand")
        lane.put(WORK, messages(1, start=1))
        worker.lanes.suspend()
        worker.lanes.assign(())
        assert worker.lanes.get(0) is None
        assert not worker.lanes.room(0)
        shift.may_go_on.set()
        await until(lambda: worker.cluster.producers["app-changelog-0"].closed, "the lane ends")
        assert len(shift.handled) == 1

    play(scene)


def test_a_lane_lost_with_work_in_hand_and_regained_does_not_end_the_new_one(play: Any) -> None:
    """The old lane is fenced by the new one; its end must leave the new one alone."""

    async def scene(worker: Worker) -> None:
        await worker.assigned(0)
        old, shift = worker.lanes.get(0), worker.shifts[0][0]
        assert old is not None
        shift.may_go_on.clear()
        old.put(WORK, messages(1))
        await until(shift.in_hand.is_set, "a batch is in hand")
        old_task = worker.lanes._tasks[0]
        worker.lanes.suspend()
        worker.lanes.assign(())
        worker.lanes.assign({0})
        await until(lambda: worker.lanes.get(0), "it is loaded again")
        new = worker.lanes.get(0)
        shift.may_go_on.set()
        await until(old_task.done, "the old lane has ended, fenced by the new one")
        assert not shift.handled
        assert worker.lanes.get(0) is new
        assert worker.gates[0] == {}
        await worker.worked(0, 0, 2)

    play(scene)


def test_a_partition_lost_while_it_is_loaded_is_let_go(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        loading, may_load = threading.Event(), threading.Event()

        def on_load(_: int) -> None:
            loading.set()
            assert may_load.wait(PATIENCE_S)

        worker.cluster.on_load = on_load
        worker.lanes.assign({0})
        await until(loading.is_set, "it is loading")
        worker.lanes.suspend()
        worker.lanes.assign(())
        may_load.set()
        await a_while()
        assert worker.lanes.get(0) is None
        assert worker.gates.get(0) is None

    play(scene)


def test_a_partition_lost_while_it_is_loaded_and_regained_works(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        loading, may_load = [threading.Event() for _ in "ab"], threading.Event()

        def on_load(_: int) -> None:
            number = len(worker.cluster.loads)
            if number <= 2:
                loading[number - 1].set()
            if number == 1:
                assert may_load.wait(PATIENCE_S)  # the first load takes longer than the second

        worker.cluster.on_load = on_load
        worker.lanes.assign({0})
        await until(loading[0].is_set, "it is loading")
        worker.lanes.suspend()
        worker.lanes.assign(())
        worker.lanes.assign({0})
        await until(lambda: worker.lanes.get(0), "it is loaded again")
        may_load.set()
        await worker.worked(0, 0, 3)
        await a_while()
        await worker.worked(0, 3, 2)
        assert worker.handled(0) == 5

    play(scene)


def test_a_lane_loaded_during_a_rebalance_waits_for_its_end(play: Any) -> None:
    """The lease is the group's: whoever holds none, because the group is changing, does nothing."""

    async def scene(worker: Worker) -> None:
        loading, may_load = threading.Event(), threading.Event()

        def on_load(_: int) -> None:
            loading.set()
            assert may_load.wait(PATIENCE_S)

        worker.cluster.on_load = on_load
        worker.lanes.assign({0})
        await until(loading.is_set, "it is loading")
        worker.lanes.suspend()  # the rebalance begins
        may_load.set()
        await until(lambda: worker.lanes.get(0), "it is loaded")
        await a_while()
        assert worker.gates.get(0) is None
        lane = worker.lanes.get(0)
        assert lane is not None
        lane.put(WORK, messages(1))
        await a_while()
        assert worker.handled(0) == 0
        worker.lanes.assign({0})
        assert worker.gates[0] is not None
        await until(lambda: worker.handled(0) == 1, "it works after the rebalance")

    play(scene)


def test_a_fenced_lane_is_loaded_again_where_it_stands(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        await worker.assigned(0, 1)
        await worker.worked(0, 0, 3)
        lane = worker.lanes.get(0)
        assert lane is not None
        worker.cluster.producer({}, "app-changelog-0", 0)  # somebody else takes the name
        lane.put(WORK, messages(2, start=3))
        await until(lambda: worker.lanes.get(0) not in (lane, None), "it is loaded again")
        assert worker.gates[0] == {WORK: 3}
        assert worker.shifts[0][1].loaded == ({}, 1)
        await worker.worked(0, 3, 2)
        assert worker.lanes.get(1) is not None
        assert Counter(worker.cluster.loads) == {0: 2, 1: 1}

    play(scene)


def test_a_broken_lane_is_loaded_again(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        await worker.assigned(0)
        lane = worker.lanes.get(0)
        worker.shifts[0][0].chores.append(ZeroDivisionError())
        await until(lambda: worker.lanes.get(0) not in (lane, None), "it is loaded again")
        await worker.worked(0, 0, 1)

    play(scene)


@pytest.mark.parametrize("fault", [Fenced("no answer"), ValueError("what is stored")])
def test_a_load_that_fails_is_told_and_tried_again(
    play: Any, told: list[tuple[str, dict[str, Any]]], fault: Exception
) -> None:
    async def scene(worker: Worker) -> None:
        def on_load(partition: int) -> None:
            if partition == 0 and worker.cluster.loads.count(0) < 3:
                raise fault

        worker.cluster.on_load = on_load
        await worker.assigned(0, 1)
        failed = [fields for event, fields in told if event.startswith("load ")]
        assert [fields["partition"] for fields in failed] == [0, 0]
        assert "what is stored" not in str(failed)
        await worker.worked(0, 0, 1)

    play(scene)


def test_state_that_another_wrote_to_meanwhile_is_read_again(
    play: Any, told: list[tuple[str, dict[str, Any]]]
) -> None:
    async def scene(worker: Worker) -> None:
        def on_load(partition: int) -> None:
            if worker.cluster.loads.count(0) == 1:
                worker.cluster.producer({}, writer_name("app", "changelog", partition), partition)
                raise StateUnusable("its end does not fit")

        worker.cluster.on_load = on_load
        await worker.assigned(0)
        assert worker.cluster.loads == [0, 0]
        assert "newer producer" in dict(told)["load failed, will be tried again"]["reason"]
        await worker.worked(0, 0, 1)
        assert not worker.unusable

    play(scene)


def test_another_number_of_partitions_is_reported_and_the_others_go_on(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        worker.cluster.changelogs[0] = {POSITION_KEY: Position({WORK: 1}, 8, None).value()}
        worker.lanes.assign({0, 1})
        await until(lambda: worker.unusable, "it is reported")
        await until(lambda: worker.lanes.get(1), "the other one is loaded")
        await worker.worked(1, 0, 1)
        assert worker.lanes.get(0) is None
        reason = worker.unusable[0]
        assert "8 partitions" in reason
        assert "have 4" in reason
        assert "app_id" in reason

    play(scene)


def test_state_of_another_release_is_reported(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        worker.cluster.changelogs[0] = {POSITION_KEY: b'{"version":99}'}
        worker.lanes.assign({0})
        await until(lambda: worker.unusable, "it is reported")
        assert "another release" in worker.unusable[0]

    play(scene)


def test_an_input_that_has_gone_stops_its_partition_and_no_other(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        await worker.assigned(0, 1)
        worker.lanes.stop_partition(0, Reason.INPUT_DELETED, "work starts at 9", "restore it")
        lane = worker.lanes.get(0)
        assert lane is not None
        lane.put(WORK, messages(1, start=9))
        await worker.worked(1, 0, 2)
        assert worker.handled(0) == 0
        assert worker.lanes.problems() == ["partition 0 stands still: work starts at 9; restore it"]

    play(scene)


def test_what_a_partition_waits_for_is_known(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        await worker.assigned(0)
        lane, shift, lanes = worker.lanes.get(0), worker.shifts[0][0], worker.lanes
        assert lane is not None
        lanes.fetching = lambda _: "nothing is fetched"
        await until(lambda: lanes.obstacle(0) == "nothing is fetched", "it is idle")
        shift.is_ready = False
        await until(lambda: "snapshot 7" in lanes.obstacle(0), "it waits for a snapshot")
        shift.is_ready = True
        shift.may_go_on.clear()
        lane.put(WORK, messages(1))
        await until(lambda: lanes.obstacle(0) == "a batch is computed", "it is at work")
        shift.may_go_on.set()
        lanes.suspend()
        assert lanes.obstacle(0) == "the group is changing"

    play(scene)


def test_how_a_partition_failed_is_known_until_it_is_given_back(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        worker.lanes.assign({0})
        assert (worker.lanes.obstacle(0), worker.lanes.failure(0)) == ("it is being loaded", "")
        await until(lambda: worker.lanes.get(0), "it is loaded")
        worker.shifts[0][0].chores.append(ZeroDivisionError())
        await until(lambda: worker.lanes.failure(0), "it has ended")
        assert worker.lanes.failure(0) == "its lane ended broken"
        await until(lambda: worker.lanes.get(0), "it is loaded again")
        worker.lanes.assign(())
        assert worker.lanes.failure(0) == ""

    play(scene)


def test_listeners_hear_what_is_owned(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        heard: list[frozenset[int]] = []
        worker.lanes.on_owned.append(heard.append)
        await worker.assigned(0, 2)
        worker.lanes.assign({2})
        worker.lanes.assign(())
        assert heard == [{0, 2}, {2}, frozenset()]

    play(scene)


def test_a_full_lane_has_no_room(play: Any) -> None:
    async def scene(worker: Worker) -> None:
        await worker.assigned(0)
        lane, shift = worker.lanes.get(0), worker.shifts[0][0]
        assert lane is not None
        assert worker.lanes.room(0)
        shift.may_go_on.clear()
        big = [message._replace(value=bytes(3_000_000)) for message in messages(4)]
        lane.put(WORK, big[:3])
        assert not worker.lanes.room(0)
        shift.may_go_on.set()
        await until(lambda: worker.lanes.room(0), "there is room again")
        assert lane.waiting_bytes == 0

    play(scene)


def test_stopping_ends_the_work_in_hand_and_commits_it(cluster: FakeCluster) -> None:
    async def scene() -> None:
        worker = Worker(cluster)
        await worker.assigned(0, 1)
        lane, shift = worker.lanes.get(0), worker.shifts[0][0]
        assert lane is not None
        shift.may_go_on.clear()
        lane.put(WORK, messages(1))
        await until(shift.in_hand.is_set, "a batch is in hand")
        stopping = asyncio.ensure_future(worker.lanes.stop())
        await a_while()
        assert not stopping.done()
        shift.may_go_on.set()
        await asyncio.wait_for(stopping, PATIENCE_S)
        assert len(shift.handled) == 1
        assert all(producer.closed for producer in cluster.producers.values())
        assert not list(worker.lanes)

    asyncio.run(scene())


def test_stopping_during_a_load_ends(cluster: FakeCluster) -> None:
    async def scene() -> None:
        worker = Worker(cluster)
        loading, may_load = threading.Event(), threading.Event()

        def on_load(_: int) -> None:
            loading.set()
            assert may_load.wait(PATIENCE_S)

        cluster.on_load = on_load
        worker.lanes.assign(range(4))
        await until(loading.is_set, "one is loading")
        threading.Timer(0.05, may_load.set).start()
        await asyncio.wait_for(worker.lanes.stop(), PATIENCE_S)
        assert not list(worker.lanes)

    asyncio.run(scene())


def test_a_name_may_be_taken_anew_only_by_who_owned_the_partition_ever_since(
    play: Callable[[Scene], None],
) -> None:
    async def scene(worker: Worker) -> None:
        await worker.assigned(0)
        first = worker.cluster.ownerships[writer_name("app", "changelog", 0)]
        assert first._leased()
        worker.lanes.suspend()
        assert not first._leased()
        await worker.assigned(0)
        assert first._leased()
        worker.lanes.assign(())
        assert not first._leased()
        await worker.assigned(0)
        assert not first._leased()
        assert worker.cluster.ownerships[writer_name("app", "changelog", 0)]._leased()

    play(scene)
