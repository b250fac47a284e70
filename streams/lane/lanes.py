"""The lanes of one worker: which partitions it owns, loads and works through.

The group's generation is the lease: lanes are suspended when a rebalance begins; afterwards those
kept go on, those lost end without a trace, new ones are fenced, loaded and then started.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException
from prometheus_client import CollectorRegistry

from streams.lane.changelog import Position
from streams.lane.input_watch import OF_INPUTS, InputWatch
from streams.lane.inputs import InputFacts
from streams.lane.lane import Ended, Lane
from streams.lane.metrics import LaneMetrics
from streams.lane.ownership import Ownership
from streams.lane.records import Record, Shift
from streams.lane.standstills import Reason, Standstill, Standstills
from streams.lane.state import MemoryStates, State, States
from streams.lane.transaction import Fenced, TransactionalProducer
from streams.lane.unusable import StateUnusable
from streams.logs import where

log = structlog.get_logger()

_AGAIN_S: Final = 2.0
# Found when a partition begins to be fetched, or while it is.
_OF_FETCHING: Final = (*OF_INPUTS, Reason.UNREADABLE)
_MOST_BYTES: Final = 8 * 1024 * 1024  # waiting in one lane, before fetching pauses


class PartitionsChanged(StateUnusable):
    """The topics have another number of partitions than the state was made for."""


@dataclass(frozen=True)
class LaneConfig:
    """What all lanes of a worker have in common.

    Parameters
    ----------
    client
        librdkafka settings of every client: the broker and how to be let in.
    app_id
        Start of transactional ids.
    changelog
        The topic of state and positions.
    sources
        Source topics, one queue for all of a number.
    solo
        Those whose messages make a batch of their own.
    partitions
        How many of each there are.
    shift
        Makes the work of a partition number.
    workers
        Threads that compute and write batches.
    heartbeat_s
        How often the group hears from this worker.
    on_unusable
        Called with the reason when stored state can't be gone on from.
    on_committed
        Called with the records of each transaction, once it is committed, from any thread.
    metrics
        Where the lanes measure their work.
    states
        Where states are stored; None: in the changelog alone, and in memory.
    vouch
        Called with a partition number and what its work remembers (None: nothing was ever
        written) before anything goes on from it; raises StateUnusable where that can't be.
    standstills
        Where a partition that cannot go on is reported.
    inputs
        Answers what the broker has of the source topics; None: it is not asked.

    """

    client: Mapping[str, Any]
    app_id: str
    changelog: str
    sources: tuple[str, ...]
    solo: frozenset[str]
    partitions: int
    shift: Callable[[int], Shift]
    workers: int = 4
    heartbeat_s: float = 2.0
    on_unusable: Callable[[str], None] = field(default=lambda _: None)
    on_committed: Callable[[Sequence[Record]], None] = field(default=lambda _: None)
    metrics: LaneMetrics = field(default_factory=lambda: LaneMetrics(CollectorRegistry()))
    states: States | None = None
    vouch: Callable[[int, Any], None] = field(default=lambda *_: None)
    standstills: Standstills = field(default_factory=Standstills)
    inputs: InputFacts | None = None


def writer_name(app_id: str, changelog: str, partition: int) -> str:
    """Return the transactional id of the one who may write a partition's state."""
    return f"{app_id}-{changelog}-{partition}"


