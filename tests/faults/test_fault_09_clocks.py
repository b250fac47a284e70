"""Workers' clocks are an hour off, back and forth, and the day turns while the group changes."""

import random
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import astray_worker
import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, wait_until
from storm import RULES, arriving, orders, today

from schemas.envelope import loads
from schemas.instant import BUSINESS_ZONE
from streams import topics

pytestmark = pytest.mark.kafka

ASTRAY = (astray_worker.__file__,)
HOUR_S = 3600
EARLY_S = 8  # how long before midnight a clock is set


class Clock:
    """The clock on the wall of one worker (see `astray_worker`)."""

    def __init__(self, directory: Path, name: str) -> None:
        self._file = directory / f"{name}.clock"
        self.set(0)
        self.environment = {astray_worker.FILE: str(self._file)}

    def set(self, ahead_s: float) -> None:
        """Set it ahead (or, below 0, behind) of the true time."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{ahead_s:+.3f}")
        fresh.replace(self._file)


def until_midnight_s() -> float:
    """Return how long the business day still lasts."""
    midnight = datetime.combine(today() + timedelta(days=1), datetime.min.time(), BUSINESS_ZONE)
    return midnight.timestamp() - time.time()


def test_clocks_astray(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    rounds, rate = (10, 400) if whole else (1, 300)
    count, tomorrow = (rounds + 1) * 20 * rate, today() + timedelta(days=1)
    clocks = {name: Clock(tmp_path, name) for name in ("a", "b", "c")}
    with System(kafka.bootstrap, tmp_path, RULES) as system:
        clocks["a"].set(HOUR_S)
        clocks["b"].set(-HOUR_S)
        for name in ("a", "b"):
            system.start(name, ASTRAY, **clocks[name].environment)
        with arriving(system, orders(19, count // 20, count), rate):
            wait_until(lambda: len(system.progress()) == 4, "all partitions move")
            for clock in chance.choices(list(clocks.values()), k=4 * rounds):
                clock.set(chance.choice((HOUR_S, -HOUR_S, 0)))
                time.sleep(chance.uniform(0, 2))
            for clock in clocks.values():
                clock.set(until_midnight_s() - EARLY_S)
            time.sleep(chance.uniform(0, 2))
            system.start("c", ASTRAY, **clocks["c"].environment)  # as the day turns
            wait_until(lambda: turned(system, tomorrow.toordinal()), "the day has turned")
            for clock in chance.choices(list(clocks.values()), k=4 * rounds):
                clock.set(until_midnight_s() + chance.choice((HOUR_S, -HOUR_S)))
                time.sleep(chance.uniform(0, 2))
        system.settle()
        days = Counter(
            (m.partition(), loads(m.value())["data"]["day"]) for m in system.read(topics.CONTROL)
        )
        assert set(days.values()) == {1}, "no day turns twice"
        turns = {day for _, day in days}
        # An hour off near midnight is another day, so the day before may have been turned to.
        near = {str(tomorrow - timedelta(days=back)) for back in (0, 1, 2)}
        assert {str(tomorrow)} <= turns <= near
        assert days.keys() == {(p, day) for p in range(4) for day in turns}, "all turn alike"
        assert_nothing_lost_nothing_twice(system, tomorrow)


def turned(system: System, day: int) -> bool:
    """Tell whether every partition has come to a day."""
    return {progress.day for _, progress in system.progress().values()} == {day}
