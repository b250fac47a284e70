"""Consumers without a group: what all of them are told, and what they tell beside messages."""

import time
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

NO_GROUP: Final = "none"
"""The group that they name: librdkafka asks who coordinates it, and no more."""

COMMITTED: Final[Mapping[str, Any]] = {
    "group.id": NO_GROUP,
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": 20,
}
"""Settings of a consumer that reads what is committed, and says where a partition ends.

A broker answers one request of a connection after the other, so whatever is asked of it waits as
long as the fetch before it may. Who stays at the end for long sets more than these milliseconds.
"""

_AGAIN_S: Final = 0.2
_AWAY: Final = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT)  # noqa: SLF001 - public names
_CHOOSING: Final = (
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.UNKNOWN_LEADER_EPOCH,
    KafkaError.OFFSET_NOT_AVAILABLE,
)


def is_end(error: KafkaError) -> bool:
    """Tell whether this says no more than that a partition's end is reached."""
    return bool(error.code() == KafkaError._PARTITION_EOF)  # noqa: SLF001 - its public name


def is_hopeless(error: KafkaError) -> bool:
    """Tell whether trying on can't help: no broker is away, and no leader is being chosen.

    The errors that consumers give do not say by themselves that they may be retried.
    """
    return not error.retriable() and error.code() not in (*_AWAY, *_CHOOSING)


def some(consumer: Consumer, most: int, patience_s: float) -> list[Message]:
    """Wait for one message, then return those that are there: `consume` alone waits for `most`.

    Empty where none came within the seconds.
    """
    first = consumer.poll(patience_s)
    return [] if first is None else [first, *consumer.consume(most - 1, timeout=0)]


def watermarks(consumer: Consumer, place: TopicPartition, answer_s: float) -> tuple[int, int]:
    """Return the first offset that a partition has, and the one after its last committed record.

    While leaders change (those of a new topic too) the broker is asked again.

    Raises
    ------
    KafkaException
        There is no answer within some seconds, or one that will stay.

    """
    limit = time.monotonic() + answer_s
    while True:
        try:
            start, end = consumer.get_watermark_offsets(place, answer_s)
        except KafkaException as error:
            if is_hopeless(error.args[0]) or time.monotonic() > limit:
                raise
            time.sleep(_AGAIN_S)
        else:
            return start, end
