"""A worker stands still beyond its session, another takes over, then the first one goes on."""

import os
import random
import signal
import time
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, wait_until
from storm import RULES, arriving, orders, today

pytestmark = pytest.mark.kafka


def positions(system: System) -> dict[int, int]:
    """How many offsets of the inputs lie behind each partition."""
    return {number: sum(at.values()) for number, (at, _) in system.progress().items()}


def moved(system: System, before: dict[int, int]) -> bool:
    """Tell whether every partition has come further."""
    now = positions(system)
    return all(now.get(number, 0) > behind for number, behind in before.items())


def test_a_worker_stopped_and_continued(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count, rate, times = (60_000, 600, 6) if whole else (7_000, 300, 1)
    with System(kafka.bootstrap, tmp_path, RULES) as system:
        for name in ("a", "b"):
            system.start(name)
        with arriving(system, orders(15, count // 20, count), rate):
            for _ in range(times):
                wait_until(lambda: len(system.progress()) == 4, "all partitions move")
                time.sleep(chance.uniform(0, 2))
                stopped = system.pid(chance.choice(("a", "b")))
                os.kill(stopped, signal.SIGSTOP)
                before = positions(system)
                wait_until(lambda b=before: moved(system, b), "the other one has taken over")
                os.kill(stopped, signal.SIGCONT)
                time.sleep(chance.uniform(0, 2))
        assert system.alive("a")
        assert system.alive("b")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        told = "".join(system.log(name).read_text("utf-8") for name in ("a", "b"))
        assert "lane fenced" in told or "leading no more" in told