class Lanes:
    """The lanes of a worker, by partition number.

    `open_gate` is set by the transport: called with the offset of each source topic from which a
    partition's messages are wanted. So is `reached`: how far a topic's partition was fetched.
    """

    def __init__(self, config: LaneConfig) -> None:
        self.config = config
        self.open_gate: Callable[[int, Mapping[str, int]], None] = lambda *_: None
        self.close_gate: Callable[[int], None] = lambda *_: None
        self.reached: Callable[[str, int], int] = lambda *_: 0
        self.turned_at = time.monotonic()  # when the transport last looked for messages
        self.watch = InputWatch(self, config.inputs)
        self.on_owned: list[Callable[[frozenset[int]], None]] = []
        self._lanes: dict[int, Lane] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._owned: frozenset[int] = frozenset()
        self._suspended = False
        self._joined = False
        self._states = config.states or MemoryStates(config.client, config.changelog)
        self._pool = ThreadPoolExecutor(config.workers, "lane")
        self._loading = ThreadPoolExecutor(config.workers, "load")

    @property
    def owned(self) -> frozenset[int]:
        """The partition numbers that the group has given to this worker."""
        return self._owned

    def get(self, partition: int) -> Lane | None:
        """Return the lane of a number, if it is loaded."""
        return self._lanes.get(partition)

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._lanes.values()))

    def room(self, partition: int) -> bool:
        """Tell whether a lane can take in more messages."""
        lane = self._lanes.get(partition)
        return lane is not None and lane.waiting_bytes < _MOST_BYTES

    def stop_partition(self, partition: int, reason: Reason, detail: str, remedy: str) -> None:
        """Let a partition stand still behind what it has taken in, and report why."""
        self.config.standstills.begin(Standstill(reason, partition, detail, remedy))
        self.close_gate(partition)
        lane = self._lanes.get(partition)
        if lane is not None:
            lane.stand()

    def resume(self, partition: int) -> None:
        """Let a partition that stands still go on, if what it is to be fetched from is there."""
        lane = self._lanes.get(partition)
        if lane is not None:
            self._start(lane)

    def gate_opened(self, partition: int) -> None:
        """Report that nothing keeps a partition from being fetched."""
        for reason in _OF_FETCHING:
            self.config.standstills.end(reason, partition)

    def problems(self) -> list[str]:
        """Return why not everything that is owned is worked on, in words."""
        if not self._joined:
            return ["not a member of the group yet"]
        if self._suspended:
            return ["the group is changing"]
        listed = sorted(self._owned)
        loading = [str(p) for p in listed if p not in self._lanes]
        told = [f"partitions being loaded: {', '.join(loading)}"] if loading else []
        return told + [each.sentence for each in self.config.standstills.current()]

    def suspend(self) -> None:
        """Begin no further work: the group is about to change."""
        self._suspended = True
        for partition, lane in self._lanes.items():
            self.close_gate(partition)
            lane.suspend()

    def assign(self, partitions: Iterable[int]) -> None:
        """Own these partitions and no others; what topics have beyond our number is nobody's."""
        self._owned = frozenset(p for p in partitions if p < self.config.partitions)
        self.watch.start()
        self._suspended = False
        self._joined = True
        self.config.standstills.keep_partitions(self._owned)
        for partition in [p for p in self._tasks if p not in self._owned]:
            self._end(partition)
        for partition in sorted(self._owned):
            lane = self._lanes.get(partition)
            if lane is not None:
                self._start(lane)
            elif partition not in self._tasks:
                self._tasks[partition] = asyncio.create_task(self._keep(partition))
        for listener in self.on_owned:
            listener(self._owned)

    def _end(self, partition: int) -> None:
        task = self._tasks.pop(partition)
        lane = self._lanes.pop(partition, None)
        if lane is None:
            task.cancel()
        else:
            lane.stop()

    def _start(self, lane: Lane) -> None:
        if self._suspended:
            return  # the assignment that follows starts it, or ends it
        lane.lease()
        self.open_gate(lane.partition, lane.expected)

    async def _keep(self, partition: int) -> None:
        """Load and run the lane of a partition, again and again, as long as it is owned."""
        me = asyncio.current_task()
        while self._tasks.get(partition) is me:
            lane = await self._load(partition)
            if self._tasks.get(partition) is not me:
                if lane is not None:
                    lane.abandon()
                return
            if lane is not None:
                self._lanes[partition] = lane
                self._start(lane)
                self.config.metrics.loaded.inc()
                ended = await lane.run()
                self.config.metrics.loaded.dec()
                self.config.metrics.ended.labels(ended.value).inc()
                if self._lanes.get(partition) is lane:
                    self.close_gate(partition)
                    del self._lanes[partition]
                if ended is Ended.STOPPED:
                    return
                if ended is Ended.UNUSABLE:
                    self.config.on_unusable(lane.unusable)
            # Who was fenced may have lost the partition without knowing it yet: two heartbeats
            # tell. Taking it back at once would fence the new owner in turn.
            await asyncio.sleep(max(_AGAIN_S, 2 * self.config.heartbeat_s))

    async def _load(self, partition: int) -> Lane | None:
        loop = asyncio.get_running_loop()
        loading = loop.run_in_executor(self._loading, self._fence_and_load, partition)
        try:
            with self.config.metrics.recovery.time():
                return await asyncio.shield(loading)
        except asyncio.CancelledError:
            loading.add_done_callback(_abandon)
            raise
        except (Fenced, KafkaException) as error:
            log.warning("load failed, will be tried again", partition=partition, reason=str(error))
        except StateUnusable as error:
            self.config.on_unusable(str(error))
        except Exception as error:  # noqa: BLE001 - tried again, and told
            log.error("load broken", partition=partition, **where(error))  # noqa: TRY400
        return None

    def _fence_and_load(self, partition: int) -> Lane:
        config = self.config
        name = writer_name(config.app_id, config.changelog, partition)
        ownership = self._ownership(partition)
        producer = TransactionalProducer(config.client, name, partition, ownership)
        try:
            return self._opened(partition, producer)
        except StateUnusable:
            # Who took the name meanwhile (this process may have stood still) has written to what
            # was just read: then nothing is known of the state.
            producer.confirm(config.changelog)
            raise

    def _ownership(self, partition: int) -> Ownership:
        """Return what tells whether a partition that is loaded now is this worker's ever since."""
        config, keeper = self.config, self._tasks.get(partition)

        def leased() -> bool:
            now = self._tasks.get(partition)
            return now is not None and now is keeper and not self._suspended

        renewed = config.metrics.epoch_renewed
        return Ownership(config.client, config.changelog, partition, leased, renewed)

    def _opened(self, partition: int, producer: TransactionalProducer) -> Lane:
        state = self._states.open(partition)
        try:
            return self._loaded(partition, state, producer)
        except BaseException:
            state.close()
            raise

    def _loaded(self, partition: int, state: State, producer: TransactionalProducer) -> Lane:
        config, position = self.config, state.position
        config.vouch(partition, None if position is None else position.memo)
        position = position or Position({}, config.partitions, None)
        if position.partitions != config.partitions:
            raise PartitionsChanged(
                f"the state was made for {position.partitions} partitions, the topics have "
                f"{config.partitions}: go back to {position.partitions}, or delete the journal and "
                "start another app_id, which builds its state anew from the input topics"
            )
        shift = config.shift(partition)
        shift.load(state.records, position.memo)
        missing = self.watch.load(partition, position)
        log.info("loaded", partition=partition, records=len(state.records))
        lane = Lane(
            partition,
            position,
            shift,
            producer,
            config.changelog,
            config.solo,
            self._pool,
            config.metrics,
            config.on_committed,
            state,
        )
        lane.begin(*missing)
        return lane

    async def stop(self) -> None:
        """End all lanes after the work in hand."""
        self.watch.stop()
        tasks = list(self._tasks.values())
        self.assign(())
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown(wait=True)
        self._loading.shutdown(wait=True, cancel_futures=True)


def _abandon(loading: "asyncio.Future[Lane]") -> None:
    """Let go of a lane that nobody waits for any more."""
    if not loading.cancelled() and loading.exception() is None:
        loading.result().abandon()
