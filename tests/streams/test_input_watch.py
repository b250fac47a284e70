"""The watch of the inputs beside lanes: what it finds, and how a partition goes on again."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from confluent_kafka import KafkaException
from lane_fakes import CONTROL, WORK, FakeCluster, FakeShift, messages, until

from streams.lane import input_watch as module
from streams.lane.changelog import POSITION_KEY, Position
from streams.lane.input_checks import Observed
from streams.lane.lanes import LaneConfig, Lanes
from streams.lane.standstills import EVERY, Reason


class Facts:
    """What a broker says of two topics; None: it does not answer."""

    def __init__(self) -> None:
        self.there: dict[str, Observed] | None = {
            WORK: Observed("A", 1, 4, 9),
            CONTROL: Observed("B", 1, 0, 0),
        }

    def look(self, _: int) -> Mapping[str, Observed]:
        return self.topics()

    def topics(self) -> Mapping[str, Observed]:
        if self.there is None:
            raise KafkaException
        return self.there

    def change(self, topic: str, **what: Any) -> None:
        assert self.there is not None
        self.there = {**self.there, topic: self.there[topic]._replace(**what)}


class Worker:
    """One partition's lane with a gate that asks the watch, as the transport's does."""

    def __init__(self) -> None:
        self.facts = Facts()
        self.shifts: list[FakeShift] = []
        self.lanes = Lanes(
            LaneConfig(
                client={},
                app_id="app",
                changelog="changelog",
                sources=(WORK, CONTROL),
                solo=frozenset({CONTROL}),
                partitions=1,
                shift=self._shift,
                heartbeat_s=0.0,
                inputs=self.facts,
            )
        )
        self.lanes.open_gate = lambda p, at: self.opening.append(
            asyncio.ensure_future(self._open(p, at))
        )
        self.opening: list[asyncio.Future[None]] = []

    def _shift(self, _: int) -> FakeShift:
        shift = Accepting()
        self.shifts.append(shift)
        return shift

    async def _open(self, partition: int, positions: Mapping[str, int]) -> None:
        stands = await self.lanes.watch.check(partition, positions)
        for each in stands:
            self.lanes.stop_partition(partition, each.reason, each.detail, each.remedy)
        if not stands:
            self.lanes.gate_opened(partition)

    @property
    def reasons(self) -> set[Reason]:
        return {each.reason for each in self.lanes.config.standstills.current()}

    async def loaded(self) -> Any:
        self.lanes.assign({0})
        await until(lambda: self.lanes.get(0), "it is loaded")
        lane = self.lanes.get(0)
        assert lane is not None
        await until(lambda: CONTROL in lane.positions, "where topics begin is stored")
        return lane


class Accepting(FakeShift):
    """A shift that takes batches without messages, too."""

    def handle(self, batch: Any, positions: Mapping[str, int]) -> Any:
        return super().handle(batch, positions) if batch.messages else []


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, cluster: FakeCluster) -> None:
    def last(*_: Any) -> Position | None:
        value = cluster.changelogs[0].get(POSITION_KEY)
        return None if value is None else module.position_of(value)

    monkeypatch.setattr(module, "_EVERY_S", 0.01)
    monkeypatch.setattr(module, "_last_position", last)


def play(scene: Any) -> None:
    async def whole() -> None:
        worker = Worker()
        try:
            await scene(worker)
        finally:
            await asyncio.wait_for(worker.lanes.stop(), 60)

    asyncio.run(whole())


def test_a_new_system_stores_where_topics_begin_and_their_ids(cluster: FakeCluster) -> None:
    async def scene(worker: Worker) -> None:
        lane = await worker.loaded()
        assert lane.positions == {WORK: 4, CONTROL: 0}
        stored = module.position_of(cluster.changelogs[0][POSITION_KEY])
        assert stored is not None
        assert stored.next == {WORK: 4, CONTROL: 0}
        assert stored.topic_ids == {WORK: "A", CONTROL: "B"}

    play(scene)


def test_a_broker_that_does_not_answer_begins_nothing_and_stops_nothing() -> None:
    async def scene(worker: Worker) -> None:
        there, worker.facts.there = worker.facts.there, None
        worker.lanes.assign({0})
        await asyncio.sleep(0.05)
        assert worker.lanes.get(0) is None
        worker.facts.there = there
        await worker.loaded()
        worker.facts.there = None
        await asyncio.sleep(0.05)
        assert not worker.reasons

    play(scene)


def test_a_topic_made_anew_is_seen_while_all_runs_and_a_skip_lets_it_go_on(
    cluster: FakeCluster,
) -> None:
    async def scene(worker: Worker) -> None:
        lane = await worker.loaded()
        worker.facts.change(WORK, topic_id="C", start=0)
        await until(lambda: worker.reasons == {Reason.TOPIC_RECREATED}, "it is seen")
        lane.put(WORK, messages(2, start=4))
        await until(lambda: lane.has_stopped, "it stands")
        assert lane.positions[WORK] == 4
        ids = {WORK: "C", CONTROL: "B"}
        skipped = Position({WORK: 0, CONTROL: 0}, 1, 0, topic_ids=ids).value()
        cluster.changelogs[0][POSITION_KEY] = skipped
        await until(lambda: worker.lanes.get(0) not in (lane, None), "it is loaded anew")
        await until(lambda: not worker.reasons, "nothing stands")
        again = worker.lanes.get(0)
        assert again is not None
        assert again.expected[WORK] == 0

    play(scene)


def test_a_partition_goes_on_once_its_topic_is_there_again() -> None:
    async def scene(worker: Worker) -> None:
        lane = await worker.loaded()
        worker.facts.change(WORK, start=6)
        worker.lanes.resume(0)
        await until(lambda: worker.reasons == {Reason.INPUT_DELETED}, "it stands")
        worker.facts.change(WORK, start=3)
        await until(lambda: not worker.reasons, "it goes on")
        lane.put(WORK, messages(2, start=4))
        await until(lambda: lane.positions[WORK] == 6, "messages are applied")
        assert worker.lanes.get(0) is lane

    play(scene)


def test_grown_topics_are_named_and_nothing_stops() -> None:
    async def scene(worker: Worker) -> None:
        lane = await worker.loaded()
        worker.facts.change(CONTROL, partitions=2)
        await until(lambda: worker.reasons, "it is named")
        (each,) = worker.lanes.config.standstills.current()
        assert (each.reason, each.partition) == (Reason.PARTITIONS_CHANGED, EVERY)
        worker.lanes.assign({0, 1})
        assert worker.lanes.owned == {0}
        lane.put(WORK, messages(2, start=4))
        await until(lambda: lane.positions[WORK] == 6, "messages are applied")
        worker.facts.change(CONTROL, partitions=1)
        await until(lambda: not worker.reasons, "it is gone")

    play(scene)


def test_a_topic_that_is_not_there_is_named_until_it_is() -> None:
    async def scene(worker: Worker) -> None:
        lane = await worker.loaded()
        there = dict(worker.facts.there or {})
        worker.facts.there = {CONTROL: there[CONTROL]}
        await until(lambda: worker.reasons, "it is named")
        (each,) = worker.lanes.config.standstills.current()
        assert (each.partition, each.detail) == (EVERY, "work: there is no such topic")
        worker.facts.there = there
        await until(lambda: not worker.reasons, "it is there again")
        lane.put(WORK, messages(2, start=4))
        await until(lambda: lane.positions[WORK] == 6, "messages are applied")

    play(scene)
