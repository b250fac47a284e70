"""The leader dies while it publishes: snapshots never go back, and never fork."""

import random
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import PATIENCE_S, System
from storm import RULES, arriving, orders, today

from schemas.envelope import loads
from streams import topics
from streams.segmenter.snapshots import EPOCH_KEY
from streams.segmenter.summaries import HEADER_KEY

pytestmark = pytest.mark.kafka


class Uncommitted:
    """Sees what the leader writes before it is committed."""

    def __init__(self, broker: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker,
                "group.id": "none",
                "isolation.level": "read_uncommitted",
                "fetch.wait.max.ms": 1,
            }
        )
        self._consumer.assign([TopicPartition(topics.SNAPSHOTS, 0, 0)])

    def wait_for_more(self) -> None:
        """Wait until something is written that was not there before."""
        while self._consumer.poll(0.2) is not None:
            pass
        assert self._consumer.poll(PATIENCE_S) is not None, "no snapshot is written"

    def close(self) -> None:
        self._consumer.close()


def test_the_leader_killed(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count, rate, times = (60_000, 400, 15) if whole else (6_000, 300, 3)
    with System(kafka.bootstrap, tmp_path, RULES) as system:
        for name in ("a", "b"):
            system.start(name)
        watching = Uncommitted(kafka.bootstrap)
        with arriving(system, orders(18, count // 20, count), rate):
            for _ in range(times):
                watching.wait_for_more()
                leader = who_leads(system)
                time.sleep(chance.uniform(0, 0.02))
                system.kill(leader)
                system.start(leader)
        watching.close()
        system.settle()
        numbers = published(system, HEADER_KEY)
        assert numbers == list(range(1, len(numbers) + 1))
        epochs = published(system, EPOCH_KEY)
        assert epochs == list(range(1, len(epochs) + 1))
        assert_nothing_lost_nothing_twice(system, today())


def who_leads(system: System) -> str:
    """Return who said last that it leads."""
    said = {name: last_said(system.log(name)) for name in ("a", "b")}
    return max(said, key=lambda name: said[name])


def last_said(log: Path) -> str:
    """Return when a worker last said that it leads, "" where it never did."""
    lines = [line for line in log.read_text("utf-8").splitlines() if '"leading"' in line]
    return lines[-1].rpartition('"timestamp": ')[2] if lines else ""


def published(system: System, key: bytes) -> list[int]:
    """Return the numbers that were committed under a key, in their order."""
    values = [m.value() for m in system.read(topics.SNAPSHOTS) if m.key() == key]
    return [loads(value)["number"] for value in values if value is not None]
