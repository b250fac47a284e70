"""What librdkafka does behind its caller's back: requests sent, and sent again until answered."""

from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError

from simulation import world
from simulation.coordinator import CONCURRENT, FENCED, MOVED, OK, WRONG_STATE
from simulation.kernel import Task
from simulation.logs import Intent, Record
from simulation.network import Connection, NoAnswer

_Place = tuple[str, int]


class Failed(Exception):  # noqa: N818 - it names what is the case
    """How an operation ended, as an error that the caller gets."""

    def __init__(self, error: KafkaError) -> None:
        super().__init__(error)
        self.error = error


def _fatal(reason: str) -> Failed:
    code = KafkaError._FENCED if reason == FENCED else KafkaError.INVALID_TXN_STATE
    return Failed(KafkaError(code, reason, fatal=True))


def _abortable(reason: str) -> Failed:
    code = KafkaError.INVALID_TXN_STATE
    return Failed(KafkaError(code, reason, txn_requires_abort=True))


class Delivered:
    """What a delivery report gets."""

    def __init__(self, place: _Place, offset: int) -> None:
        self._place, self._offset = place, offset

    def topic(self) -> str:
        return self._place[0]

    def partition(self) -> int:
        return self._place[1]

    def offset(self) -> int:
        return self._offset


class Operation:
    """Something that a producer does by itself until it is done."""

    def __init__(self, kind: str, before: "Operation | None") -> None:
        self.kind = kind
        self.before = before  # has to be over first
        self.is_over = False
        self.is_given_up = False
        self.error: KafkaError | None = None
        self.waits: Task | None = None

    def give_up(self) -> None:
        """Try nothing again."""
        self.is_given_up = True


def _nothing() -> None:
    """Count nothing."""


class Sending:
    """The requests of one transactional producer, and what is known of their answers."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._world = world.current()
        self._kernel = self._world.kernel
        self._broker = self._world.broker
        self._process = self._world.process
        self._name = str(config["transactional.id"])
        self._timeout_s = config["transaction.timeout.ms"] / 1000
        self._socket_s = config.get("socket.timeout.ms", 0) / 1000 or self._world.socket_timeout_s
        self._backoff_s = config.get("retry.backoff.ms", 100) / 1000
        self._backoff_most_s = max(self._backoff_s, config.get("retry.backoff.max.ms", 1000) / 1000)
        self._statistics: Callable[[str], Any] | None = config.get("stats_cb")
        self._statistics_s = config.get("statistics.interval.ms", 0) / 1000
        self._told_at = self._kernel.now
        self._sent: list[float] = []  # when each EndTxn request was
        self._connection = Connection(self._broker.network, self._process, self._name)
        self._id: tuple[int, int] | None = None
        self._fatal: KafkaError | None = None
        self._failed: KafkaError | None = None  # the transaction has to be aborted
        self._needs_epoch = False
        self._next: dict[_Place, int] = {}
        self._forget()
        self._operation: Operation | None = None
        self._operations: dict[Task, Operation] = {}  # by the thread that does it
        self._reports: list[tuple[Callable[..., Any], Any, Any]] = []
        self._transactions = 0

    def _forget(self) -> None:
        self._pending: list[tuple[_Place, Record, Any]] = []
        self._added: dict[_Place, None] = {}
        self._is_open = False
        self._intent: Intent | None = None

    def _again(self, kind: str, handle: Callable[[], Any], retried: tuple[str, ...]) -> Any:
        """Send a request until it is answered with what is worth no retry."""
        assert self._kernel.current is not None
        operation, backoff = self._operations[self._kernel.current], self._backoff_s
        while True:
            if operation.is_given_up:
                raise _abortable("given up")
            sent = self._count if kind == "EndTxn" else _nothing
            try:
                answer = self._connection.ask(kind, handle, self._socket_s, sent)
            except NoAnswer:
                answer = None
            code = answer[0] if isinstance(answer, tuple) else answer
            if answer is not None and code not in retried:
                return answer
            self._kernel.sleep(0.02 if code == CONCURRENT else backoff)
            if code != CONCURRENT:
                backoff = min(2 * backoff, self._backoff_most_s)

    def _count(self) -> None:
        self._sent.append(self._kernel.now)

    def _ask_id(self, known: tuple[int, int] | None) -> None:
        init = self._broker.coordinator.init
        code, given = self._again(
            "InitProducerId",
            lambda: init(self._name, self._timeout_s, known),
            (MOVED, CONCURRENT),
        )
        if code != OK:
            raise _fatal(code)
        self._id, self._next = given, {}

    def _send(self) -> None:
        """Send all that was taken: partitions first, then their records."""
        assert self._id is not None
        places = list(dict.fromkeys(place for place, _, _ in self._pending))
        self._kernel.random.shuffle(places)
        while fresh := [place for place in places if place not in self._added]:
            some = fresh[: self._kernel.random.choice([1, 2, 99])]
            self._add(some)
            if self._kernel.random.random() < 0.3:
                break
        for place in places:
            if place not in self._added:
                self._add([place])
            self._send_to(place)

    def _add(self, places: list[_Place]) -> None:
        add, producer = self._broker.coordinator.add, self._id
        assert producer is not None
        code = self._again(
            "AddPartitions", lambda: add(self._name, producer, places), (MOVED, CONCURRENT)
        )
        if code != OK:
            raise _fatal(code)
        self._added.update(dict.fromkeys(places))

    def _send_to(self, place: _Place) -> None:
        waiting = [item for item in self._pending if item[0] == place]
        most = self._kernel.random.choice([3, 50, 1_000, 1_000])
        for first in range(0, len(waiting), most):
            self._send_batch(place, waiting[first : first + most])
        self._pending = [item for item in self._pending if item[0] != place]

    def _send_batch(self, place: _Place, batch: list[tuple[_Place, Record, Any]]) -> None:
        producer, sequence = self._id, self._next.get(place, 0)
        assert producer is not None
        records = [record for _, record, _ in batch]
        produce = self._broker.produce
        code, offset = self._again(
            "Produce", lambda: produce(self._name, producer, place, sequence, records), ()
        )
        if code == FENCED:
            raise _fatal(code)
        if code != OK:
            self._needs_epoch = True
            raise _abortable(code)
        self._next[place] = sequence + len(batch)
        for index, (_, _, report) in enumerate(batch):
            if report is not None:
                self._reports.append((report, None, Delivered(place, offset + index)))

    def _commit(self) -> None:
        self._send()
        if self._added:
            self._end(commit=True)

    def _abort(self) -> None:
        if self._pending:
            self._needs_epoch = True  # what was sent of them nobody knows
        if self._added:
            self._end(commit=False)
        if self._needs_epoch:
            self._ask_id(self._id)
            self._needs_epoch = False

    def _end(self, *, commit: bool) -> None:
        end, producer, meant = self._broker.coordinator.end, self._id, self._intent
        assert producer is not None
        code = self._again(
            "EndTxn", lambda: end(self._name, producer, meant, commit=commit), (MOVED, CONCURRENT)
        )
        if code != OK:
            raise _fatal(code if code == FENCED else WRONG_STATE)
