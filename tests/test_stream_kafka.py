"""End to end on Apache Kafka: bytes in, committed outputs, equal to both oracles."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, wait_until

from nyxter_online.simulate import base, live
from schemas.instant import business_today
from streams import topics
from streams.clock import now_ms
from streams.lane.partitioner import partition_of

pytestmark = pytest.mark.kafka

RULES = (Path(__file__).parents[1] / "examples" / "nyxter.toml").read_text("utf-8")


def today() -> date:
    return business_today(now_ms())


def start() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=10)


@pytest.fixture
def system(kafka: KafkaBroker, tmp_path: Path) -> Iterator[System]:
    running = System(kafka.bootstrap, tmp_path, RULES)
    yield running
    running.close()


@pytest.fixture
def wide_system(kafka: KafkaBroker, tmp_path: Path) -> Iterator[System]:
    running = System(kafka.bootstrap, tmp_path, RULES, partitions=8)
    yield running
    running.close()


def test_profiles_equal_replay_and_outputs_equal_the_journal(system: System) -> None:
    system.start("a")
    sent = system.send(base(7, 400, today()))
    system.settle()
    assert sent > 5_000
    assert_nothing_lost_nothing_twice(system, today())
    assert system.stop("a") == 0


def test_two_workers_one_killed_in_the_middle(wide_system: System) -> None:
    """50,000 events and more, some keyed by a CRC32 client; a worker dies and comes back."""
    system = wide_system
    system.start("a")
    system.start("b")
    events = [*base(11, 1_600, today()), *islice(live(11, 1_600, start(), per_second=500), 12_000)]
    third = len(events) // 3
    assert len(events) >= 50_000
    system.send(events[:third])
    wait_until(lambda: len(system.progress()) == 8, "all partitions move")
    system.kill("a")
    system.send(events[third : 2 * third], partitioner="consistent_random")
    system.start("a")
    system.send(events[2 * third :])
    system.settle()
    assert_nothing_lost_nothing_twice(system, today())
    homes = {m.key(): m.partition() for m in system.read(topics.PROFILES)}
    assert all(partition_of(key, 8) == home for key, home in homes.items())
    assert system.read(topics.REPARTITION), "the CRC32 client's events were sent on"
