"""Source topics with more partitions than their workers know of, under running workers."""

import json
import random
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import NewPartitions
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import TOPIC_OF, System, asked, wait_until
from standing import Monitor, assert_stands, label, logged
from storm import RULES, orders, today

from streams import topics
from streams.lane.partitioner import partition_of
from streams.lane.standstills import Reason

pytestmark = pytest.mark.kafka

PARTITIONS = 2


def test_partitions_grown_under_running_workers(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count = 20_000 if whole else 2_000
    events = orders(23, count // 20, count)
    monitors = {name: Monitor() for name in ("a", "b")}
    grown = topics.SOURCES if whole else chance.sample(topics.INPUTS, 1)
    with System(kafka.bootstrap, tmp_path, RULES, partitions=PARTITIONS) as system:
        for name, monitor in monitors.items():
            system.start(name, NYXTER_MONITOR=monitor.address)
        system.send(events[: count // 2])
        for monitor in monitors.values():
            wait_until(monitor.is_ready, "it is ready")
        asked(
            lambda: [
                future.result(30)
                for future in system._admin.create_partitions(
                    [NewPartitions(topic, 2 * PARTITIONS) for topic in grown]
                ).values()
            ]
        )
        words = (f"{grown[0]} has {2 * PARTITIONS} partitions, expected {PARTITIONS}",)
        for name, monitor in monitors.items():
            assert_stands(system, name, monitor, "all", Reason.PARTITIONS_CHANGED, *words)
            assert any("docs/operations.md" in problem for problem in monitor.problems())
        producer = system.producer()
        for event in events[count // 2 :]:
            key = event["subject"].encode()
            value, number = json.dumps(event).encode(), partition_of(key, PARTITIONS)
            producer.produce(TOPIC_OF[event["type"].split(".")[1]], value, key, number)
            producer.poll(0)
        producer.flush()
        time.sleep(chance.uniform(0, 1))
        system.kill("b")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        assert label("all", Reason.PARTITIONS_CHANGED) in monitors["a"].standstills()
        for trouble in ("load failed, will be tried again", "load broken", "lane broken"):
            assert logged(system, "a", trouble) == []
        system.start("b")
        assert system.ended("b") == 2
        assert "to mend" in system.log("b").read_text("utf-8")
