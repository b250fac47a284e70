"""Topics: what there is, what differs and how the difference is told."""

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from conftest import unique
from kafka_broker import KafkaBroker

from streams import topics
from streams.settings import Settings
from streams.topics import Topic, TopicsDiffer, every_topic, missing_or_different

ORDERS = Topic("orders", 8, "delete", -1)
CARDS = Topic("cards", 8, "compact")


class FakeAdmin:
    """A broker's topics in memory, answering as the real client does.

    `shared` are topics that somebody else creates between our look and our attempt.
    """

    def __init__(self, *there: Topic, shared: tuple[Topic, ...] = (), refusal: int = 0) -> None:
        self.there = {topic.name: topic for topic in there}
        self.shared = shared
        self.refusal = refusal

    def list_topics(self, timeout: float) -> Any:
        assert timeout > 0
        return SimpleNamespace(
            topics={
                topic.name: SimpleNamespace(
                    error=None,
                    partitions={
                        number: SimpleNamespace(replicas=list(range(topic.replication)))
                        for number in range(topic.partitions)
                    },
                )
                for topic in self.there.values()
            }
        )

    def describe_configs(self, resources: list[ConfigResource]) -> Any:
        answers = {}
        for resource in resources:
            config = self.there[resource.name].config
            entries = {key: SimpleNamespace(value=value) for key, value in config.items()}
            answers[resource] = done(entries)
        return answers

    def create_topics(self, wanted: list[Any], operation_timeout: float) -> Any:
        assert operation_timeout > 0
        self.there.update({topic.name: topic for topic in self.shared})
        return {topic.topic: self.create(topic) for topic in wanted}

    def create(self, new: Any) -> "Future[Any]":
        if self.refusal:
            return done(KafkaException(KafkaError(self.refusal)))
        if new.topic in self.there:
            return done(KafkaException(KafkaError(KafkaError.TOPIC_ALREADY_EXISTS)))
        retention = new.config.get("retention.ms")
        self.there[new.topic] = Topic(
            new.topic,
            new.num_partitions,
            new.config["cleanup.policy"],
            None if retention is None else int(retention),
            new.replication_factor,
        )
        return done(None)


def done(outcome: Any) -> "Future[Any]":
    future: Future[Any] = Future()
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
    return future


def test_topics_are_those_of_the_design() -> None:
    told = {
        topic.name: (topic.partitions, topic.replication, topic.config)
        for topic in every_topic(Settings(app_id="shop", partitions=4, replication=2))
    }
    for_ever = {"cleanup.policy": "delete", "retention.ms": "-1"}
    compact = {"cleanup.policy": "compact", "max.compaction.lag.ms": "86400000"}
    larger = {"max.message.bytes": "7000000"}
    assert told == {
        "nyxter.purchases.v1": (4, 2, for_ever),
        "nyxter.contracts.v1": (4, 2, for_ever),
        "nyxter.customers.v1": (4, 2, for_ever),
        "nyxter.control.v1": (4, 2, for_ever),
        "nyxter.repartition.v1": (4, 2, for_ever | larger),
        "nyxter.journal.v1": (4, 2, for_ever),
        "nyxter.segment-events.v1": (4, 2, for_ever | {"retention.ms": "63072000000"}),
        "nyxter.dead-letters.v1": (4, 2, for_ever | {"retention.ms": "7776000000"} | larger),
        "nyxter.retried.v1": (4, 2, compact),
        "nyxter.profiles.v1": (4, 2, compact),
        "nyxter.summaries.v1": (4, 2, compact),
        "nyxter.snapshots.v1": (1, 2, compact),
        "shop-customers-changelog": (4, 2, compact | larger),
    }


def test_three_copies_are_two_in_sync_at_least() -> None:
    for topic in every_topic(Settings(replication=3)):
        assert topic.config["min.insync.replicas"] == "2"


