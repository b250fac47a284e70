"""Faust's aiokafka transport, handing agents everything fetched for a partition as one batch.

What the lanes need differs from Faust's own consumer in six ways: messages come in batches;
fetching starts at the position stored with the state, not at the group's committed offset; a
partition whose messages wait for work is not fetched further (by bytes); inputs are read
`read_committed`; an offset that the broker no longer has stops its partition instead of being
passed over; and a batch that aiokafka cannot decode is read by another client. Joining the group,
fetching and calling agents stay Faust's.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import faust
import structlog
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    UnsupportedCodecError,
)
from aiokafka.structs import ConsumerRecord
from faust.events import Event
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import WorkerThread

from nyxter_online.intake import Message
from streams.lane.fetch_errors import FetchErrors
from streams.lane.input_checks import RESTORE
from streams.lane.lanes import Lanes
from streams.lane.standstills import Reason
from streams.lane.substitute import Place, Reading, Unreadable, read_otherwise

log = structlog.get_logger()

_FETCH_WAIT_MS: Final = 100
_POLL_S: Final = 0.25
_NOTHING_S: Final = 0.01
_PACE_S: Final = 0.01  # between two looks at what was fetched: each costs as much as many messages
_AGAIN_S: Final = 0.5
_NARROW_S: Final = 1.0  # how long some places are waited for while looking for a broken one
_NOBODY: Final = TP("nobody", 0)


class Fetched(NamedTuple):
    """Messages of one topic and partition, fetched together: what an agent gets as an event.

    Attributes
    ----------
    topic, partition
        Where they lie.
    messages
        None, where only markers of transactions were passed.
    opening
        That of the gate through which they came.
    following
        The offset from which more is fetched.

    """

    topic: str
    partition: int
    messages: Sequence[Message]
    opening: int
    following: int


class BatchTopic(faust.Topic):
    """A topic whose events are batches: lists of records as they were fetched."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__dict__["decode"] = self._as_it_is  # Faust sets its own on the instance

    async def _as_it_is(self, message: Any, *, propagate: bool = False) -> Event:
        del propagate
        return Event(self.app, None, message.value, None, message)


class _Daemon(WorkerThread):
    """A thread that does not hold the process back where the broker is away as it ends."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.daemon = True


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, reading only what is committed, and never passing over a hole."""

    Worker = _Daemon

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS
        consumer._auto_offset_reset = "none"  # Faust lets only earliest and latest be set
        return consumer

    async def on_start(self) -> None:
        """Listen to what brokers answer to fetches."""
        await super().on_start()
        fetcher = self._consumer._fetcher
        fetcher._client = FetchErrors(fetcher._client, self.consumer.doubt)


