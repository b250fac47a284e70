"""Brokers die and come back, and the system works again by itself, with nothing lost or twice."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need_kafka
from kafka_broker import KafkaBroker
from kafka_cluster import KafkaCluster
from oracles import assert_nothing_lost_nothing_twice
from running import System, asked, wait_until
from storm import RULES, arriving, orders, today

pytestmark = pytest.mark.kafka

AGAIN_S = 60.0


def applied(system: System) -> int:
    """How many offsets of the inputs lie behind all partitions."""
    return sum(sum(position.values()) for position, _ in system.progress().values())


def wait_until_at_work(system: System) -> None:
    """Wait until what is sent now is applied: the broker is back and so are we."""
    before = asked(lambda: applied(system))
    system.send(orders(5, 40, 200))
    wait_until(lambda: applied(system) >= before + 200, "events are applied again", AGAIN_S)


@pytest.mark.parametrize(
    "away_s", [5, pytest.param(70, marks=pytest.mark.whole_only)], ids=lambda s: f"{s}s"
)
def test_the_broker_killed(
    own_kafka: KafkaBroker, tmp_path: Path, chance: random.Random, away_s: float, *, whole: bool
) -> None:
    count, rate = (40_000, 1_000) if whole else (6_000, 600)
    with System(own_kafka.bootstrap, tmp_path, RULES) as system:
        for name in ("a", "b"):
            system.start(name)
        with arriving(system, orders(12, count // 20, count), rate):
            wait_until(lambda: len(system.progress()) == 4, "all partitions move")
            time.sleep(chance.uniform(0, 3))
            own_kafka.kill()
            time.sleep(away_s)
            own_kafka.start()
            wait_until_at_work(system)
        assert system.alive("a")
        assert system.alive("b")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())


@pytest.fixture
def cluster() -> Iterator[KafkaCluster]:
    need_kafka()
    with KafkaCluster() as running:
        yield running


def test_leaders_change(
    cluster: KafkaCluster, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count, rate, times = (40_000, 500, 6) if whole else (5_000, 400, 2)
    with System(cluster.bootstrap, tmp_path, RULES, replication=3) as system:
        for name in ("a", "b"):
            system.start(name)
        with arriving(system, orders(13, count // 20, count), rate):
            wait_until(lambda: len(system.progress()) == 4, "all partitions move")
            for broker in chance.choices(list(cluster.brokers.values()), k=times):
                time.sleep(chance.uniform(0, 2))
                broker.kill()
                wait_until_at_work(system)
                broker.start()
                wait_until_at_work(system)
        assert system.alive("a")
        assert system.alive("b")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
