"""The broker's own disk is full, it stops; with room and a start of it, all goes on by itself."""

import random
import time
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import PATIENCE_S, System, wait_until
from storm import RULES, arriving, orders, today
from test_monitoring_kafka import Asked

pytestmark = pytest.mark.kafka

HALTED = 1  # the status of a broker that has no log directory left
TORN_BYTES = 4_000  # a batch that does not fit is written in part
JUST_NOW_S = 1.0
LITTLE_S = 5.0  # for which there is a little room


def growing_log(kafka: KafkaBroker) -> int:
    """Return the size of the longest segment of those that were written to just now."""
    found = [path.stat() for path in (kafka.directory / "data").glob("*/*.log")]
    latest = max(each.st_mtime for each in found)
    return max(each.st_size for each in found if each.st_mtime > latest - JUST_NOW_S)


def fill_disk(kafka: KafkaBroker, chance: random.Random, *, at_once: bool) -> None:
    """Let nothing be written any more; or, at first, a little, so that a batch is cut off.

    Then wait until the broker has given up.
    """
    if not at_once:
        kafka.limit_files(growing_log(kafka) + chance.randrange(TORN_BYTES))
    if at_once or not kafka.is_ending(LITTLE_S):
        kafka.limit_files(0)
    assert kafka.ended() == HALTED


def test_the_brokers_disk_is_full(
    own_kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count, rate = (60_000, 600) if whole else (5_000, 600)
    rounds = (False, True, False, True) if whole else (False,)
    workers = {name: Asked() for name in ("a", "b")}
    with System(own_kafka.bootstrap, tmp_path, RULES) as system:
        for name, asked in workers.items():
            system.start(name, NYXTER_MONITOR=asked.address)
        with arriving(system, orders(25, count // 20, count), rate):
            for at_once in rounds:
                for asked in workers.values():
                    wait_until(lambda one=asked: one.says("/ready") == "", "it is ready")
                time.sleep(chance.uniform(0, 3))
                fill_disk(own_kafka, chance, at_once=at_once)
                for asked in workers.values():
                    wait_until(
                        lambda one=asked: one.says("/ready") not in ("", "-"), "it is missed"
                    )
                    assert asked.says("/health") == ""
                own_kafka.start()
        for name, asked in workers.items():
            wait_until(lambda one=asked: one.says("/ready") == "", "it is ready again", PATIENCE_S)
            assert system.alive(name)
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
