"""Hand-written stand-ins around a lane: a producer, a shift, a cluster that fences and keeps."""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from streams.lane.changelog import POSITION_KEY, Position
from streams.lane.lane import Lane
from streams.lane.records import Batch, Record
from streams.lane.transaction import Fenced

PATIENCE_S = 60.0
WORK, CONTROL = "work", "control"


class Message(NamedTuple):
    """A message as a consumer hands it over."""

    topic: str
    offset: int
    value: bytes | None = b""
    key: bytes | None = None
    timestamp: int = 0
    headers: Any = None


def messages(count: int, topic: str = WORK, start: int = 0) -> list[Message]:
    """Messages with joined offsets whose values tell them apart."""
    return [Message(topic, start + n, f"{topic}-{start + n}".encode()) for n in range(count)]


class FakeProducer:
    """Keeps what is written, a list per transaction; raises what `failing` holds first."""

    def __init__(self) -> None:
        self.transactions: list[list[Record]] = []
        self.failing: list[Exception] = []
        self.closed = False

    def write(self, records: Iterable[Record]) -> None:
        listed = list(records)
        if self.failing:
            raise self.failing.pop(0)
        self.transactions.append(listed)

    def close(self) -> None:
        self.closed = True

    def positions(self) -> list[Position]:
        """The position of each transaction."""
        return [position_in(records) for records in self.transactions]


def position_in(records: Sequence[Record]) -> Position:
    """The one position among the records of a transaction."""
    (value,) = [record.value for record in records if record.key == POSITION_KEY]
    stored = {POSITION_KEY: value or b""}
    from streams.lane.changelog import read_position  # noqa: PLC0415 - beside its only use

    position = read_position(stored)
    assert position is not None
    return position


class FakeShift:
    """Writes one record a message, and holds its driver to the protocol of a shift.

    Parameters
    ----------
    raises
        Told each message that is not poison; raises where the work would.

    """

    def __init__(self, raises: Callable[[Message], None] = lambda _: None) -> None:
        self.raises = raises
        self.kept: list[Batch] = []
        self.pending: Batch | None = None
        self.loaded: tuple[Mapping[bytes, bytes], Any] | None = None
        self.chores: list[Any] = []
        self.is_ready = True
        self.undone = 0
        self.in_hand = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self._busy = threading.Lock()

    def load(self, stored: Mapping[bytes, bytes], memo: Any) -> None:
        assert self.loaded is None
        self.loaded = dict(stored), memo

    def ready(self) -> bool:
        return self.is_ready

    def handle(self, batch: Batch, positions: Mapping[str, int]) -> list[Record]:
        assert self._busy.acquire(blocking=False), "one batch at a time"
        try:
            assert self.pending is None, "settle or undo comes first"
            self._check(batch, positions)
            self.pending = batch
            self.in_hand.set()
            assert self.may_go_on.wait(PATIENCE_S)
            return self._records(batch)
        finally:
            self._busy.release()

    def _check(self, batch: Batch, positions: Mapping[str, int]) -> None:
        assert batch.messages
        reached = dict(positions)
        for topic, start, end in batch.spans:
            assert start == reached.get(topic, 0), "ranges join"
            reached[topic] = end

    def _records(self, batch: Batch) -> list[Record]:
        if batch.poison is not None:
            (message,) = batch.messages
            return [Record("dead", message.key, message.value)]
        for message in batch.messages:
            self.raises(message)
        return [Record("out", message.key, message.value) for message in batch.messages]

    def chore(self, positions: Mapping[str, int]) -> list[Record] | None:
        assert self.pending is None
        del positions
        if not self.chores:
            return None
        chore = self.chores.pop(0)
        if isinstance(chore, Exception):
            raise chore
        return [Record("chore", None, chore)]

    def settle(self) -> None:
        if self.pending is not None:
            self.kept.append(self.pending)
        self.pending = None

    def undo(self) -> None:
        self.undone += 1
        self.pending = None

    def get(self, key: str) -> Any:
        return key if any(m.key == key.encode() for b in self.kept for m in b.messages) else None

    def keys(self) -> list[str]:
        return sorted({m.key.decode() for b in self.kept for m in b.messages if m.key})

    def memo(self) -> Any:
        return len(self.kept) + (self.pending is not None)

    @property
    def handled(self) -> list[Message]:
        """All messages that were kept, in order."""
        return [message for batch in self.kept for message in batch.messages]


class FakeCluster:
    """What the lanes of one or more workers share: names that fence, and changelogs.

    `producers` are those alive by transactional id; making one fences the one before. What they
    write to the changelog is kept by partition. `on_load` runs in each load, before the changelog
    is read.
    """

    def __init__(self) -> None:
        self.changelogs: dict[int, dict[bytes, bytes]] = defaultdict(dict)
        self.producers: dict[str, _ClusterProducer] = {}
        self.ownerships: dict[str, Any] = {}
        self.loads: list[int] = []
        self.on_load: Callable[[int], None] = lambda _: None
        self.on_write: Callable[[int], None] = lambda _: None

    def producer(
        self, _: Mapping[str, Any], name: str, partition: int, ownership: Any = None
    ) -> "_ClusterProducer":
        """Stand in for `TransactionalProducer`."""
        self.ownerships[name] = ownership
        self.producers[name] = fresh = _ClusterProducer(self, name, partition)
        return fresh

    def read_changelog(self, _: Mapping[str, Any], topic: str, partition: int) -> Any:
        """Stand in for `read_changelog`."""
        del topic
        self.loads.append(partition)
        self.on_load(partition)
        return dict(self.changelogs[partition])


class _ClusterProducer:
    def __init__(self, cluster: FakeCluster, name: str, partition: int) -> None:
        self._cluster = cluster
        self._name = name
        self._partition = partition
        self.closed = False

    def write(self, records: Iterable[Record]) -> None:
        self._cluster.on_write(self._partition)
        self.confirm("changelog")
        for record in records:
            if record.topic == "changelog" and record.key is not None:
                self._cluster.changelogs[self._partition][record.key] = record.value or b""

    def confirm(self, _: str) -> None:
        if self._cluster.producers[self._name] is not self:
            raise Fenced("a newer producer has the name")

    def close(self) -> None:
        self.closed = True


def position_of(lane: Lane) -> Position:
    """The position at which a fresh lane over the same work would go on."""
    return Position(lane.positions, 1, None)


async def until(condition: Callable[[], Any], what: str) -> None:
    """Let the loop run until a condition holds; fail with what was waited for."""
    limit = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < limit, f"waited in vain until {what}"
        await asyncio.sleep(0.001)


async def a_while() -> None:
    """Let everything that can run without waiting run."""
    for _ in range(50):
        await asyncio.sleep(0)
