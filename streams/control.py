"""Control events: what a person or the leader says to all partitions at once."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka.admin import AdminClient

from schemas.envelope import read_kafka, structured
from schemas.events import CONTROL, Event, event_of
from schemas.instant import Refused
from streams import topics
from streams.lane.changelog import read_changelog
from streams.lane.records import Record
from streams.lane.transaction import TransactionalProducer

_ANSWER_S: Final = 10.0


class Control(NamedTuple):
    """A control event (`schemas.events.CONTROL`).

    Attributes
    ----------
    id, source
        As CloudEvents have them: the same event bears the same.
    type, data
        What is said.

    """

    id: str
    source: str
    type: str
    data: Mapping[str, Any]

    def records(self, at: str, partitions: int) -> Iterator[Record]:
        """Yield the event, said at an RFC 3339 time, once for each partition."""
        value = structured(
            {
                "id": self.id,
                "source": self.source,
                "type": self.type,
                "subject": "nyxter",
                "time": at,
                "data": self.data,
            }
        )
        for partition in range(partitions):
            yield Record(topics.CONTROL, self.id.encode(), value, None, partition)


class Said(NamedTuple):
    """A control event that was said before: its time, as sortable text, and its id."""

    time: str
    id: str
    event: Event


def say(client: Mapping[str, Any], app_id: str, control: Control, at: str) -> int:
    """Write a control event to every partition that there is, or to none; return how many.

    Parameters
    ----------
    client
        librdkafka settings.
    app_id
        The application's: of two who write under it at a time, one is refused.
    control, at
        What is said, and when (RFC 3339).

    Raises
    ------
    NoTopic
        There is none on the broker.
    Fenced
        It is not known whether the event is written: look, or say it again.
    KafkaException
        The broker does not answer, or refuses; nothing is written.

    """
    there = AdminClient(dict(client)).list_topics(timeout=_ANSWER_S).topics
    topics.need(there, topics.CONTROL)
    partitions = len(there[topics.CONTROL].partitions)
    producer = TransactionalProducer(client, f"{app_id}-control", 0)
    try:
        producer.write(control.records(at, partitions))
    finally:
        producer.close()
    return partitions


def last_said(client: Mapping[str, Any], kind: type[Event]) -> Said | None:
    """Return the last control event of a kind, None where there was none.

    Raises ``KafkaException`` where the broker could not be read.
    """
    values = read_changelog(client, topics.CONTROL, 0).values()
    said = [one for value in values if (one := _read(value)) and isinstance(one.event, kind)]
    return max(said, key=lambda one: one.time, default=None)


def _read(value: bytes) -> Said | None:
    try:
        envelope = read_kafka(value, None)
        return Said(envelope.time, envelope.id, event_of(envelope, CONTROL))
    except Refused:
        return None  # a lane sends it to the dead letters
