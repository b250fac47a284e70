"""Workers die again and again while a base is loaded for the first time; all of it arrives once."""

import random
import time
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System
from storm import RULES, orders, today

pytestmark = pytest.mark.kafka

WORKERS = ("a", "b")
SHORT_S = "2"  # a dead worker keeps its partitions for no longer: each life comes to do some work


def test_a_first_load_killed(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    """Half of the events wait when the first worker starts; the others come between the kills."""
    count, times, longest_s = (50_000, 13, 6.0) if whole else (6_000, 4, 3.0)
    events = orders(24, count // 20, count)
    half, portion = count // 2, count // 2 // times
    with System(kafka.bootstrap, tmp_path, RULES) as system:
        system.send(events[:half])
        for name in WORKERS:
            start(system, name)
        for number in range(times):
            system.send(events[half + number * portion :][:portion])
            time.sleep(chance.uniform(0, longest_s))
            killed = chance.choice((*((name,) for name in WORKERS), WORKERS))
            for name in killed:
                system.kill(name)
            for name in killed:
                start(system, name)
        system.send(events[half + times * portion :])
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())


def start(system: System, name: str) -> None:
    system.start(name, NYXTER_SESSION_TIMEOUT_S=SHORT_S, NYXTER_REBALANCE_TIMEOUT_S=SHORT_S)
