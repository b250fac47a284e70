"""The lanes' own transport over a simulated aiokafka: its gate, refusals and seeks are the code's.

Below it: membership of the group, positions that seeking moves and fetching advances, and what
aiokafka does with a position that a log does not have.
"""

import asyncio
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest.mock import patch

from aiokafka.errors import OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from simulation.broker import Broker
from simulation.groups import OK, UNKNOWN, WAIT, Group
from simulation.kernel import Kernel, Process
from simulation.network import Connection, NoAnswer
from streams.agents import hand_over
from streams.lane.lanes import Lanes
from streams.lane.transport import Consumer, ConsumerThread

_LOOK_S = 0.025


class _Settings(NamedTuple):
    """What the code sets of aiokafka's consumer."""

    isolation: str
    reset: str


def _settings() -> _Settings:
    """Let the code set up a consumer that Faust has made, and see what it has set."""
    thread = object.__new__(ConsumerThread)
    made = SimpleNamespace(_isolation_level="read_uncommitted", _auto_offset_reset="earliest")
    with patch.object(driver.AIOKafkaConsumerThread, "_create_worker_consumer", lambda *_: made):
        thread._create_worker_consumer(None)
    return _Settings(made._isolation_level, made._auto_offset_reset)


class _Below(driver.Consumer):
    """What lies between the lanes' consumer and the broker."""

    flow_active = True

    def __init__(self, app: Any, **parts: Any) -> None:
        self.app = app
        self.kernel: Kernel = parts["kernel"]
        self.broker: Broker = parts["broker"]
        self.process: Process = parts["process"]
        self.group: Group = parts["group"]
        self.session_s: float = parts["session_s"]
        self.settings = _settings()
        self.at: dict[TP, int | None] = {}
        self._stopped = asyncio.Event()
        self.can_resume_flow = asyncio.Event()
        self._connection = Connection(self.broker.network, self.process)
        self._beats = Connection(self.broker.network, self.process)
        self._queues: dict[str, asyncio.Queue[Any]] = {}
        self._left = 0

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Faust waits for nothing here: the lanes are suspended."""
        del revoked

    async def _ask(self, connection: Connection, kind: str, handle: Callable[[], Any]) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, connection.ask, kind, handle, 5.0)

    async def _questioned(self, handle: Callable[[], Any]) -> Any:
        try:
            return await self._ask(self._connection, "Question", handle)
        except NoAnswer as problem:
            raise ConnectionError(problem.why) from problem

    # What the lanes' consumer asks for

    async def _getmany(self, active_partitions: set[TP], timeout: float) -> Any:  # noqa: ASYNC109
        limit = self.kernel.now + timeout
        while True:
            await asyncio.sleep(self.broker.network.delay(self.process))
            if not self.broker.network.is_dark(self.process):
                fetched = self._fetch_from_logs(active_partitions)
                if fetched:
                    return fetched
            if self.kernel.now >= limit:
                return {}
            await asyncio.sleep(min(_LOOK_S, limit - self.kernel.now))

    def _fetch_from_logs(self, active: set[TP]) -> dict[TP, list[Any]]:
        fetched: dict[TP, list[Any]] = {}
        for tp in sorted(active):
            at, log = self.at.get(tp), self.broker.find(*tp)
            if at is None or log is None:
                continue
            if not log.start <= at <= log.end:
                self._mend(tp, log, at)
                continue
            most = self.kernel.random.choice([1, 3, 20, 500])
            read = log.read(at, most, committed=self.settings.isolation == "read_committed")
            self.at[tp] = read.next
            if read.records:
                fetched[tp] = [_record(tp, each) for each in read.records]
        return fetched

    def _mend(self, tp: TP, log: Any, at: int) -> None:
        """Do with an offset that is not there what aiokafka does by the code's settings."""
        self.kernel.trace("no such offset", tp.topic, tp.partition, at, log.start, log.end)
        if self.settings.reset == "none":
            raise OffsetOutOfRangeError({tp: at})
        self.at[tp] = log.start

    async def earliest_offsets(self, *places: TP) -> dict[TP, int]:
        return await self._questioned(lambda: {tp: self.broker.log(*tp).start for tp in places})

    async def highwaters(self, *places: TP) -> dict[TP, int]:
        return await self._questioned(lambda: {tp: self.broker.log(*tp).end for tp in places})

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        if not all(tp in self.at for tp in partitions):
            raise RuntimeError("not assigned")
        self.at.update(partitions)
        self.kernel.trace("seek", *(f"{t}-{p}:{at}" for (t, p), at in partitions.items()))

    def _to_message(self, tp: TP, record: Any) -> Any:
        del record
        return SimpleNamespace(tp=tp, value=None)

    async def callback(self, message: Any) -> None:  # type: ignore[override]
        await self._queues[message.tp.topic].put(message.value)


