"""Workers join and leave every five seconds."""

import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, wait_until
from storm import RULES, arriving, orders, today

pytestmark = pytest.mark.kafka

NAMES = ("a", "b", "c")
EVERY_S = 5.0
AGAIN_S = 60.0
STILL_STARTING = -signal.SIGTERM  # it has nothing in hand that it could finish


def comings_and_goings(chance: random.Random, times: int) -> Iterator[tuple[str, bool]]:
    """Yield who joins (True) or leaves (False); somebody stays."""
    here = {"a", "b"}
    for _ in range(times):
        name = chance.choice(NAMES)
        if name in here and len(here) == 1:
            name = chance.choice([other for other in NAMES if other not in here])
        yield name, name not in here
        here ^= {name}


def test_workers_join_and_leave(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    times, rate = (24, 500) if whole else (4, 300)
    count = int(times * EVERY_S * rate)
    with System(kafka.bootstrap, tmp_path, RULES, partitions=8) as system:
        for name in ("a", "b"):
            system.start(name)
        with arriving(system, orders(16, count // 20, count), rate):
            for name, joins in comings_and_goings(chance, times):
                time.sleep(EVERY_S)
                if joins:
                    system.start(name)
                else:
                    assert system.stop(name) in (0, STILL_STARTING)
        wait_until(system.is_applied, "all partitions are owned and have moved to the end", AGAIN_S)
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
