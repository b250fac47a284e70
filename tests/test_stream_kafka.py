"""End to end on Apache Kafka: bytes in, committed outputs, equal to both oracles."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import pytest
from running import System, same_profiles, wait_until

from nyxter_online.simulate import base, live
from schemas.instant import business_today
from streams import topics
from streams.app import now_ms

pytestmark = pytest.mark.kafka

RULES = (Path(__file__).parents[1] / "examples" / "nyxter.toml").read_text("utf-8")


def today() -> date:
    return business_today(now_ms())


@pytest.fixture
def system(kafka, tmp_path) -> Iterator[System]:
    running = System(kafka.bootstrap, tmp_path, RULES)
    yield running
    running.close()


@pytest.fixture
def wide_system(kafka, tmp_path) -> Iterator[System]:
    running = System(kafka.bootstrap, tmp_path, RULES, partitions=8)
    yield running
    running.close()


def assert_equals_journal(system: System) -> None:
    """Everything live published is what the journal's replay gives, in each customer's order."""
    replayed = system.journal_replayed()
    for topic in (topics.SEGMENT_EVENTS, topics.PROFILES, topics.DEAD_LETTERS):
        live_ = [(m.partition(), m.key(), m.value()) for m in system.read(topic)]
        assert Counter(live_) == Counter(replayed[topic]), topic
        for partition, key in {(p, k) for p, k, _ in live_}:
            ours = [v for p, k, v in live_ if (p, k) == (partition, key)]
            theirs = [v for p, k, v in replayed[topic] if (p, k) == (partition, key)]
            assert ours == theirs, (topic, key)


def test_profiles_equal_replay_and_outputs_equal_the_journal(system):
    system.start("a")
    sent = system.send(base(7, 400, today()))
    system.settle()
    assert sent > 5_000
    assert same_profiles(system.profiles(), system.replayed(today())) == []
    ids = Counter(event["id"] for event in system.events())
    assert max(ids.values()) == 1
    assert_equals_journal(system)
    assert system.stop("a") == 0
