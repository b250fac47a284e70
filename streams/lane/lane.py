"""One lane: one partition number over all its source topics, one batch at a time.

A lane takes what has arrived as one batch, lets its shift compute what to write, and writes it
with the position in one transaction. State, outputs and progress are one atom: whatever dies,
the changelog tells where to go on.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from enum import Enum
from typing import Final

import structlog
from prometheus_client import CollectorRegistry

from nyxter_online.intake import Message
from streams.lane.changelog import POSITION_KEY, Position
from streams.lane.metrics import LaneMetrics
from streams.lane.records import Batch, Passed, Portion, Record, Shift
from streams.lane.state import MemoryState, State
from streams.lane.transaction import Fenced, TransactionalProducer
from streams.lane.unusable import StateUnusable
from streams.logs import where

log = structlog.get_logger()

_WORK_S: Final = 0.25  # a batch is bounded to about this much work
_LEAST: Final = 100
_FIRST: Final = 1_000
_MOST: Final = 16_000
_IDLE_S: Final = 0.2  # how often an idle lane looks for work that is due without messages
_GATHER_S: Final = 0.03  # from the start of one batch to that of the next, if that is a small one
_SMALL: Final = 200
_BEGINS: Final = "begins here"


class Ended(Enum):
    """How a lane came to its end."""

    STOPPED = "stopped"
    FENCED = "fenced"
    BROKEN = "broken"
    UNUSABLE = "unusable"


class Lane:
    """The lane of one partition number.

    Parameters
    ----------
    partition
        The number.
    position
        Where to go on, and how many partitions there are.
    shift
        The work, loaded.
    producer
        Writes to the partition; whoever wrote before is fenced.
    changelog
        The topic that holds the state and the position.
    solo
        Topics whose messages make a batch of their own.
    pool
        Where batches are computed and written.
    metrics
        Where the work is measured; none: nowhere that anybody looks.
    on_committed
        Called with the records of each transaction, once it is committed.
    state
        What is stored, kept up with what is committed; None: in the changelog alone.

    Attributes
    ----------
    unusable
        Why nobody can go on from the state, where the lane ended for that.

    """

    def __init__(
        self,
        partition: int,
        position: Position,
        shift: Shift,
        producer: TransactionalProducer,
        changelog: str,
        solo: frozenset[str],
        pool: Executor,
        metrics: LaneMetrics | None = None,
        on_committed: Callable[[Sequence[Record]], None] = lambda _: None,
        state: State | None = None,
    ) -> None:
        self.partition = partition
        self.shift = shift
        self.positions = dict(position.next)  # committed: the next offset of each topic
        self.expected = dict(position.next)  # taken in: the next offset of each topic
        self.position = position  # as it was loaded, then as it was written last
        self._producer = producer
        self._changelog = changelog
        self._solo = solo
        self._pool = pool
        self._metrics = metrics or LaneMetrics(CollectorRegistry())
        self._on_committed = on_committed
        self._state = state or MemoryState({})
        self.unusable = ""
        self._queue: deque[Portion] = deque()
        self._first: Batch | None = None  # goes before what is in the queue
        self._standing = False
        self._superseded = False
        self._wake = asyncio.Event()
        self._leased = asyncio.Event()
        self._stopping = False
        self._limit = _FIRST
        self._began = 0.0  # when the last batch did
        self.waiting_bytes = 0
        self.busy_since: float | None = None  # monotonic; None: nothing is in hand

    def begin(self, starts: Mapping[str, int], topic_ids: Mapping[str, str]) -> None:
        """Begin at the offsets of topics that were never read, and note the ids of topics.

        The first transaction stores both, and tells the journal.
        """
        if starts or topic_ids:
            portions = [Portion(topic, 0, at, ()) for topic, at in starts.items()]
            self._first = Batch(portions, passed=Passed(_BEGINS, topic_ids))
            self.expected |= starts
            self.position = self.position._replace(
                topic_ids={**self.position.topic_ids, **topic_ids}
            )

    def put(self, topic: str, messages: Sequence[Message], following: int = 0) -> None:
        """Take in fetched messages; those taken in before are passed over.

        `following` is the offset from which more is fetched: up to there lies nothing else but
        markers of transactions.
        """
        if self._standing:
            return  # whoever lets it go on asks for them again
        expected = self.expected.get(topic, 0)
        fresh = [message for message in messages if message.offset >= expected]
        end = max(following, fresh[-1].offset + 1) if fresh else following
        if end > expected:
            self.waiting_bytes += _size(fresh)
            self.expected[topic] = end
            self._queue.append(Portion(topic, expected, end, fresh))
            self._wake.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is in hand."""
        return not self._queue and self._first is None and self.busy_since is None

    @property
    def stands(self) -> bool:
        """Whether it takes in nothing more."""
        return self._standing

    @property
    def has_stopped(self) -> bool:
        """Whether it stands still, and what it had taken in is committed."""
        return self._standing and self.is_idle and not self._leased.is_set()

    def stand(self) -> None:
        """Take in nothing more, and stand still once what was taken in is committed."""
        self._standing = True
        self._wake.set()

    def supersede(self) -> None:
        """End the lane: somebody else has written the position, so it has to be loaded anew."""
        self._superseded = True
        self._leased.set()

    def lease(self) -> None:
        """Allow work: the group has given the partition to this worker."""
        self._standing = False
        self._leased.set()

    def suspend(self) -> None:
        """Begin no further work until the lease is given again."""
        self._leased.clear()

    def stop(self) -> None:
        """End the lane after the work in hand."""
        self._stopping = True
        self._wake.set()
        self._leased.set()

    def abandon(self) -> None:
        """Let go of everything, instead of running."""
        self._producer.close()
        self._state.close()

    async def run(self) -> Ended:
        """Work until stopped, fenced, or broken by a fault of our own (which is logged)."""
        try:
            return await self._run()
        except Fenced as reason:
            log.warning("lane fenced", partition=self.partition, reason=str(reason))
            return Ended.FENCED
        except StateUnusable as reason:
            log.error("state unusable", partition=self.partition, reason=str(reason))  # noqa: TRY400
            self.unusable = str(reason)
            return Ended.UNUSABLE
        except Exception as error:  # noqa: BLE001 - the lane is loaded anew
            log.error("lane broken", partition=self.partition, **where(error))  # noqa: TRY400
            return Ended.BROKEN
        finally:
            self.abandon()

    async def _run(self) -> Ended:
        loop = asyncio.get_running_loop()
        while True:
            await self._leased.wait()
            if self._stopping:
                return Ended.STOPPED
            if self._superseded:
                return Ended.FENCED
            if self._standing and self.is_idle:
                self._leased.clear()
                continue
            if not self.shift.ready():
                await self._rest()
                continue
            if await self._gathered():
                continue
            batch = self._take()
            self.busy_since = time.monotonic()
            did = await loop.run_in_executor(self._pool, self._work, batch)
            self.busy_since = None
            self.waiting_bytes -= _size(batch.messages)
            if not did and not self._queue:
                await self._rest()

    async def _gathered(self) -> bool:
        """Wait a little where batches are small, and tell whether that was so.

        The broker has fewer transactions to work off; messages that come when all was quiet are
        taken at once.
        """
        wait = self._began + _GATHER_S - time.monotonic()
        small = 0 < sum(len(portion.messages) for portion in self._queue) < _SMALL
        if wait > 0 and small:
            await asyncio.sleep(wait)
        return wait > 0 and small

    async def _rest(self) -> None:
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), _IDLE_S)
        except TimeoutError:
            return

    def _take(self) -> Batch:
        """Take portions off the queue up to the limit; a message of a solo topic alone."""
        if (first := self._first) is not None:
            self._first = None
            return first
        portions: list[Portion] = []
        room = self._limit
        while self._queue and room > 0:
            portion = self._queue[0]
            solo = portion.topic in self._solo
            if solo and portions:
                break
            self._queue.popleft()
            most = 1 if solo else room
            if len(portion.messages) > most:
                portion, rest = portion.cut(most)
                self._queue.appendleft(rest)
            portions.append(portion)
            room -= len(portion.messages)
            if solo:
                break
        return Batch(portions)

    def _work(self, batch: Batch) -> bool:
        """Do the batch, then what else is due, while more gathers; tell whether there was any."""
        if batch.portions or batch.passed:
            self._began = time.monotonic()
            self._handle(batch)
            if batch.messages:
                self._adapt(len(batch.messages), time.monotonic() - self._began)
        began = time.monotonic()
        chore = self.shift.chore(self.positions)
        if chore is not None:
            self._metrics.computed.observe(time.monotonic() - began)
            self._commit(chore, Batch([]))
        return chore is not None or bool(batch.portions)

    def _handle(self, batch: Batch) -> None:
        try:
            with self._metrics.computed.time():
                records = self._compute(batch)
        except StateUnusable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, some message causes it
            if len(batch.messages) > 1:
                for half in batch.halves():
                    self._handle(half)
                return
            records = self._compute(batch._replace(poison=type(error).__name__))
        self._commit(records, batch)

    def _compute(self, batch: Batch) -> list[Record]:
        try:
            return self.shift.handle(batch, self.positions)
        except StateUnusable:
            raise  # no message's fault
        except Exception:  # noqa: BLE001 - once more: the second failure counts
            self.shift.undo()
        try:
            return self.shift.handle(batch, self.positions)
        except Exception:
            self.shift.undo()
            raise

    def _commit(self, records: list[Record], batch: Batch) -> None:
        following = self.positions | {topic: end for topic, _, end in batch.spans}
        position = self.position._replace(next=following, memo=self.shift.memo())
        written = [*records, Record(self._changelog, POSITION_KEY, position.value())]
        with self._metrics.committed.time():
            self._state.apply(written, self._producer.write(written))
        self.shift.settle()
        self.position, self.positions = position, following
        self._metrics.applied(batch.messages)
        self._on_committed(records)

    def _adapt(self, count: int, seconds: float) -> None:
        """Bound the next batch to about `_WORK_S` of work, as this one went."""
        fitting = int(count * _WORK_S / max(seconds, 1e-6))
        if seconds > _WORK_S or count == self._limit:
            self._limit = min(_MOST, max(_LEAST, min(2 * self._limit, fitting)))


def _size(messages: Iterable[Message]) -> int:
    return sum(len(message.value or b"") for message in messages)
