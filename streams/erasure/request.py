"""Erasures asked for: one event for each customer, on the topic of customers' records."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.envelope import structured
from streams import topics

ERASED: Final = "nyxter.customer.erased.v1"
SOURCE: Final = "/nyxter/erase"
_ANSWER_S: Final = 30.0


class Request(NamedTuple):
    """One customer to be forgotten.

    Attributes
    ----------
    customer_id, name
        The id, and the name that hides it.
    partition
        Where the customer is at home.
    time
        Everything up to this instant goes (UTC, as `schemas.instant` writes it).

    """

    customer_id: str
    name: str
    partition: int
    time: str

    def event(self) -> bytes:
        """Return the event; the same request is the same event."""
        return structured(
            {
                "id": f"{self.name}-{self.time}",
                "source": SOURCE,
                "type": ERASED,
                "subject": self.customer_id,
                "time": self.time + "Z",
                "data": {},
            }
        )


def publish(client: Mapping[str, Any], requests: Sequence[Request]) -> dict[str, int]:
    """Write the events, each once; return the offset of each by hidden name.

    Raises ``KafkaException`` where the broker does not take them all: asking again does no harm.
    """
    offsets: dict[str, int] = {}
    producer = Producer({**client, "enable.idempotence": True, "linger.ms": 5, "log_level": 0})
    for request in requests:

        def written(error: KafkaError | None, message: Message, name: str = request.name) -> None:
            if error is None:
                offsets[name] = message.offset() or 0

        key, value = request.customer_id.encode(), request.event()
        while True:
            try:
                producer.produce(
                    topics.CUSTOMERS, value, key, request.partition, on_delivery=written
                )
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush(_ANSWER_S)
    if len(offsets) < len(requests):
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - its public name
    return offsets
