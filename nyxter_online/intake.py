"""From raw messages to events that may be applied, or the reason why not."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from nyxter_online.step import Arrived
from schemas.envelope import Envelope, Headers, read_kafka
from schemas.events import event_of
from schemas.instant import Refused, latest_allowed

_MILLISECONDS: Final = 1000


class Message(NamedTuple):
    """One record of a topic or line of a file, as it came.

    `timestamp_ms` is the Kafka timestamp; `place` is the topic and `offset` where in it.
    """

    place: str
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None


class Refusal(NamedTuple):
    """A message that was not applied, and why, in words without its values."""

    message: Message
    reason: str


def take_in(messages: Iterable[Message]) -> tuple[list[Arrived], list[Refusal]]:
    """Return the events of messages in their order, and the messages refused."""
    arrived: list[Arrived] = []
    refused: list[Refusal] = []
    for message in messages:
        try:
            envelope = _envelope(message)
            arrived.append((envelope, event_of(envelope)))
        except Refused as refusal:
            refused.append(Refusal(message, str(refusal)))
    return arrived, refused


def _envelope(message: Message) -> Envelope:
    envelope = read_kafka(message.value, message.headers)
    if envelope.time > _latest(message.timestamp_ms // _MILLISECONDS):
        raise Refused("time is more than 24 hours ahead")
    if message.key is not None and message.key != envelope.subject.encode():
        raise Refused("the key of the record is not the subject of the event")
    return envelope


@lru_cache(maxsize=1024)
def _latest(second: int) -> str:
    """Return the latest instant allowed to a message that came within a second of the epoch."""
    return latest_allowed(second * _MILLISECONDS + _MILLISECONDS - 1)
