"""Consumers without a group: what all of them are told, and what they tell beside messages."""

from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError

NO_GROUP: Final = "none"
"""The group that they name: librdkafka asks who coordinates it, and no more."""

COMMITTED: Final[Mapping[str, Any]] = {
    "group.id": NO_GROUP,
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
}
"""Settings of a consumer that reads what is committed, and says where a partition ends."""

_AWAY: Final = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT)  # noqa: SLF001 - public names


def is_end(error: KafkaError) -> bool:
    """Tell whether this says no more than that a partition's end is reached."""
    return bool(error.code() == KafkaError._PARTITION_EOF)  # noqa: SLF001 - its public name


def is_hopeless(error: KafkaError) -> bool:
    """Tell whether trying on can't help: neither may it be retried, nor is a broker away."""
    return not error.retriable() and error.code() not in _AWAY
