"""Readers without a group: what a topic does not hold (any more) is never passed over."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from conftest import unique
from kafka_broker import KafkaBroker
from running import wait_until

from streams.kafka import topic_ids
from streams.kafka.topic_ids import SameTopic, TopicMadeAnew
from streams.place import Place
from streams.reader import Reader, RecordsGone, records

pytestmark = pytest.mark.kafka


@pytest.fixture
def client(kafka: KafkaBroker) -> dict[str, str]:
    return {"bootstrap.servers": kafka.bootstrap}


@pytest.fixture
def place(client: dict[str, str]) -> Iterator[Place]:
    """A topic that holds the offsets 5 to 9, a marker's after them."""
    made = Place(unique("topic"), 0)
    write(client, made.topic)
    admin = AdminClient(client)
    next(iter(admin.delete_records([TopicPartition(*made, 5)]).values())).result()
    yield made
    admin.delete_topics([made.topic])[made.topic].result()


def write(client: dict[str, str], topic: str) -> None:
    admin = AdminClient(client)
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result()
    producer = Producer(client | {"transactional.id": unique("writer")})
    wait_until(lambda: producer.init_transactions() or True, "the coordinator is there")
    producer.begin_transaction()
    for n in range(10):
        producer.produce(topic, str(n).encode())
    producer.commit_transaction()


def read(client: dict[str, str], place: Place, start: int) -> tuple[list[int], dict[Place, int]]:
    ends: dict[Place, int] = {}
    pieces = list(records(client, {place: start}, ends))
    return [message.offset() for piece in pieces for message in piece], ends


@pytest.mark.parametrize(("start", "offsets"), [(0, [5, 6, 7, 8, 9]), (7, [7, 8, 9]), (11, [])])
def test_what_there_is_is_read_to_the_end_past_markers(
    client: dict[str, str], place: Place, start: int, offsets: list[int]
) -> None:
    assert read(client, place, start) == (offsets, {place: 11})


@pytest.mark.parametrize("start", [1, 4, 12, 500])
def test_what_is_not_there_is_told(client: dict[str, str], place: Place, start: int) -> None:
    with pytest.raises(RecordsGone, match=f"{place.topic}:0 does not hold offset {start}"):
        read(client, place, start)
    reader = Reader(client, {place: start})

    def is_told() -> bool:
        try:
            reader.read()
        except RecordsGone as gone:
            return f"does not hold offset {start}" in gone.args[0].str()
        return False

    wait_until(is_told, "the other reader says so too", 60)
    reader.close()


def test_a_topic_that_is_made_anew_is_another(
    client: dict[str, str], place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic_ids, "_LOOK_S", 0.0)
    same, admin = SameTopic(client, place.topic), AdminClient(client)
    same.check()
    admin.delete_topics([place.topic])[place.topic].result()
    wait_until(lambda: place.topic not in admin.list_topics(timeout=10).topics, "it is gone", 60)
    same.check()
    write(client, place.topic)
    with pytest.raises(TopicMadeAnew, match="was deleted and made anew"):
        same.check()