class Fetching(Consumer, _Below):
    """The transport of one worker, with its agents and its membership."""

    _lanes: Lanes

    async def serve(self) -> None:
        """Fetch and hand over until told to stop."""
        self._queues = {topic: asyncio.Queue() for topic in self._lanes.config.sources}
        agents = [asyncio.ensure_future(self._agent(queue)) for queue in self._queues.values()]
        membership = asyncio.ensure_future(self._belong())
        fetcher = SimpleNamespace(_stopped=asyncio.Event())
        draining = asyncio.ensure_future(self._drain_messages(fetcher))
        stopped = asyncio.ensure_future(self._stopped.wait())
        tasks = [*agents, membership, draining]
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        await self._lanes.stop()
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await self._leave()
        if wrong := [r for r in results if r and not isinstance(r, asyncio.CancelledError)]:
            raise wrong[0]

    def stop(self) -> None:
        """End what `serve` does."""
        self._stopped.set()

    def reached(self, topic: str, partition: int) -> int:
        return self.at.get(TP(topic, partition)) or 0

    async def _agent(self, queue: "asyncio.Queue[Any]") -> None:
        while True:
            fetched = await queue.get()
            if self.kernel.random.random() < 0.1:
                await asyncio.sleep(0.05 * self.kernel.random.random())
            hand_over(fetched, self, self._lanes)

    # Membership

    async def _belong(self) -> None:
        number = 0
        while True:
            await self.on_partitions_revoked(set(self.at))
            number += 1
            name = f"{self.process.name}"
            share = await self._join(name)
            if share is None:
                continue
            given, generation = share
            self._assign(given)
            while await self._is_in(name, generation):  # noqa: ASYNC110 - a heartbeat
                await asyncio.sleep(self.session_s / 5)

    async def _join(self, name: str) -> tuple[list[int], int] | None:
        """Join the group and return our share; None where it has to be done again."""
        try:
            join = lambda: self.group.join(name, self.session_s)  # noqa: E731
            await self._ask(self._beats, "Group", join)
            while True:
                share = lambda: self.group.share(name)  # noqa: E731
                code, given, generation = await self._ask(self._beats, "Group", share)
                if code == OK:
                    return given, generation
                if code != WAIT:
                    return None
                await asyncio.sleep(0.05)
        except NoAnswer:
            await asyncio.sleep(0.2)
            return None

    def _assign(self, numbers: list[int]) -> None:
        sources = self._lanes.config.sources
        self.at = {TP(topic, number): None for number in numbers for topic in sources}
        self._lanes.assign(numbers)

    async def _is_in(self, name: str, generation: int) -> bool:
        try:
            beat = lambda: self.group.beat(name, generation)  # noqa: E731
            code = await self._ask(self._beats, "Group", beat)
        except NoAnswer:
            return True
        if code == UNKNOWN:
            self.kernel.trace("unknown member", name)
        return bool(code == OK)

    async def _leave(self) -> None:
        try:
            await self._ask(self._beats, "Group", lambda: self.group.leave(self.process.name))
        except NoAnswer:
            return


def _record(tp: TP, record: Any) -> ConsumerRecord:
    return ConsumerRecord(
        tp.topic,
        tp.partition,
        record.offset,
        record.timestamp,
        0,
        record.key,
        record.value,
        None,
        -1 if record.key is None else len(record.key),
        -1 if record.value is None else len(record.value),
        tuple(record.headers or ()),
    )
