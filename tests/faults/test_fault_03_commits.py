"""Commits are refused, delayed, answered too late or not at all; somebody takes our name."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import KafkaError
from conftest import need_kafka
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from proxy import END_TXN, PRODUCE, KafkaProxy, Trouble
from running import System, wait_until
from storm import RULES, arriving, orders, today

from streams import topics
from streams.lane.transaction import TIMEOUT_MS, TransactionalProducer

pytestmark = pytest.mark.kafka

BEYOND_TIMEOUT_S = TIMEOUT_MS / 1000 + 12  # the broker looks for such every ten seconds


@pytest.fixture
def proxy() -> Iterator[KafkaProxy]:
    with KafkaProxy() as running:
        yield running


@pytest.fixture
def proxied_kafka(proxy: KafkaProxy) -> Iterator[KafkaBroker]:
    need_kafka()
    with KafkaBroker(proxy=proxy.address) as broker:
        proxy.upstream = broker.behind_proxy
        yield broker


def troubles(chance: random.Random) -> list[Trouble]:
    """One of every kind, in any order; only the slow ones last."""
    refusals = (
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.CONCURRENT_TRANSACTIONS,
        KafkaError.NOT_COORDINATOR,
        KafkaError.INVALID_TXN_STATE,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.UNKNOWN,
    )
    listed = [
        *(Trouble(END_TXN, "refused", chance.randint(1, 3), error=error) for error in refusals),
        Trouble(END_TXN, "late", 3, chance.uniform(0.5, 3)),
        Trouble(END_TXN, "answered late", 3, chance.uniform(0.5, 3)),
        Trouble(END_TXN, "lost", 4),
        Trouble(PRODUCE, "late", 3, chance.uniform(0.5, 3)),
        Trouble(PRODUCE, "lost", 4),
        Trouble(END_TXN, "late", 1, BEYOND_TIMEOUT_S),
        Trouble(END_TXN, "answered late", 1, BEYOND_TIMEOUT_S),
        Trouble(PRODUCE, "late", 1, BEYOND_TIMEOUT_S),
    ]
    chance.shuffle(listed)
    return listed


def test_commits_in_trouble(
    proxied_kafka: KafkaBroker,
    proxy: KafkaProxy,
    tmp_path: Path,
    chance: random.Random,
    *,
    whole: bool,
) -> None:
    rounds, count, rate = (6, 100_000, 200) if whole else (1, 6_000, 200)
    with System(proxied_kafka.bootstrap, tmp_path, RULES) as system:
        system.start("a", NYXTER_BROKER=proxy.address)
        with arriving(system, orders(14, count // 20, count), rate):
            wait_until(lambda: len(system.progress()) == 4, "all partitions move")
            for trouble in [one for _ in range(rounds) for one in troubles(chance)]:
                proxy.trouble(trouble)
                wait_until(lambda one=trouble: one.done >= one.count, f"{trouble} has happened")
                if chance.random() < 1 / 4:
                    take_the_name(system, chance)
        assert system.alive("a")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        assert "lane fenced" in system.log("a").read_text("utf-8")


def take_the_name(system: System, chance: random.Random) -> None:
    """Fence the producer of a random partition, as another owner would."""
    prefix = f"{system.settings.app_id}-{topics.changelog(system.settings)}"
    number = chance.randrange(system.settings.partitions)
    TransactionalProducer(system._client, f"{prefix}-{number}", number).close()
    time.sleep(chance.uniform(0, 1))
