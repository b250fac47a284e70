"""The broker that other tests kill keeps its data and its address."""

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from conftest import unique
from kafka_broker import KafkaBroker

from streams import topics
from streams.topics import Topic

pytestmark = pytest.mark.kafka


def test_a_killed_broker_comes_back_with_its_data(own_kafka: KafkaBroker) -> None:
    name, bootstrap = unique("kept"), own_kafka.bootstrap
    topics.create(AdminClient({"bootstrap.servers": bootstrap}), [Topic(name, 1, "delete", -1)])
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(name, b"still here")
    assert producer.flush(30) == 0

    own_kafka.kill()
    own_kafka.start()

    assert own_kafka.bootstrap == bootstrap
    assert first(bootstrap, name) == b"still here"


def first(bootstrap: str, topic: str) -> bytes | None:
    group = {"group.id": unique("reader"), "auto.offset.reset": "earliest"}
    consumer = Consumer({"bootstrap.servers": bootstrap, **group})
    try:
        consumer.subscribe([topic])
        message = consumer.poll(60)
        assert message is not None, "nothing came within a minute"
        assert message.error() is None, message.error()
        return message.value()
    finally:
        consumer.close()
