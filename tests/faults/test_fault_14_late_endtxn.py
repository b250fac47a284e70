"""An EndTxn comes late, into the next transaction: nothing is torn by it."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import aborting_worker
import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from conftest import need_kafka, unique
from holding_proxy import MOMENTS, HoldingProxy, Late, Moment
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, asked, wait_until
from storm import RULES, arriving, orders, today

from streams import topics
from streams.lane import transaction
from streams.lane.changelog import opened
from streams.lane.end_txn import EndTxns
from streams.lane.ownership import Ownership
from streams.lane.records import Record
from streams.lane.transaction import Fenced, TransactionalProducer

pytestmark = pytest.mark.kafka

ABORTING: Final = (aborting_worker.__file__,)
PORTION: Final = 20  # events that are sent at a time
PARTITIONS: Final = 6
# The partition numbers of a transaction's records. Of the first there are so many that the client
# asks for the others later; a small one is written in three answers.
LARGE: Final = (*[0] * 5_000, *range(1, PARTITIONS))
SMALL: Final = (0,)
MOST: Final = 6  # transactions within which what is late has come

Case = tuple[Moment, bool]
CASES: Final[tuple[Case, ...]] = tuple((m, commit) for m in MOMENTS for commit in (True, False))
TRIES: Final = 30
# These tear about every other transaction, where nothing is done against it.
TEARING: Final[tuple[Case, ...]] = (("between Produces", True), ("between AddPartitions", False))


@pytest.fixture(scope="module")
def proxy() -> Iterator[HoldingProxy]:
    with HoldingProxy() as running:
        yield running


@pytest.fixture(scope="module")
def broker(proxy: HoldingProxy) -> Iterator[KafkaBroker]:
    need_kafka()
    with KafkaBroker(proxy=proxy.address) as running:
        proxy.upstream = running.behind_proxy
        yield running


class Bench:
    """The lane's own producer behind the proxy, and what became of each of its transactions."""

    def __init__(
        self, broker: KafkaBroker, proxy: HoldingProxy, numbers: Sequence[int] = LARGE
    ) -> None:
        self._numbers = numbers
        self._client: dict[str, Any] = {"bootstrap.servers": broker.bootstrap, "log_level": 0}
        self._proxied = self._client | {"bootstrap.servers": proxy.address}
        self._proxy = proxy
        self._name, self._topic, self._changelog = unique("lane"), unique("out"), unique("log")
        made = [topics.Topic(self._topic, PARTITIONS, "delete")]
        made.append(topics.Topic(self._changelog, 1, "compact"))
        topics.create(AdminClient(self._client), made)
        self.renewed: list[str] = []
        self.fenced: list[str] = []
        self._returned: list[bytes] = []
        self._written = 0
        self._producer = self._made()

    def _made(self) -> TransactionalProducer:
        ownership = Ownership(self._client, self._changelog, 0, lambda: True, self.renewed.append)
        return asked(lambda: TransactionalProducer(self._proxied, self._name, 0, ownership))  # type: ignore[no-any-return]

    def write(self) -> None:
        """Write a transaction; where that is fenced, go on with another producer, as lanes do."""
        self._written += 1
        tag = str(self._written).encode()
        records = [Record(self._topic, tag, b"", None, number) for number in self._numbers]
        try:
            self._producer.write([*records, Record(self._changelog, tag, b"")])
        except Fenced as reason:
            self.fenced.append(str(reason))
            self._producer.close()
            self._producer = self._made()
        else:
            self._returned.append(tag)

    @property
    def count(self) -> int:
        """How many transactions are known to be committed."""
        return len(self._returned)

    def write_for(self, seconds: float) -> None:
        """Write one transaction after the other for so long."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.write()

    def abort_next(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the next transaction fail once all of it is sent, so that it is aborted."""
        producer, produce = self._producer, self._producer._produce
        abortable = KafkaError(KafkaError._TIMED_OUT, "of the test", txn_requires_abort=True)

        def fail(records: Any) -> None:
            monkeypatch.setattr(producer, "_produce", produce)
            produce(records)
            producer._producer.flush(30)
            raise KafkaException(abortable)

        monkeypatch.setattr(producer, "_produce", fail)

    def torn(self) -> list[str]:
        """What is there in part, and what is not although its write returned."""
        whole = len(self._numbers) + 1
        places = [(self._topic, number) for number in range(PARTITIONS)] + [(self._changelog, 0)]
        there: Counter[bytes] = Counter()
        for topic, number in places:
            with opened(self._client, topic, number) as log:
                there.update(key for pairs, _ in log.read(log.start) for key, _ in pairs)
        lost = [f"{tag!r} is lost" for tag in self._returned if tag not in there]
        return lost + [f"{tag!r}: {n} of {whole}" for tag, n in there.items() if n != whole]


