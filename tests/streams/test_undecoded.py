"""A batch that aiokafka cannot decode: nothing is lost with it, and another client reads it.

aiokafka raises out of a fetch over many places; what it had taken out of them is gone, their
positions have moved on, and it does not say which place it was.
"""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import TopicAuthorizationFailedError, UnsupportedCodecError
from faust.types import TP
from lane_fakes import CONTROL, WORK, Message, a_while, messages, until
from test_transport import PLACE, SIDE, Gated, StandIn

from streams.lane.substitute import Place, Reading, Unreadable

COUNT, BAD = 9, (4, 5)


class TwoPlaces(StandIn):
    """Lanes that note what they take of both places."""

    def put(self, topic: str, some: list[Message], following: int) -> None:
        expected = self.expected.get(topic, 0)
        self.taken += [(topic, m.offset) for m in some if m.offset >= expected]  # type: ignore[misc]
        self.expected[topic] = max(expected, following)


class Undecoding(Gated):
    """A consumer over two logs, whose fetches fail at some messages of the first one."""

    bad: tuple[int, ...] = BAD
    error: Exception = UnsupportedCodecError("zstd")

    async def _getmany(self, active_partitions: set[TP], timeout: float) -> Any:  # noqa: ASYNC109
        del timeout
        await asyncio.sleep(0)
        fetched: dict[TP, list[Message]] = {}
        for place in (SIDE, PLACE):
            if place not in active_partitions or place not in self._open_tps:
                continue
            log = [m for m in self.log if m.topic == place.topic and m.offset >= self.at[place]]
            some = log[:3]
            if place == PLACE and (broken := [m.offset for m in some if m.offset in self.bad]):
                self.at[place] = broken[0]  # what lies before is lost too
                raise self.error
            if some:
                self.at[place], fetched[place] = some[-1].offset + 1, some
        return fetched


def run(lanes: StandIn, consumer: Undecoding, done: Any) -> None:
    async def scene() -> None:
        async with consumer:
            consumer._open(0, lanes.expected)
            await until(done, "it is done")
            await a_while()

    asyncio.run(scene())


def logs() -> list[Message]:
    return [*messages(COUNT), *messages(COUNT, CONTROL)]


def test_everything_arrives_once_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Place] = []

    def read(_: Any, place: Place) -> Reading:
        asked.append(place)
        some = [m for m in messages(COUNT) if place.offset <= m.offset <= BAD[-1]]
        return Reading(some, BAD[-1] + 1)  # type: ignore[arg-type]

    monkeypatch.setattr("streams.lane.transport.read_otherwise", read)
    lanes = TwoPlaces()
    run(lanes, Undecoding(lanes, logs()), lambda: len(lanes.taken) == 2 * COUNT)
    for topic in (WORK, CONTROL):
        assert [o for t, o in lanes.taken if t == topic] == list(range(COUNT))  # type: ignore[misc]
    assert asked
    assert all(topic == WORK and start <= BAD[0] for topic, _, start in asked)


def test_what_nobody_can_read_stops_its_partition_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any) -> Reading:
        raise Unreadable("Local: Bad message format")

    monkeypatch.setattr("streams.lane.transport.read_otherwise", read)
    lanes = TwoPlaces()
    consumer = Undecoding(lanes, logs())
    run(lanes, consumer, lambda: not consumer._wanted)
    assert not consumer._open_tps
    assert (WORK, BAD[0]) not in lanes.taken


def test_a_broker_that_forbids_is_no_damage() -> None:
    lanes = TwoPlaces()
    consumer = Undecoding(lanes, logs())
    consumer.error = TopicAuthorizationFailedError(WORK)

    async def scene() -> None:
        consumer._open(0, lanes.expected)
        await consumer._drain_messages(type("Fetcher", (), {"_stopped": asyncio.Event()}))

    with pytest.raises(TopicAuthorizationFailedError):
        asyncio.run(scene())