@pytest.mark.parametrize(
    ("there", "expected", "told"),
    [
        pytest.param(ORDERS, ORDERS, [], id="as it has to be"),
        pytest.param(
            CARDS,
            ORDERS,
            ["orders: is missing, expected 8 partitions, replication 1, cleanup.policy=delete"],
            id="missing",
        ),
        pytest.param(
            Topic("orders", 4, "delete", -1),
            ORDERS,
            ["orders: has 4 partitions, expected 8; to mend, if it is empty delete it"],
            id="partitions",
        ),
        pytest.param(
            Topic("orders", 8, "delete", -1, replication=2),
            ORDERS,
            ["orders: has replication 2, expected 1; to mend, set NYXTER_REPLICATION=2"],
            id="replication",
        ),
        pytest.param(
            Topic("cards", 8, "delete", 1000),
            CARDS,
            ["cards: has cleanup.policy=delete, expected compact; to mend, run kafka-configs.sh"],
            id="cleanup policy",
        ),
        pytest.param(
            Topic("orders", 8, "delete", 604800000),
            ORDERS,
            ["orders: has retention.ms=604800000, expected -1; to mend, run kafka-configs.sh"],
            id="retention",
        ),
        pytest.param(
            Topic("cards", 8, "compact", 1000), CARDS, [], id="retention of compacted: no matter"
        ),
        pytest.param(
            Topic("orders", 1, "compact", 5, replication=3),
            ORDERS,
            [
                "orders: has 1 partition, expected 8;",
                "orders: has replication 3, expected 1;",
                "orders: has cleanup.policy=compact, expected delete;",
                "orders: has retention.ms=5, expected -1;",
            ],
            id="everything",
        ),
    ],
)
def test_each_difference_is_told(there: Topic, expected: Topic, told: list[str]) -> None:
    lines = missing_or_different(FakeAdmin(there), [expected])
    assert len(lines) == len(told)
    for line, start in zip(lines, told, strict=True):
        assert line.startswith(start)
        assert "; to mend, " in line


def test_check_carries_every_line() -> None:
    topics.check(FakeAdmin(ORDERS, CARDS), [ORDERS, CARDS])
    with pytest.raises(TopicsDiffer) as caught:
        topics.check(FakeAdmin(), [ORDERS, CARDS])
    assert [line.split(":")[0] for line in caught.value.lines] == ["orders", "cards"]
    assert str(caught.value).splitlines() == list(caught.value.lines)


def test_create_creates_what_is_missing_and_only_that() -> None:
    other = Topic("cards", 2, "delete", 5)
    admin = FakeAdmin(other)
    assert topics.create(admin, [ORDERS, CARDS]) == ["orders"]
    assert admin.there == {"orders": ORDERS, "cards": other}
    assert topics.create(admin, [ORDERS, CARDS]) == []


def test_a_lost_race_is_fine() -> None:
    assert topics.create(FakeAdmin(shared=(CARDS,)), [ORDERS, CARDS]) == ["orders"]


def test_a_refusal_is_not_swallowed() -> None:
    admin = FakeAdmin(refusal=KafkaError.INVALID_REPLICATION_FACTOR)
    with pytest.raises(KafkaException, match="INVALID_REPLICATION_FACTOR"):
        topics.create(admin, [ORDERS])


@pytest.mark.kafka
def test_on_kafka_what_was_created_is_as_it_has_to_be(kafka: KafkaBroker) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    ours = own_topics()
    assert len(missing_or_different(admin, ours)) == len(ours)

    assert sorted(topics.create(admin, ours)) == sorted(topic.name for topic in ours)

    assert missing_or_different(admin, ours) == []
    assert topics.create(admin, ours) == []


@pytest.mark.kafka
def test_on_kafka_differences_are_read_from_the_broker(kafka: KafkaBroker) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    name = unique("orders")
    topics.create(admin, [Topic(name, 2, "delete", 1000)])

    lines = missing_or_different(admin, [Topic(name, 3, "compact", -1, replication=3)])

    assert [line.split(";")[0] for line in lines] == [
        f"{name}: has 2 partitions, expected 3",
        f"{name}: has replication 1, expected 3",
        f"{name}: has cleanup.policy=delete, expected compact",
        f"{name}: has retention.ms=1000, expected -1",
        f"{name}: has min.insync.replicas=1, expected 2",
    ]


@pytest.mark.kafka
def test_on_kafka_the_advice_mends(kafka: KafkaBroker) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    name = unique("cards")
    topics.create(admin, [Topic(name, 1, "delete")])
    (line,) = missing_or_different(admin, [Topic(name, 1, "compact")])

    key, value = line.rsplit(" ", 1)[-1].split("=")  # what kafka-configs.sh is told to set
    entry = ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, name, incremental_configs=[entry])
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(timeout=30)

    topics.check(admin, [Topic(name, 1, "compact")])


def own_topics() -> list[Topic]:
    """Return the application's topics, under names that this test shares with nobody."""
    return [
        Topic(unique(t.name), t.partitions, t.cleanup, t.retention_ms, t.replication)
        for t in every_topic(Settings(partitions=2))
    ]