def end_late(
    bench: Bench,
    proxy: HoldingProxy,
    case: Case,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
) -> Late:
    """Let an EndTxn come late into the transaction after its own, at a moment of a case."""
    moment, commit = case
    bench.write()
    late = proxy.hold(moment, commit=commit, seconds=chance.uniform(0, 0.02))
    if not commit:
        bench.abort_next(monkeypatch)
    for _ in range(MOST):
        bench.write()
        if late.error is not None:
            break
    bench.write()
    assert late.error is not None, f"{case}: it never came to that moment"
    return late


class Trusting(EndTxns):
    """Trusts an epoch whatever happens."""

    def distrust(self, _: Any) -> str:
        return ""


def trust_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction, "EndTxns", Trusting)


@pytest.mark.parametrize("case", TEARING)
def test_the_fault_is_seen_where_nothing_is_done_against_it(
    broker: KafkaBroker,
    proxy: HoldingProxy,
    case: Case,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust_everything(monkeypatch)
    bench = Bench(broker, proxy)
    for _ in range(TRIES):
        late = end_late(bench, proxy, case, chance, monkeypatch)
        assert late.error == 0
        if bench.torn():
            return
    raise AssertionError("no transaction was torn")


@pytest.mark.parametrize("case", CASES)
def test_nothing_is_torn(
    broker: KafkaBroker,
    proxy: HoldingProxy,
    case: Case,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    *,
    whole: bool,
) -> None:
    bench, rounds = Bench(broker, proxy), 5 if whole else 1
    for _ in range(rounds):
        late = end_late(bench, proxy, case, chance, monkeypatch)
        assert late.error != 0, "what comes late is of an epoch that is over"
    assert bench.torn() == []
    assert bench.fenced == []
    assert len(bench.renewed) == rounds


def test_a_system_whose_transactions_end_late(
    broker: KafkaBroker,
    proxy: HoldingProxy,
    tmp_path: Path,
    chance: random.Random,
    *,
    whole: bool,
) -> None:
    times, count = (150, 60_000) if whole else (6, 20_000)
    events = iter(orders(14, 500, count))
    with System(broker.bootstrap, tmp_path, RULES) as system:
        system.start("a", ABORTING, NYXTER_BROKER=proxy.address)
        system.send(islice(events, 1_000))
        wait_until(lambda: len(system.progress()) == 4, "all partitions move")
        for _ in range(times):
            late = hold_anything(proxy, chance)

            def has_come(one: Late = late) -> bool:
                system.send(islice(events, PORTION))
                return one.error is not None

            wait_until(has_come, f"{late} has come")
            assert late.error != 0
        assert next(events, None) is not None, "events came until the end"
        assert system.alive("a")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        assert "epoch renewed" in system.log("a").read_text("utf-8")


def test_late_answers_cost_little(
    broker: KafkaBroker, proxy: HoldingProxy, monkeypatch: pytest.MonkeyPatch, *, whole: bool
) -> None:
    late_s, for_s = (5, 62) if whole else (1, 10)
    guarded = Bench(broker, proxy, SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(transaction, "EndTxns", Trusting)
        trusting = Bench(broker, proxy, SMALL)
    for bench in (guarded, trusting):
        bench.write()
    proxy.slow(late_s)
    threads = [threading.Thread(target=b.write_for, args=(for_s,)) for b in (guarded, trusting)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    proxy.heal()
    counts = guarded.count, trusting.count
    said = f"{counts[0]} transactions, {counts[1]} with no protection"
    print(f"every answer {late_s} s late for {for_s} s: {said}")  # noqa: T201
    assert guarded.fenced == guarded.renewed == guarded.torn() == []
    assert 2 * counts[0] >= counts[1] > 1


def test_a_system_whose_answers_are_late(
    broker: KafkaBroker, proxy: HoldingProxy, tmp_path: Path, *, whole: bool
) -> None:
    late_s, for_s, count = (5, 60, 20_000) if whole else (2, 10, 3_000)
    with System(broker.bootstrap, tmp_path, RULES) as system:
        system.start("a", NYXTER_BROKER=proxy.address)
        events = iter(orders(14, 500, count))
        system.send(islice(events, 1_000))
        wait_until(lambda: len(system.progress()) == 4, "all partitions move")
        proxy.slow(late_s)
        with arriving(system, events, count / for_s):
            time.sleep(for_s)
        proxy.heal()
        assert system.alive("a")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        assert "epoch renewed" not in system.log("a").read_text("utf-8")


def hold_anything(proxy: HoldingProxy, chance: random.Random) -> Late:
    moment, seconds = chance.choice(MOMENTS), chance.uniform(0, 0.05)
    return proxy.hold(moment, commit=chance.random() < 0.5, seconds=seconds, exact=False)
