"""From raw messages to events that may be applied, or the reason why not."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from nyxter_online.step import Arrived
from schemas.customer_id import problem_of
from schemas.envelope import Envelope, Headers, read_kafka
from schemas.events import CustomerRecorded, event_of
from schemas.instant import Refused, latest_allowed
from schemas.limits import EventLimits

_MILLISECONDS: Final = 1000
_DEFAULT: Final = EventLimits()


class Message(Protocol):
    """One record of a topic, or line of a file, as it came.

    `timestamp` is the Kafka timestamp in milliseconds since 1970, `offset` the place in the topic.
    """

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Headers | None: ...  # noqa: D102


class Line(NamedTuple):
    """A message that is a line of a file: `offset` is its number."""

    offset: int
    timestamp: int
    value: bytes
    topic: str = ""
    key: bytes | None = None
    headers: Headers | None = None


class Refusal(NamedTuple):
    """A message that was not applied, and why, in words without its values."""

    message: Message
    reason: str


class Intake(NamedTuple):
    """What came of messages: events to apply, those of other places, and those refused."""

    arrived: list[Arrived]
    strays: list[tuple[Message, Envelope]]
    refused: list[Refusal]


def _everyone(_: Envelope) -> bool:
    return True


def take_in(
    messages: Iterable[Message],
    is_home: Callable[[Envelope], bool] = _everyone,
    limits: EventLimits = _DEFAULT,
) -> Intake:
    """Return the events of messages in their order, and the messages that are not applied.

    `is_home` tells whether an event's customer belongs here, `limits` how large one may be.
    """
    intake = Intake([], [], [])
    for message in messages:
        try:
            envelope, event = _read(message, limits)
        except Refused as refusal:
            intake.refused.append(Refusal(message, str(refusal)))
            continue
        if is_home(envelope):
            intake.arrived.append((envelope, event))
        else:
            intake.strays.append((message, envelope))
    return intake


def _read(message: Message, limits: EventLimits) -> Arrived:
    """Return what a message carries (Refused); what is too small to break a limit is not measured.

    No text of an event has more bytes than the JSON that it is read from. Headers are no part of
    that.
    """
    value = message.value
    is_large = bool(message.headers) or value is None or len(value) > limits.unmeasured
    if is_large:
        limits.check_message(value)
    envelope = _envelope(message)
    if is_large:
        limits.check_envelope(envelope)
    event = event_of(envelope)
    if is_large or type(event) is CustomerRecorded:
        limits.check_event(event)
    return envelope, event


def _envelope(message: Message) -> Envelope:
    envelope = read_kafka(message.value, message.headers)
    if problem := problem_of(envelope.subject):
        raise Refused(f"subject {problem}")
    limit = _latest(message.timestamp // _MILLISECONDS)
    if envelope.time > limit and envelope.time > latest_allowed(message.timestamp):
        raise Refused("time is more than 24 hours ahead")
    if message.key is not None and message.key != envelope.subject.encode():
        raise Refused("the key of the record is not the subject of the event")
    return envelope


@lru_cache(maxsize=1024)
def _latest(second: int) -> str:
    """Return the latest instant allowed to a message that came at the start of a second."""
    return latest_allowed(second * _MILLISECONDS)
