"""Reads topics without a group, as they come."""

from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.cache.batch import Place

_AT_ONCE = 2_000


class Reader:
    """Committed records of some places, from given offsets on.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    starts
        Where to begin.

    """

    def __init__(self, client: Mapping[str, Any], starts: Mapping[Place, int]) -> None:
        self._consumer = Consumer(
            {
                **client,
                "group.id": "none",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 100,
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(*at, offset) for at, offset in starts.items()])

    def read(self) -> list[Message]:
        """Return what has come since the last call, without waiting.

        Raises ``KafkaException`` for what will not mend by itself; a broker that is away may.
        """
        messages = self._consumer.consume(_AT_ONCE, timeout=0)
        for error in (message.error() for message in messages):
            if error is not None and _is_hopeless(error):
                raise KafkaException(error)
        return [message for message in messages if message.error() is None]

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()


def _is_hopeless(error: KafkaError) -> bool:
    away = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT)  # noqa: SLF001 - public names
    return not error.retriable() and error.code() not in away
