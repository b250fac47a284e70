"""What librdkafka is told by every client of a process."""

from collections.abc import Mapping
from typing import Any

from streams.access.kafka import kafka_access
from streams.settings import Settings


def client_config(settings: Settings) -> Mapping[str, Any]:
    """Return the librdkafka settings that every client of a process has in common."""
    return {
        **kafka_access(settings),
        "client.id": settings.app_id,
        "partitioner": "murmur2_random",
        "message.max.bytes": 8_000_000,
        "log_level": 3,
    }
