"""Where the data come from: which broker and topics these are."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient

from streams.topics import need

_ANSWER_S: Final = 10.0


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


def source_of(client: Mapping[str, Any], topics: Sequence[str]) -> Source:
    """Ask the broker who it is.

    Raises ``NoTopic``, and ``KafkaException`` where it does not answer.
    """
    admin = AdminClient(dict(client))
    there = admin.list_topics(timeout=_ANSWER_S)
    need(there.topics, *topics)
    asked = admin.describe_topics(TopicCollection(list(topics)), request_timeout=_ANSWER_S)
    ids = {name: str(answer.result().topic_id) for name, answer in asked.items()}
    return Source(str(there.cluster_id), ids)
