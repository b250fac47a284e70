"""librdkafka's consumer: partitions that are assigned, positions, ends told, and a group."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

from simulation import world
from simulation.logs import Log, Record
from simulation.network import Connection, NoAnswer

_Place = tuple[str, int]
_ASKED_S = 0.001


class Message:
    """`confluent_kafka.Message`."""

    __slots__ = ("_error", "_offset", "_place", "_record")

    def __init__(
        self, place: _Place, offset: int, record: Record | None, error: KafkaError | None = None
    ) -> None:
        self._place = place
        self._offset = offset
        self._record = record
        self._error = error

    def topic(self) -> str:
        return self._place[0]

    def partition(self) -> int:
        return self._place[1]

    def offset(self) -> int:
        return self._offset

    def error(self) -> KafkaError | None:
        return self._error

    def key(self) -> bytes | None:
        return self._record.key if self._record else None

    def value(self) -> bytes | None:
        return self._record.value if self._record else None

    def headers(self) -> Any:
        return self._record.headers if self._record else None

    def timestamp(self) -> tuple[int, int]:
        return 1, self._record.timestamp if self._record else 0


class Consumer:
    """`confluent_kafka.Consumer`, without a group or in one (`simulation.members`)."""

    def __init__(self, config: Mapping[str, Any], *_: Any, **__: Any) -> None:
        self._world = world.current()
        self._kernel = self._world.kernel
        self._broker = self._world.broker
        self._process = self._world.process
        self._connection = Connection(self._broker.network, self._process)
        self._committed = config.get("isolation.level", "read_committed") == "read_committed"
        self._tells_ends = bool(config.get("enable.partition.eof"))
        self._reset = config.get("auto.offset.reset", "latest")
        self._config = config
        self._at: dict[_Place, int] = {}
        self._ended: dict[_Place, int] = {}
        self._paused: set[_Place] = set()
        self._queue: deque[Message] = deque()
        self._member: Any = None

    # Assignment

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read these partitions, from their offsets on."""
        self._at, self._ended, self._paused = {}, {}, set()
        self._queue.clear()
        for each in partitions:
            self._at[each.topic, each.partition] = self._start(each)

    def _start(self, place: TopicPartition) -> int:
        return 0 if place.offset == OFFSET_BEGINNING or place.offset < 0 else int(place.offset)

    def assignment(self) -> list[TopicPartition]:
        """Return what is read."""
        return [TopicPartition(*place) for place in self._at]

    def unassign(self) -> None:
        """Read nothing."""
        self.assign([])

    def seek(self, place: TopicPartition) -> None:
        """Go on from another offset."""
        at = place.topic, place.partition
        self._at[at] = self._start(place)
        self._ended.pop(at, None)
        self._queue = deque(m for m in self._queue if m._place != at)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Read nothing of these."""
        self._paused.update((each.topic, each.partition) for each in partitions)

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Read them again."""
        self._paused.difference_update((each.topic, each.partition) for each in partitions)

    def position(self, partitions: list[TopicPartition]) -> list[TopicPartition]:
        """Return where reading is."""
        waiting = {m._place: m._offset for m in reversed(self._queue) if m._error is None}
        return [
            TopicPartition(
                p.topic,
                p.partition,
                waiting.get((p.topic, p.partition), self._at[p.topic, p.partition]),
            )
            for p in partitions
        ]

    # Group

    def subscribe(
        self,
        topics: list[str],
        on_assign: Callable[..., Any] | None = None,
        on_revoke: Callable[..., Any] | None = None,
        on_lost: Callable[..., Any] | None = None,
    ) -> None:
        """Join the group."""
        from simulation.members import Member  # noqa: PLC0415 - they know each other

        calls = SimpleNamespace(on_assign=on_assign, on_revoke=on_revoke, on_lost=on_lost)
        self._member = Member(self, self._config, topics, calls)

    def commit(self, *_: Any, **__: Any) -> None:
        """Tell the group how far we are: nobody here asks."""

    # Records

    def poll(self, timeout: float = -1) -> Message | None:
        """Return the next message, waiting for it."""
        limit = self._kernel.now + (timeout if timeout >= 0 else 1e9)
        while True:
            if self._member is not None:
                self._member.serve()
            if not self._queue:
                self._fetch()
            if self._queue:
                return self._queue.popleft()
            left = limit - self._kernel.now
            if left <= 0:
                self._kernel.sleep(_ASKED_S)  # who asks again and again lets time go by
                return None
            self._wait(left)

    def consume(self, num_messages: int = 1, timeout: float = -1) -> list[Message]:
        """Return the messages that are there, waiting for the first."""
        first = self.poll(timeout)
        found = [] if first is None else [first]
        while self._queue and len(found) < num_messages:
            found.append(self._queue.popleft())
        return found

    def _logs(self) -> list[tuple[_Place, Log]]:
        pairs = ((place, self._broker.find(*place)) for place in self._at)
        return [(place, log) for place, log in pairs if log and place not in self._paused]

    def _wait(self, seconds: float) -> None:
        task = self._kernel.current
        assert task is not None
        if self._member is not None:
            seconds = min(seconds, 0.1)
        for _, log in self._logs():
            log.waiting.append(task)
        if self._kernel.block(seconds):
            self._kernel.sleep(self._broker.network.delay(self._process))

    def _fetch(self) -> None:
        """Take what is there of each partition."""
        if self._broker.network.is_dark(self._process):
            return
        for place, log in self._logs():
            at = self._at[place]
            if not log.start <= at <= log.end:
                self._mend(place, log)
                continue
            most = self._kernel.random.randint(1, self._world.most_fetched)
            read = log.read(at, most, committed=self._committed)
            self._queue.extend(Message(place, record.offset, record) for record in read.records)
            self._at[place] = read.next
            if read.next >= log.limit(committed=self._committed):
                self._end(place, read.next)

    def _end(self, place: _Place, offset: int) -> None:
        if self._tells_ends and self._ended.get(place) != offset:
            self._ended[place] = offset
            error = KafkaError(KafkaError._PARTITION_EOF)
            self._queue.append(Message(place, offset, None, error))

    def _mend(self, place: _Place, log: Log) -> None:
        """Do with a position that the log does not have what the settings say."""
        at = self._at[place]
        if self._reset in ("earliest", "smallest", "beginning"):
            self._at[place] = log.start
        elif self._reset in ("latest", "largest", "end"):
            self._at[place] = log.limit(committed=self._committed)
        else:
            error = KafkaError(KafkaError._AUTO_OFFSET_RESET, "no such offset")
            self._paused.add(place)
            self._queue.append(Message(place, at, None, error))

    # Questions

    def get_watermark_offsets(
        self, place: TopicPartition, timeout: float = 60.0, cached: bool = False
    ) -> tuple[int, int]:
        """Return the first offset and the one that a reader gets to."""
        del cached
        log = self._ask(lambda: self._broker.find(place.topic, place.partition), timeout)
        if log is None:
            raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        return log.start, log.limit(committed=self._committed)

    def list_topics(self, topic: str | None = None, timeout: float = 60.0) -> Any:
        """Return what topics there are."""
        from simulation.admin import metadata  # noqa: PLC0415 - as `subscribe`

        return self._ask(lambda: metadata(self._broker, topic), timeout)

    def _ask(self, handle: Callable[[], Any], timeout: float) -> Any:
        limit = self._kernel.now + timeout
        while True:
            try:
                return self._connection.ask("Question", handle, min(timeout, 60.0))
            except NoAnswer:
                if self._kernel.now >= limit:
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT)) from None
                self._kernel.sleep(0.1)

    def close(self) -> None:
        """Leave the group, read no more."""
        if self._member is not None:
            self._member.leave()
        self._at = {}
        self._queue.clear()
