"""Where the data come from: which broker and topics these are, and what they hold now."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.lane.groupless import COMMITTED, watermarks
from streams.place import Place

_ANSWER_S: Final = 10.0


class NoTopic(LookupError):  # noqa: N818 - it names what is the case
    """The broker has no such topic."""


class Source(NamedTuple):
    """What tells a broker's topics from others of the same names.

    Attributes
    ----------
    cluster
        The cluster's id.
    topics
        By name, the topic's id: one that is deleted and made anew has another.

    """

    cluster: str
    topics: dict[str, str]


class Span(NamedTuple):
    """The first offset that a partition has, and the one after its last committed record."""

    start: int
    end: int


def source_of(client: Mapping[str, Any], topics: Sequence[str]) -> Source:
    """Ask the broker who it is.

    Raises ``NoTopic``, and ``KafkaException`` where it does not answer.
    """
    admin = AdminClient(dict(client))
    there = admin.list_topics(timeout=_ANSWER_S)
    for name in topics:
        if name not in there.topics or there.topics[name].error is not None:
            raise NoTopic(f"the broker has no topic {name}")
    asked = admin.describe_topics(TopicCollection(list(topics)), request_timeout=_ANSWER_S)
    ids = {name: str(answer.result().topic_id) for name, answer in asked.items()}
    return Source(str(there.cluster_id), ids)


def spans_of(client: Mapping[str, Any], topic: str) -> dict[Place, Span]:
    """Return what each partition of a topic holds.

    Raises ``KafkaException`` where the broker does not answer.
    """
    with closing(Consumer({**client, **COMMITTED})) as consumer:
        numbers = consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic].partitions
        places = [Place(topic, number) for number in sorted(numbers)]
        return {
            place: Span(*watermarks(consumer, TopicPartition(*place), _ANSWER_S))
            for place in places
        }
