"""Apache Kafka: what a worker refuses to go on from, and says."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import NewPartitions
from kafka_broker import KafkaBroker
from running import System, wait_until

from schemas.instant import business_today, instant_of
from streams import topics
from streams.clock import now_ms
from streams.lane.changelog import POSITION_KEY, read_changelog
from streams.lane.partitioner import partition_of

pytestmark = pytest.mark.kafka


@pytest.fixture
def own(kafka: KafkaBroker, tmp_path: Path) -> Iterator[System]:
    """A system of the test's own, without worker."""
    with closing(System(kafka.bootstrap, tmp_path, partitions=2)) as running:
        yield running


def purchase(subject: str, order: str = "o1") -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "e1",
        "source": "/erp",
        "type": "nyxter.purchase.recorded.v1",
        "subject": subject,
        "time": instant_of(now_ms()) + "Z",
        "data": {
            "order_id": order,
            "ordered_on": str(business_today(now_ms())),
            "operation_nature": "5102",
            "value": 10,
        },
    }


def at_home(prefix: str, partition: int) -> list[str]:
    """Customers whose home is a partition of two."""
    some = [f"{prefix}{number}" for number in range(40)]
    return [name for name in some if partition_of(name.encode(), 2) == partition]


def test_a_log_that_starts_beyond_the_position_stops_its_partition_alone(own: System) -> None:
    own.start("a")
    own.send(purchase(f"C{number}") for number in range(20))
    wait_until(lambda: len(own.profiles()) == 20, "the first customers have cards")
    assert own.stop("a") == 0
    position = own.progress()[0][0]
    some = [at_home("D", 0), at_home("D", 1)]
    own.send(purchase(subject) for subject in some[0])
    end = own.ends()[topics.PURCHASES, 0]
    place = TopicPartition(topics.PURCHASES, 0, end)
    own._admin.delete_records([place])[place].result(30)
    own.send(purchase(subject, "behind") for subject in some[0])
    own.start("a")
    own.send(purchase(subject) for subject in some[1])
    wait_until(lambda: set(some[1]) <= own.profiles().keys(), "the other partition goes on")
    wait_until(lambda: _refusals(own), "it is said")
    (line,) = _refusals(own)
    assert (line["level"], line["reason"], line["partition"]) == ("error", "input_deleted", 0)
    assert line["detail"] == (
        f"{topics.PURCHASES}, partition 0: offsets {position[topics.PURCHASES]} to {end - 1} were "
        "deleted before they were applied"
    )
    assert own.progress()[0][0][topics.PURCHASES] == position[topics.PURCHASES]
    assert not set(some[0]) & own.profiles().keys()
    assert own.alive("a")


def _refusals(system: System) -> list[dict[str, Any]]:
    lines = system.log("a").read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{")]
    return [line for line in told if line["event"] == "standstill"]


def _position(system: System, partition: int) -> bytes:
    name = topics.changelog(system.settings)
    return read_changelog(system._client, name, partition)[POSITION_KEY]


def test_another_number_of_partitions_than_the_state_was_made_for_is_refused(
    own: System,
) -> None:
    own.start("a")
    own.send(purchase(f"C{number}") for number in range(20))
    wait_until(lambda: len(own.progress()) == 2, "both partitions have state")
    assert own.stop("a") == 0
    before = [_position(own, number) for number in range(2)]
    grown = [NewPartitions(t.name, 4) for t in topics.every_topic(own.settings) if t.partitions > 1]
    for future in own._admin.create_partitions(grown).values():
        future.result(30)
    own.settings = own.settings.model_copy(update={"partitions": 4})
    own.start("b")
    assert own.ended("b") == 2
    told = own.log("b").read_text("utf-8")
    assert "the state was made for 2 partitions, the topics have 4" in told
    assert "start another app_id" in told
    assert [_position(own, number) for number in range(2)] == before


def test_a_worker_without_its_topics_says_what_differs_and_ends(own: System) -> None:
    for future in own._admin.delete_topics([topics.PROFILES]).values():
        future.result(30)
    wait_until(
        lambda: topics.PROFILES not in own._admin.list_topics(timeout=10).topics, "it is gone"
    )
    own.start("a")
    assert own.ended("a") == 2
    told = own.log("a").read_text("utf-8")
    assert f"{topics.PROFILES}: is missing" in told
    assert "topics create" in told
    assert "Traceback" not in told
