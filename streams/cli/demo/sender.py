"""Sends events to the topics that they belong to."""

from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaException, Message, Producer

from nyxter_online.simulate import CloudEvent
from schemas.envelope import dumps
from streams import topics
from streams.parcel import Parcel
from streams.place import Place

_TOPICS: Final = {
    "purchase": topics.PURCHASES,
    "contract": topics.CONTRACTS,
    "customer": topics.CUSTOMERS,
}
_END_S: Final = 1.0


def parcel_of(event: CloudEvent) -> Parcel:
    """Return an event ready to be sent."""
    line = bytes(memoryview(dumps(event)))  # what orjson returns holds on to its whole buffer
    return Parcel(_TOPICS[event["type"].split(".")[1]], event["subject"].encode(), line)


class Sender:
    """Sends events and knows what has arrived.

    Parameters
    ----------
    client
        librdkafka settings: the broker, and the partitioner of all our producers.

    Attributes
    ----------
    sent, arrived
        Events sent, and of those the ones that the broker has.
    ends
        By place, the offset after the last event that arrived.

    """

    def __init__(self, client: Mapping[str, Any]) -> None:
        self._producer = Producer({**client, "linger.ms": 5, "compression.type": "lz4"})
        self._closing = False
        self.sent = self.arrived = 0
        self.ends: dict[Place, int] = {}

    def send(self, parcel: Parcel) -> None:
        """Send an event; waits while too many are under way."""
        topic, key, line = parcel
        while True:
            try:
                self._producer.produce(topic, line, key, on_delivery=self._delivered)
                break
            except BufferError:
                self._producer.poll(0.1)
        self.sent += 1

    def look(self) -> None:
        """Learn what has arrived; raise ``KafkaException`` where something did not."""
        self._producer.poll(0)

    def close(self) -> None:
        """Give up what has not arrived; nothing under way holds the producer any more."""
        self._closing = True
        self._producer.purge()
        self._producer.flush(_END_S)

    def _delivered(self, error: Any, message: Message) -> None:
        if self._closing:
            return
        if error is not None:
            raise KafkaException(error)
        topic, partition, offset = message.topic(), message.partition(), message.offset()
        assert topic is not None
        assert partition is not None
        assert offset is not None
        place = Place(topic, partition)
        self.ends[place] = max(self.ends.get(place, 0), offset + 1)
        self.arrived += 1
