"""The transactional producer over a hand-written client: what is tried again, what is fenced."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.lane import transaction
from streams.lane.records import Record
from streams.lane.transaction import TIMEOUT_MS, Fenced, TransactionalProducer

RECORDS = [
    Record("a", b"k", b"v"),
    Record("b", None, None, [("h", b"1")], 2, 1_700_000_000_000),
    Record("a", b"k", b"w", []),
]


def error(name: int = KafkaError._FAIL, **kind: bool) -> KafkaException:
    return KafkaException(KafkaError(name, "as told", **kind))


def abortable() -> KafkaException:
    return error(KafkaError._TIMED_OUT, txn_requires_abort=True)


def retriable() -> KafkaException:
    return error(KafkaError._TIMED_OUT, retriable=True)


def fatal() -> KafkaException:
    return error(KafkaError._FENCED, fatal=True)


class Client:
    """Stands in for `confluent_kafka.Producer`: does what is planned, then succeeds."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.calls: list[str] = []
        self.open: list[tuple[Any, ...]] | None = None
        self.committed: list[list[tuple[Any, ...]]] = []
        self.polled: list[float] = []
        self.purged = False

    plans: dict[str, list[BaseException | None]] = {}  # noqa: RUF012 - each test sets its own

    def _do(self, call: str) -> None:
        self.calls.append(call)
        planned = self.plans.get(call)
        outcome = planned.pop(0) if planned else None
        if outcome is not None:
            raise outcome

    def init_transactions(self, _: float) -> None:
        self._do("init")

    def begin_transaction(self) -> None:
        self._do("begin")
        assert self.open is None
        self.open = []

    def produce(
        self, topic: str, value: bytes | None, key: bytes | None, partition: int, **options: Any
    ) -> None:
        self._do("produce")
        assert self.open is not None
        options.pop("on_delivery", None)  # told how far the topic of state has come
        self.open.append((topic, key, value, partition, options))

    def flush(self, _: float) -> int:
        self._do("flush")
        return 0

    def commit_transaction(self, _: float) -> None:
        self._do("commit")
        assert self.open is not None
        self.committed.append(self.open)
        self.open = None

    def abort_transaction(self, _: float) -> None:
        self._do("abort")
        self.open = None

    def poll(self, seconds: float) -> None:
        self.polled.append(seconds)

    def purge(self) -> None:
        self.purged = True


Plan = Callable[..., tuple[TransactionalProducer, Client]]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Plan:
    def make(**plans: list[BaseException | None]) -> tuple[TransactionalProducer, Client]:
        monkeypatch.setattr(Client, "plans", plans)
        monkeypatch.setattr(transaction, "Producer", Client)
        producer = TransactionalProducer({"bootstrap.servers": "b"}, "app-log-7", 7)
        return producer, producer._producer  # type: ignore[return-value]

    return make


def test_records_go_to_the_own_partition_unless_another_is_named(made: Plan) -> None:
    producer, client = made()
    producer.write(iter(RECORDS))
    assert client.committed == [
        [
            ("a", b"k", b"v", 7, {}),
            ("b", None, None, 2, {"headers": [("h", b"1")], "timestamp": 1_700_000_000_000}),
            ("a", b"k", b"w", 7, {}),
        ]
    ]
    assert client.config["transactional.id"] == "app-log-7"
    assert client.config["transaction.timeout.ms"] == TIMEOUT_MS == 15_000


def test_what_must_be_aborted_is_aborted_and_written_again(made: Plan) -> None:
    producer, client = made(commit=[abortable(), abortable()])
    producer.write(iter(RECORDS))  # from an iterator: the same records again all the same
    assert client.calls.count("abort") == 2
    assert len(client.committed) == 1
    assert len(client.committed[0]) == len(RECORDS)


def test_a_produce_that_must_be_aborted_is_written_again(made: Plan) -> None:
    producer, client = made(produce=[None, abortable()])
    producer.write(RECORDS)
    assert client.calls[:6] == ["init", "begin", "produce", "produce", "abort", "begin"]
    assert len(client.committed[0]) == len(RECORDS)


def test_a_commit_that_can_be_tried_again_is(made: Plan) -> None:
    producer, client = made(commit=[retriable(), retriable()])
    producer.write(RECORDS)
    assert client.calls.count("commit") == 3
    assert client.calls.count("begin") == 1
    assert "abort" not in client.calls


@pytest.mark.parametrize(
    ("plans", "calls"),
    [
        ({"commit": [fatal()]}, {"commit": 1, "abort": 0}),
        ({"commit": [error()]}, {"commit": 1, "abort": 0}),
        ({"commit": [retriable() for _ in range(9)]}, {"commit": 3, "abort": 0, "begin": 1}),
        ({"commit": [abortable() for _ in range(9)]}, {"commit": 3, "abort": 2, "begin": 3}),
        ({"commit": [abortable()], "abort": [fatal()]}, {"commit": 1, "abort": 1, "begin": 1}),
        ({"produce": [fatal()]}, {"produce": 1, "commit": 0}),
        ({"begin": [fatal()]}, {"begin": 1, "produce": 0}),
    ],
)
def test_what_is_not_known_to_hold_is_fenced(
    made: Plan, plans: dict[str, Any], calls: dict[str, int]
) -> None:
    producer, client = made(**plans)
    with pytest.raises(Fenced):
        producer.write(RECORDS)
    assert not client.committed
    assert {call: client.calls.count(call) for call in calls} == calls


def test_a_name_is_confirmed_by_a_commit_that_changes_nothing(made: Plan) -> None:
    producer, client = made()
    producer.confirm("a")
    assert client.committed == [[("a", b'["confirm"]', None, 7, {})]]
    producer, _ = made(commit=[fatal()])
    with pytest.raises(Fenced, match="as told"):
        producer.confirm("a")


def test_a_name_that_cannot_be_had_is_fenced(made: Plan) -> None:
    with pytest.raises(Fenced, match="as told"):
        made(init=[retriable()])


def test_a_full_buffer_is_polled_empty(made: Plan) -> None:
    producer, client = made(produce=[BufferError(), BufferError(), None, BufferError()])
    producer.write(RECORDS)
    assert client.polled == [0, 0.05, 0.05, 0.05]
    assert len(client.committed[0]) == len(RECORDS)


def test_closing_gives_up_what_is_not_sent(made: Plan) -> None:
    producer, client = made()
    producer.close()
    assert client.purged
