"""Workers die at random moments, again and again, and nothing is lost and nothing said twice."""

import random
import time
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System
from storm import RULES, arriving, orders, today

pytestmark = pytest.mark.kafka


def test_workers_killed(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count, times, rate = (200_000, 20, 1_500) if whole else (8_000, 3, 600)
    with System(kafka.bootstrap, tmp_path, RULES, partitions=8) as system:
        for name in ("a", "b"):
            system.start(name)
        with arriving(system, orders(11, count // 20, count), rate):
            for _ in range(times):
                time.sleep(chance.uniform(1, count / rate / times))
                name = chance.choice(("a", "b"))
                system.kill(name)
                time.sleep(chance.uniform(0, 1.5))
                system.start(name)
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