class Consumer(driver.Consumer):
    """Faust's consumer with a gate per partition number, opened by the lanes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lanes: Lanes = self.app.lanes
        self._lanes.open_gate = self._open
        self._lanes.close_gate = self._close
        self._lanes.fetching = self.fetching
        self._open_tps: dict[TP, int] = {}  # with the opening that each is of
        self._openings: dict[int, int] = {}
        self._wanted: set[int] = set()
        self._seeks: set[asyncio.Task[None]] = set()
        self._suspects: deque[list[TP]] = deque()  # where a batch that can't be decoded may lie
        self._passed: dict[TP, int] = {}  # up to where each was handed over
        self._doubted: set[int] = set()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Suspend the lanes before anything else."""
        self._lanes.suspend()
        await super().on_partitions_revoked(revoked)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek nowhere: each lane asks for the position stored with its state."""
        return {}

    def _new_offset(self, tp: TP) -> int | None:
        """Return the lane's position: the group's offsets only tell tools the lag."""
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        lane = self._lanes.get(tp.partition)
        return lane.positions.get(tp.topic) if lane is not None else None

    def _open(self, partition: int, positions: Mapping[str, int]) -> None:
        self._close(partition)
        self._wanted.add(partition)
        opening = self._openings[partition] = self._openings.get(partition, 0) + 1
        wanted = {TP(t, partition): positions.get(t, 0) for t in self._lanes.config.sources}
        task = asyncio.ensure_future(self._seek_and_open(partition, wanted, opening))
        self._seeks.add(task)
        task.add_done_callback(self._seeks.discard)

    def _close(self, partition: int) -> None:
        self._wanted.discard(partition)
        self._openings[partition] = self._openings.get(partition, 0) + 1
        for tp in [tp for tp in self._open_tps if tp.partition == partition]:
            del self._open_tps[tp]

    async def _seek_and_open(self, partition: int, wanted: dict[TP, int], opening: int) -> None:
        while self._openings[partition] == opening:
            try:
                stands = await self._lanes.watch.check(
                    partition, {tp.topic: at for tp, at in wanted.items()}
                )
                if not stands:
                    await self.seek_wait(wanted)
            except Exception as error:  # noqa: BLE001 - not assigned yet, or the broker is away
                log.info("seek again", partition=partition, reason=type(error).__name__)
                await asyncio.sleep(_AGAIN_S)
                continue
            if self._openings[partition] != opening:
                return
            for each in stands:
                self._lanes.stop_partition(partition, each.reason, each.detail, each.remedy)
            if not stands:
                self._open_tps.update(dict.fromkeys(wanted, opening))
                self._passed.update(wanted)
                self._lanes.gate_opened(partition)
            return

    async def _drain_messages(self, fetcher: Any) -> None:
        while not (self._stopped.is_set() or fetcher._stopped.is_set()):
            self._lanes.turned_at = time.monotonic()
            if not self.flow_active:
                await self.wait_first(self.can_resume_flow.wait(), timeout=1.0)
                continue
            turns = self._fetchable()
            fetched = await self._fetch(turns)
            self._check_doubted()
            for tp, records in fetched.items():
                if self._open_tps.get(tp) == turns.get(tp):
                    await self._deliver(tp, records, turns[tp], self._following(tp, records))
                else:
                    self._seek_back(tp.partition)
            await self._deliver_markers(turns)
            await asyncio.sleep(_PACE_S if fetched else 0)

    def _following(self, tp: TP, records: list[Any]) -> int:
        """Return the offset after what was fetched and the markers of transactions behind it."""
        return max(int(records[-1].offset) + 1, self.reached(tp.topic, tp.partition))

    async def _deliver_markers(self, turns: Mapping[TP, int]) -> None:
        """Let positions pass markers that came without messages: they may be deleted, too."""
        for tp, turn in turns.items():
            reached = self.reached(tp.topic, tp.partition)
            if self._open_tps.get(tp) == turn and reached > self._passed.get(tp, reached):
                await self._deliver(tp, [], turn, reached)

    async def _fetch(self, turns: Mapping[TP, int]) -> Mapping[TP, list[Any]]:
        """Return what was fetched of places that may be.

        A batch that cannot be decoded makes aiokafka lose what it took out of other places with
        it, and it does not say where the batch lies. So all are asked for anew from what their
        lanes have, half by half, until one fails alone: that one is read otherwise. An offset that
        is not there fails alone, and loses nothing.
        """
        narrowed = self._narrowed(turns)
        # Asking for nobody's messages tells the group that we are alive while lanes load.
        wanted = narrowed or list(turns) or [_NOBODY]
        wait = _NARROW_S if narrowed else _POLL_S if turns else _NOTHING_S
        try:
            fetched = await self._getmany(active_partitions=set(wanted), timeout=wait)
        except (NoOffsetForPartitionError, OffsetOutOfRangeError) as error:
            self._find_holes(error)
            return {}
        except Exception as error:
            if not _is_undecoded(error):
                raise
            await self._ask_again(wanted)
            if len(wanted) > 1:
                middle = len(wanted) // 2
                self._suspects += (wanted[:middle], wanted[middle:])
            else:
                await self._read_otherwise(wanted[0], type(error).__name__)
            return {}
        if narrowed and fetched:
            self._suspects.append(narrowed)  # what is broken may come only now
        return fetched or {}

    def doubt(self, partition: int) -> None:
        """Take note that a broker does not know a topic of a partition just now; from any thread.

        It may be made anew: what is fetched next may be another topic's.
        """
        self._doubted.add(partition)

    def _check_doubted(self) -> None:
        """Open anew the gates of partitions in doubt, before anything more is handed over."""
        for partition in self._doubted & {tp.partition for tp in self._open_tps}:
            self._doubted.discard(partition)
            self._seek_back(partition)

    def _find_holes(self, error: Exception) -> None:
        """Open anew the gates of places that have not the offset asked for: that finds out why.

        What aiokafka asked for before a gate was opened is of no interest.
        """
        if isinstance(error, OffsetOutOfRangeError):
            for partition in {tp.partition for tp in error.args[0]}:
                self._seek_back(partition)

    def _narrowed(self, turns: Mapping[TP, int]) -> list[TP]:
        """Return the next suspects that may be fetched; none where nothing is suspected."""
        while self._suspects:
            if places := [tp for tp in self._suspects.popleft() if tp in turns]:
                return places
        return []

    async def _ask_again(self, places: list[TP]) -> None:
        """Open the gates of places anew, and wait a little until they are open."""
        for partition in {tp.partition for tp in places}:
            self._seek_back(partition)
        if self._seeks:
            await asyncio.wait(self._seeks, timeout=_NARROW_S)

    async def _read_otherwise(self, tp: TP, why: str) -> None:
        """Hand over messages that aiokafka cannot decode; where nobody can, stop their partition.

        Passing over them would lose them without a trace.
        """
        lane, opening = self._lanes.get(tp.partition), self._open_tps.get(tp)
        if lane is None or opening is None:
            return
        told = log.bind(topic=tp.topic, partition=tp.partition, why=why)
        place = Place(tp.topic, tp.partition, lane.expected.get(tp.topic, 0))
        try:
            reading = await asyncio.to_thread(read_otherwise, self._lanes.config.client, place)
        except Unreadable as reason:
            detail = f"{tp.topic} cannot be decoded at offset {place.offset}: {reason}"
            self._lanes.stop_partition(tp.partition, Reason.UNREADABLE, detail, RESTORE)
            return
        told.warning("read by another client", offset=place.offset, messages=len(reading.messages))
        await self._go_on(tp, reading, opening)

    async def _go_on(self, tp: TP, reading: Reading, opening: int) -> None:
        """Hand over what was read otherwise and fetch behind it, unless the gate has moved."""
        if self._open_tps.get(tp) != opening:
            return
        try:
            await self.seek_wait({tp: reading.next})
        except Exception:  # noqa: BLE001 - not assigned any more
            self._seek_back(tp.partition)
            return
        if reading.messages:
            await self._deliver(tp, reading.messages, opening, reading.next)

    def _seek_back(self, partition: int) -> None:
        """Ask again for messages that were fetched while their gate was opened anew.

        They are dropped, but fetching them has moved the position on. Where the gate is closed
        there is nothing to do: whoever opens it seeks.
        """
        lane = self._lanes.get(partition)
        if lane is not None and partition in self._wanted:
            self._open(partition, lane.expected)

    def _fetchable(self) -> dict[TP, int]:
        return {tp: turn for tp, turn in self._open_tps.items() if self._lanes.room(tp.partition)}

    async def _deliver(self, tp: TP, records: list[Any], opening: int, following: int) -> None:
        self._passed[tp] = following
        message = self._to_message(tp, records[-1] if records else _marker(tp, following - 1))
        message.value = Fetched(tp.topic, tp.partition, records, opening, following)
        await self.callback(message)

    def reached(self, topic: str, partition: int) -> int:
        """Return the offset up to which a partition was fetched, 0 where it is not.

        It lies beyond transaction markers, as positions of lanes do not.
        """
        consumer = self._thread._consumer
        assigned = consumer and consumer._subscription.subscription.assignment
        state = assigned and assigned.state_value(TP(topic, partition))
        return int(state.position) if state and state.has_valid_position else 0

    def fetching(self, partition: int) -> str:
        """Return why an idle lane may not get messages that there are."""
        if not self.flow_active:
            return "the flow of messages is held back"
        if not any(tp.partition == partition for tp in list(self._open_tps)):
            return "the broker has not let it seek to its positions"
        return "nothing that is fetched reaches it"

    def is_current(self, fetched: Fetched) -> bool:
        """Tell whether messages were fetched since the gate of their partition was last opened."""
        return self._openings.get(fetched.partition) == fetched.opening


def _marker(tp: TP, offset: int) -> ConsumerRecord:
    """Return what stands for a marker of a transaction, which no consumer hands over."""
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 0, None, None, None, -1, -1, ())


def _is_undecoded(error: Exception) -> bool:
    """Tell whether a batch could not be decoded, in whatever words its codec has for that."""
    if isinstance(error, UnsupportedCodecError | CorruptRecordException):
        return True
    return not isinstance(error, KafkaError | ConsumerStoppedError)


class Transport(driver.Transport):
    """The transport `lane://`."""

    Consumer = Consumer
