"""What the partitions of a topic hold just now, for readers of what is committed."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.lane.groupless import COMMITTED, watermarks
from streams.place import Place

_ANSWER_S: Final = 10.0


class Span(NamedTuple):
    """The first offset that a partition has, and the one after its last committed record."""

    start: int
    end: int


def spans_of(
    client: Mapping[str, Any], topic: str, answer_s: float = _ANSWER_S
) -> dict[Place, Span]:
    """Return what each partition of a topic holds, by their numbers in order.

    Raises ``KafkaException`` where the broker does not answer within seconds, or has no such topic.
    """
    with closing(Consumer({**client, **COMMITTED})) as consumer:
        listed = consumer.list_topics(topic, timeout=answer_s).topics[topic]
        if listed.error is not None:
            raise KafkaException(listed.error)
        places = [Place(topic, number) for number in sorted(listed.partitions)]
        return {
            place: Span(*watermarks(consumer, TopicPartition(*place), answer_s)) for place in places
        }
