"""Dead letters as they lie on their topic, and what became of them.

The last four headers of a record are ours (`streams.segmenter.told`): why it was refused and where
it came from. Before them are the message's own. One that was sent again bears two more of ours,
`nyxter-retry` (how often) and `nyxter-letter` (which letter it was): where it is refused again, its
new letter names the one before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

from confluent_kafka import Message

from schemas.envelope import loads

REASON, TOPIC, PARTITION, OFFSET = OURS = (
    "nyxter-reason",
    "nyxter-topic",
    "nyxter-partition",
    "nyxter-offset",
)
RETRY: Final = "nyxter-retry"
LETTER: Final = "nyxter-letter"

Headers = Sequence[tuple[str, bytes | None]]


class Name(NamedTuple):
    """What a letter is called: its place in the dead letters, written PARTITION:OFFSET."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}:{self.offset}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the name that a text writes; ValueError where it writes none.

        >>> Name.read("3:125")
        Name(partition=3, offset=125)
        """
        partition, colon, offset = text.partition(":")
        if not (colon and partition.isdecimal() and offset.isdecimal()):
            raise ValueError(f"{text!r} is not PARTITION:OFFSET, as `dead-letters list` writes it")
        return cls(int(partition), int(offset))


class State(StrEnum):
    """What became of a letter."""

    OPEN = "open"
    RETRIED = "retried"
    FAILED_AGAIN = "failed again"


class Letter(NamedTuple):
    """One dead letter.

    Attributes
    ----------
    name, timestamp_ms
        Where it lies, and when it was written (milliseconds since 1970).
    reason
        Why the message was refused.
    topic, partition, offset
        Where the message was.
    key, value, headers
        The message, without headers of ours.
    retries
        How often it had been sent again before it came here.
    before
        The letter that it was sent again from, where it was.

    """

    name: Name
    timestamp_ms: int
    reason: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    retries: int
    before: Name | None

    @property
    def customer(self) -> str | None:
        """The id of whom it is about, as far as that can be told: its key, or its subject."""
        if self.key is not None:
            return self.key.decode(errors="backslashreplace")
        named = {name.lower(): value for name, value in self.headers if value is not None}
        if (subject := named.get("ce_subject")) is not None:
            return subject.decode(errors="backslashreplace")
        return _subject(self.value)


def _subject(value: bytes | None) -> str | None:
    try:
        event = loads(value or b"")
    except ValueError:
        return None
    subject = event.get("subject") if isinstance(event, dict) else None
    return subject if isinstance(subject, str) else None


def read_letter(message: Message) -> Letter | None:
    """Return the letter that a record is; None for what somebody else has put on the topic."""
    headers: list[tuple[str, Any]] = list(message.headers() or ())
    told = headers[-len(OURS) :]
    if tuple(name for name, _ in told) != OURS:
        return None
    reason, topic, partition, offset = (value.decode() for _, value in told)
    sent, marks = _parted(headers[: -len(OURS)])
    return Letter(
        Name(message.partition() or 0, message.offset() or 0),
        message.timestamp()[1],
        reason,
        topic,
        int(partition),
        int(offset),
        message.key(),
        message.value(),
        sent,
        *_retries(marks),
    )


def _parted(headers: Headers) -> tuple[Headers, Mapping[str, bytes]]:
    """Return a message's own headers, and those of ours that it bore when it was sent again."""
    names = [name for name, _ in headers[-2:]]
    if names != [RETRY, LETTER]:
        return headers, {}
    return headers[:-2], {name: value or b"" for name, value in headers[-2:]}


def _retries(marks: Mapping[str, bytes]) -> tuple[int, Name | None]:
    try:
        return int(marks[RETRY]), Name.read(marks[LETTER].decode())
    except (KeyError, ValueError):
        return 0, None


class Mark(NamedTuple):
    """That a letter was sent again: its own time tells it from one of the same name.

    A topic that is deleted and made anew counts from 0 again.
    """

    timestamp_ms: int
    at: str


class Fates:
    """What became of letters: who was sent again, and whom a later letter names.

    Parameters
    ----------
    marks
        By name, that a letter was sent again.

    """

    def __init__(self, marks: Mapping[Name, Mark]) -> None:
        self._marks = marks
        self._failed: set[Name] = set()

    def noting(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        """Yield letters, and remember which ones they name as the one before."""
        for letter in letters:
            if letter.before is not None:
                self._failed.add(letter.before)
            yield letter

    def is_sent(self, name: Name, timestamp_ms: int) -> bool:
        """Tell whether a letter was sent again."""
        mark = self._marks.get(name)
        return mark is not None and mark.timestamp_ms == timestamp_ms

    def of(self, name: Name, timestamp_ms: int) -> State:
        """Return what became of a letter, once all have been noted."""
        if not self.is_sent(name, timestamp_ms):
            return State.OPEN
        return State.FAILED_AGAIN if name in self._failed else State.RETRIED
