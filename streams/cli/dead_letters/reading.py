"""Reads dead letters and their marks from the broker."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.envelope import loads
from streams import topics
from streams.cli.dead_letters.letter import Letter, Mark, Name, read_letter
from streams.lane.changelog import read_changelog
from streams.lane.groupless import COMMITTED, is_end

_ANSWER_S: Final = 10.0
_AT_ONCE: Final = 500

Client = Mapping[str, Any]


class NoTopic(LookupError):  # noqa: N818 - it names what is the case
    """The broker lacks a topic that dead letters need."""


class NoLetter(LookupError):  # noqa: N818 - it names what is the case
    """There is no dead letter of a name."""


def partitions_of(client: Client) -> list[int]:
    """Return the partition numbers of the dead letters (NoTopic, KafkaException)."""
    there = AdminClient(dict(client)).list_topics(timeout=_ANSWER_S).topics
    for name in (topics.DEAD_LETTERS, topics.RETRIED):
        if name not in there or there[name].error is not None:
            raise NoTopic(f"the broker has no topic {name}: run `nyxter topics create`")
    return sorted(there[topics.DEAD_LETTERS].partitions)


def read_marks(client: Client, partitions: list[int]) -> dict[Name, Mark]:
    """Return by name that letters were sent again (KafkaException)."""
    return {
        Name.read(key.decode()): Mark(**loads(value))
        for partition in partitions
        for key, value in read_changelog(client, topics.RETRIED, partition).items()
    }


def read_letters(client: Client, partitions: list[int]) -> Iterator[Letter]:
    """Yield all letters up to the end as it is now, those of a partition in order."""
    consumer = _consumer(client)
    try:
        consumer.assign([TopicPartition(topics.DEAD_LETTERS, p, 0) for p in partitions])
        left = set(partitions)
        while left:
            for message in consumer.consume(_AT_ONCE, 0.1):
                if _is_end(message):
                    left.discard(message.partition() or 0)
                elif letter := read_letter(message):
                    yield letter
    finally:
        consumer.close()


def read_one(client: Client, name: Name) -> Letter:
    """Return the letter of a name (NoLetter, KafkaException)."""
    consumer = _consumer(client)
    try:
        place = TopicPartition(topics.DEAD_LETTERS, *name)
        start, end = consumer.get_watermark_offsets(place, _ANSWER_S)
        if start <= name.offset < end:
            consumer.assign([place])
            while not (messages := consumer.consume(1, 1.0)):
                continue
            if not _is_end(messages[0]) and messages[0].offset() == name.offset:
                letter = read_letter(messages[0])
                if letter is not None:
                    return letter
    finally:
        consumer.close()
    raise NoLetter(f"there is no dead letter {name}")


def _consumer(client: Client) -> Consumer:
    return Consumer({**client, **COMMITTED, "fetch.wait.max.ms": 20})


def _is_end(message: Message) -> bool:
    """Tell whether this is the end of a partition and no message; raise what is an error."""
    error = message.error()
    if error is None:
        return False
    if is_end(error):
        return True
    raise KafkaException(error)
