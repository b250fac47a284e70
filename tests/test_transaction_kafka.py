"""Apache Kafka: whoever has a transactional name can be told from who had it."""

from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from conftest import unique
from kafka_broker import KafkaBroker
from running import wait_until

from streams import topics
from streams.lane.changelog import read_changelog
from streams.lane.ownership import Ownership
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


def test_state_is_ours_until_another_has_committed(kafka: KafkaBroker, topic: str) -> None:
    client: dict[str, Any] = {"bootstrap.servers": kafka.bootstrap}
    name, leased = unique("lane"), [True]
    ownership = Ownership(client, topic, 0, lambda: leased[0])
    assert ownership.lost(None) != ""
    former = TransactionalProducer(client, name, 0)
    following = former.write([Record(topic, b"k", b"former")])
    assert ownership.lost(following) == ""
    leased[0] = False
    assert "another worker's" in ownership.lost(following)
    leased[0] = True
    latter = TransactionalProducer(client, name, 0)
    assert ownership.lost(following) == ""  # who has written nothing has changed nothing
    broken = Producer(client | {"transactional.id": name})
    broken.init_transactions(30)
    broken.begin_transaction()
    broken.produce(topic, b"v", b"k", 0)
    broken.flush(30)
    broken.abort_transaction(30)
    assert ownership.lost(following) == ""
    latter = TransactionalProducer(client, name, 0)
    latter.write([Record(topic, b"k", b"latter")])
    assert ownership.lost(following) == "somebody else has written meanwhile"


def test_what_no_one_polls_gathers_nothing(kafka: KafkaBroker, topic: str) -> None:
    producer = TransactionalProducer({"bootstrap.servers": kafka.bootstrap}, unique("lane"), 0)
    producer.write([Record(topic, b"k", b"v")])
    before = producer._end_txns._counted_at
    wait_until(lambda: producer._end_txns._counted_at > before + 3, "statistics were taken in")
    assert len(producer._producer) <= 4  # what waits to be served
