"""Where the data come from: which broker and topics these are."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka.admin import AdminClient

from streams.kafka.topic_ids import topic_ids
from streams.topics import need

_ANSWER_S: Final = 10.0


class Source(NamedTuple):
    """What tells a broker's topics from others of the same names.

    Attributes
    ----------
    cluster
        The cluster's id.
    topics
        By name, the topic's id: one that is deleted and made anew has another. None of a broker
        that tells no ids.

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
    return Source(str(there.cluster_id), topic_ids(admin, topics, _ANSWER_S))
