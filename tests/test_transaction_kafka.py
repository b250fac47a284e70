"""Apache Kafka: whoever has a transactional name can be told from who had it."""

from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from conftest import unique
from kafka_broker import KafkaBroker

from streams import topics
from streams.lane.changelog import read_changelog
from streams.lane.records import Record
from streams.lane.transaction import Fenced, TransactionalProducer

pytestmark = pytest.mark.kafka


@pytest.fixture
def topic(kafka: KafkaBroker) -> str:
    name = unique("changelog")
    topics.create(
        AdminClient({"bootstrap.servers": kafka.bootstrap}), [topics.Topic(name, 1, "compact")]
    )
    return name


def test_who_took_a_name_last_has_it(kafka: KafkaBroker, topic: str) -> None:
    client: dict[str, Any] = {"bootstrap.servers": kafka.bootstrap}
    name = unique("lane")
    former = TransactionalProducer(client, name, 0)
    former.confirm(topic)
    former.write([Record(topic, b"k", b"former")])
    former.confirm(topic)
    latter = TransactionalProducer(client, name, 0)
    with pytest.raises(Fenced):
        former.confirm(topic)
    latter.confirm(topic)
    assert read_changelog(client, topic, 0) == {b"k": b"former"}
    latter.write([Record(topic, b"k", b"latter")])
    assert read_changelog(client, topic, 0) == {b"k": b"latter"}
    with pytest.raises(Fenced):
        former.confirm(topic)
