"""What the broker has of the source topics: ids, numbers of partitions, first and last offsets."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final, Protocol

from confluent_kafka import (
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.ends import answered
from streams.kafka.topic_ids import known_id
from streams.lane.input_checks import Observed

_ANSWER_S: Final = 5.0


class InputFacts(Protocol):
    """Answers what there is of the source topics.

    Both raise ``KafkaException`` where the broker does not answer; `look` where a topic is missing.
    """

    def look(self, partition: int) -> Mapping[str, Observed]:
        """Return what there is of every source topic and of its partition of that number."""

    def topics(self) -> Mapping[str, Observed]:
        """Return id and number of partitions of every source topic that is there."""


class Inputs:
    """Asks the broker (an `InputFacts`); safe to use from any thread.

    Parameters
    ----------
    client
        librdkafka settings.
    topics
        The source topics.

    """

    def __init__(self, client: Mapping[str, Any], topics: Sequence[str]) -> None:
        self._client = client
        self._topics = list(topics)

    @cached_property
    def _admin(self) -> AdminClient:
        return AdminClient(dict(self._client))

    def topics(self) -> dict[str, Observed]:
        """Return id and number of partitions of every topic that is there, in one request."""
        self._admin.poll(0)  # what troubled the client goes to the log
        asked = TopicCollection(self._topics)
        answers = self._admin.describe_topics(asked, request_timeout=_ANSWER_S)
        found = {}
        for topic, answer in answers.items():
            try:
                there = answer.result()
            except KafkaException as error:
                if error.args[0].code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                    continue
                raise
            found[topic] = Observed(known_id(there.topic_id), len(there.partitions))
        return found

    def look(self, partition: int) -> dict[str, Observed]:
        """Return what there is of every topic and of its partition of that number.

        Offsets are asked for before the ids: a topic that is made anew in between is seen by its
        id, whatever its offsets.
        """
        try:
            starts, ends = self._offsets(partition)
        except KafkaException:
            # The client asks the leaders that it knows: only a look at the topics shows new ones.
            self._admin.list_topics(timeout=_ANSWER_S)
            starts, ends = self._offsets(partition)
        there = self.topics()
        for topic in self._topics:
            if topic not in there:
                raise KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART, topic))
        return {t: there[t]._replace(start=starts[t], end=ends[t]) for t in self._topics}

    def _offsets(self, partition: int) -> tuple[dict[str, int], dict[str, int]]:
        return self._ask(partition, OffsetSpec.earliest()), self._ask(
            partition, OffsetSpec.latest()
        )

    def _ask(self, partition: int, spec: OffsetSpec) -> dict[str, int]:
        replies = self._admin.list_offsets(
            {TopicPartition(topic, partition): spec for topic in self._topics},
            isolation_level=IsolationLevel.READ_UNCOMMITTED,
            request_timeout=_ANSWER_S,
        )
        return {at.topic: answered(reply).offset for at, reply in replies.items()}
