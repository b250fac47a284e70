"""State read back: a changelog's committed records, the last of each key."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.envelope import dumps, loads

POSITION_KEY: Final = b'["position"]'
_ANSWER_S: Final = 20.0


VERSION: Final = 1


class OtherVersion(Exception):  # noqa: N818 - it names what is the case
    """The state was written by a release that keeps other things."""


class Position(NamedTuple):
    """How far a partition has come: next offset by source topic, and what the work remembers."""

    next: Mapping[str, int]
    partitions: int
    memo: Any

    def value(self) -> bytes:
        """Return the value of the position record."""
        return dumps({"version": VERSION, **self._asdict()})


def read_position(stored: dict[bytes, bytes]) -> Position | None:
    """Take the position out of a changelog's records; None where nothing was ever written.

    Raises
    ------
    OtherVersion
        Another release wrote the state.

    """
    value = stored.pop(POSITION_KEY, None)
    if value is None:
        return None
    fields = loads(value)
    if fields.pop("version", None) != VERSION:
        raise OtherVersion("the state was written by another release of Nyxter Online")
    return Position(**fields)


def read_changelog(config: Mapping[str, Any], topic: str, partition: int) -> dict[bytes, bytes]:
    """Return the last committed value of each key, up to the end as it is now.

    Raises
    ------
    KafkaException
        The broker could not be read.

    """
    consumer = Consumer(
        {
            **config,
            "group.id": "none",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "fetch.wait.max.ms": 20,
        }
    )
    try:
        place = TopicPartition(topic, partition)
        start, end = consumer.get_watermark_offsets(place, _ANSWER_S)
        if start == end:
            return {}
        place.offset = start
        consumer.assign([place])
        return _read_to_end(consumer)
    finally:
        consumer.close()


def _read_to_end(consumer: Consumer) -> dict[bytes, bytes]:
    stored: dict[bytes, bytes] = {}
    while True:
        for message in consumer.consume(5_000, 0.1):
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    return stored
                raise KafkaException(error)
            key, value = message.key(), message.value()
            if value is None:
                stored.pop(key, None)
            else:
                stored[key] = value
