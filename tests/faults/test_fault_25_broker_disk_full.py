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


def largest_log(kafka: KafkaBroker) -> int:
    """Return the size of the longest segment that the broker has written."""
    return max(path.stat().st_size for path in (kafka.directory / "data").glob("*/*.log"))


def fill_disk(kafka: KafkaBroker, chance: random.Random, *, at_once: bool) -> None:
    """Let nothing be written any more, or nothing much: the longest segments end in half a batch.

    Then wait until the broker has given up.
    """
    kafka.limit_files(0 if at_once else largest_log(kafka) + chance.randrange(TORN_BYTES))
    assert kafka.ended() == HALTED
    if not at_once:  # else there is no room for a log either
        assert "File too large" in kafka.log.read_text("utf-8")


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
