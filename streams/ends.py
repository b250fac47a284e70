"""Where partitions end, asked of the broker."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka import (
    OFFSET_INVALID,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.place import Place

ANSWER_S = 2.0
_LATEST = OffsetSpec.latest()


class Ends:
    """Tells ends, and beginnings; each question is one request to each broker that is concerned.

    All raise ``confluent_kafka.KafkaException`` when there is no answer within `ANSWER_S`.
    """

    def __init__(self, admin: AdminClient) -> None:
        self._admin = admin

    def committed(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the offsets that a reader of committed records can get to."""
        return self._ask(places, IsolationLevel.READ_COMMITTED)

    def written(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the offsets after the last records, those of transactions under way included."""
        return self._ask(places, IsolationLevel.READ_UNCOMMITTED)

    def starts(self, places: Iterable[Place]) -> dict[Place, int]:
        """Return the offsets before which nothing is there any more."""
        return self._ask(places, IsolationLevel.READ_COMMITTED, OffsetSpec.earliest())

    def _ask(
        self,
        places: Iterable[Place],
        isolation: IsolationLevel,
        spec: OffsetSpec = _LATEST,
    ) -> dict[Place, int]:
        self._admin.poll(0)  # what troubled the client goes to the log
        asked = {TopicPartition(*place): spec for place in places}
        try:
            return self._answer(asked, isolation)
        except KafkaException:
            # The client asks with the leaders that it knows, and after a change of leaders goes
            # on doing so for ever: only a look at the topics tells it of the new ones.
            self._admin.list_topics(timeout=ANSWER_S)
            return self._answer(asked, isolation)

    def _answer(
        self, asked: dict[TopicPartition, OffsetSpec], isolation: IsolationLevel
    ) -> dict[Place, int]:
        replies = self._admin.list_offsets(
            asked, isolation_level=isolation, request_timeout=ANSWER_S
        )
        return {Place(of.topic, of.partition): answered(it).offset for of, it in replies.items()}


def answered(reply: Any) -> Any:
    """Return the result of one of `AdminClient.list_offsets`' futures.

    Where a broker does not answer, librdkafka 2.16 ends the request without an error and gives no
    offset: that is a time-out, and no offset to go on with.

    Raises
    ------
    KafkaException
        There was no answer, or a refusal.

    """
    result = reply.result()
    if result.offset == OFFSET_INVALID:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - its public name
    return result
