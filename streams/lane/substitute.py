"""Reads what aiokafka cannot decode: librdkafka brings every codec with it.

aiokafka takes its codecs from cramjam; where that is missing or broken, one compressed batch would
stop a worker. Nothing may be passed over, so the messages of that place are read by another client
until its batch has been passed.
"""

import time
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from aiokafka.structs import ConsumerRecord
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from streams.lane.groupless import COMMITTED, is_end, is_hopeless, some

_PATIENCE_S: Final = 5.0
_MOST: Final = 2_000
_MORE_S: Final = 0.05


class Unreadable(Exception):  # noqa: N818 - it names what is the case
    """Messages that no client can decode: their bytes are not what they should be."""


class Place(NamedTuple):
    """Where to read: an offset of a topic's partition."""

    topic: str
    partition: int
    offset: int


class Reading(NamedTuple):
    """Messages as aiokafka would give them, and the offset to go on from."""

    messages: list[ConsumerRecord]
    next: int


def read_otherwise(client: Mapping[str, Any], place: Place) -> Reading:
    """Return committed messages of a place from its offset on; none where the broker is away.

    Raises
    ------
    Unreadable
        They cannot be decoded.

    """
    consumer = Consumer({**client, **COMMITTED})
    try:
        consumer.assign([TopicPartition(*place)])
        messages = _read(consumer)
        (reached,) = consumer.position([TopicPartition(*place)])
        return Reading(messages, max(reached.offset, place.offset))
    except KafkaException as error:
        raise Unreadable(error.args[0].str()) from error
    finally:
        consumer.close()


def _read(consumer: Consumer) -> list[ConsumerRecord]:
    """Return what is there, waiting only for the first of it."""
    limit = time.monotonic() + _PATIENCE_S
    records: list[ConsumerRecord] = []
    while not records and time.monotonic() < limit:
        for message in some(consumer, _MOST, _MORE_S):
            error = message.error()
            if error is None:
                records.append(_record(message))
            elif is_end(error):
                return records
            elif is_hopeless(error):
                raise KafkaException(error)
    return records


def _record(message: Message) -> ConsumerRecord:
    key, value = message.key(), message.value()
    kind, timestamp = message.timestamp()
    return ConsumerRecord(
        message.topic(),
        message.partition(),
        message.offset(),
        timestamp,
        kind,
        key,
        value,
        None,
        -1 if key is None else len(key),
        -1 if value is None else len(value),
        tuple(message.headers() or ()),
    )
