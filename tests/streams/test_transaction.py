"""The transactional producer over a hand-written client: what is tried again, what is fenced."""

import threading
from collections.abc import Callable
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.lane import transaction
from streams.lane.end_txn import SENT_AGAIN, EndTxns
from streams.lane.ownership import Ownership
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


class Owner:
    """Stands in for `Ownership`: answers what is planned, then that nothing is lost."""

    def __init__(self, *answers: str | KafkaException) -> None:
        self.answers = list(answers)
        self.asked: list[int | None] = []
        self.reasons: list[str] = []

    def lost(self, following: int | None) -> str:
        self.asked.append(following)
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, KafkaException):
            raise answer
        return answer

    def renewed(self, reason: str) -> None:
        self.reasons.append(reason)


class Untrusted(EndTxns):
    """Distrusts an epoch once it has ended a transaction."""

    def distrust(self, _: Any) -> str:
        return SENT_AGAIN if self._asked else ""


Owned = Callable[..., tuple[TransactionalProducer, list[Client]]]


@pytest.fixture
def owned(monkeypatch: pytest.MonkeyPatch) -> Owned:
    """Makes a producer whose epochs hold for one transaction; and the clients that it makes."""

    def make(
        owner: Owner | None, **plans: list[BaseException | None]
    ) -> tuple[TransactionalProducer, list[Client]]:
        clients: list[Client] = []

        def client(config: dict[str, Any]) -> Client:
            clients.append(Client(config))
            return clients[-1]

        monkeypatch.setattr(Client, "plans", plans)
        monkeypatch.setattr(transaction, "Producer", client)
        monkeypatch.setattr(transaction, "EndTxns", Untrusted)
        return TransactionalProducer({}, "app-log-7", 7, cast(Ownership, owner)), clients

    return make


def test_an_epoch_that_is_not_trusted_is_followed_by_another(owned: Owned) -> None:
    owner = Owner()
    producer, clients = owned(owner)
    producer.write(RECORDS)
    assert len(clients) == 1  # not before there is something to write
    producer._committed = 17
    producer.write(RECORDS[:1])
    assert [len(client.committed[0]) for client in clients] == [3, 1]
    assert clients[1].calls == ["init", "begin", "produce", "flush", "commit"]
    assert clients[0].config["transactional.id"] == clients[1].config["transactional.id"]
    assert owner.asked == [17, 17]  # before the name is taken anew, and after
    assert owner.reasons == [SENT_AGAIN]


def test_after_an_abort_that_is_not_trusted_the_rest_is_of_another_epoch(owned: Owned) -> None:
    producer, clients = owned(Owner(), commit=[abortable()])
    producer.write(RECORDS)
    assert [len(client.committed) for client in clients] == [0, 1]
    assert clients[0].calls[-1] == "abort"


@pytest.mark.parametrize(
    ("owner", "made"),
    [
        (None, 1),  # nobody can tell whether the name may be taken anew
        (Owner("another worker's"), 1),  # who owns it by now is not fenced
        (Owner("", "somebody wrote"), 2),
        (Owner(error()), 1),
        (Owner("", error()), 2),
    ],
)
def test_who_may_not_take_the_name_anew_is_fenced(
    owned: Owned, owner: Owner | None, made: int
) -> None:
    producer, clients = owned(owner)
    producer.write(RECORDS)
    with pytest.raises(Fenced, match=SENT_AGAIN):
        producer.write(RECORDS)
    assert len(clients) == made
    assert sum(len(client.committed) for client in clients) == 1
    assert owner is None or owner.reasons == []


def test_a_name_that_cannot_be_had_again_is_fenced(owned: Owned) -> None:
    producer, _ = owned(Owner(), init=[None, retriable()])
    producer.write(RECORDS)
    with pytest.raises(Fenced, match="as told"):
        producer.write(RECORDS)


def test_to_confirm_takes_no_name_anew(owned: Owned) -> None:
    producer, clients = owned(Owner())
    producer.write(RECORDS)
    with pytest.raises(Fenced):
        producer.confirm("a")
    assert len(clients) == 1


def test_a_fatal_error_that_comes_up_while_it_is_flushed_is_fenced(made: Plan) -> None:
    producer, client = made(flush=[SystemError()], commit=[fatal()])
    with pytest.raises(Fenced, match="as told"):
        producer.write(RECORDS)
    producer, client = made(flush=[fatal()])
    producer.write(RECORDS)  # it is the commit that tells
    assert len(client.committed) == 1


def test_nothing_is_written_as_no_transaction(made: Plan) -> None:
    producer, client = made()
    assert producer.write([]) is None
    assert client.calls == ["init"]


def test_callbacks_are_served_while_nothing_is_written(made: Plan) -> None:
    producer, client = made()
    producer.serve_callbacks()
    assert client.polled == [0]
    with producer._in_use:
        elsewhere = threading.Thread(target=producer.serve_callbacks)
        elsewhere.start()
        elsewhere.join()
    assert client.polled == [0]
