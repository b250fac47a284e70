"""Transitions as they come, and those of them that a person has the time to read."""

import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Self

from confluent_kafka import Message

from schemas.envelope import loads
from schemas.outputs import JOURNEY_TRIGGERED, SEGMENT_CHANGED
from streams.cli import whys, words
from streams.cli.live.meter import Minute
from streams.place import Place
from streams.reader import Reader

FIRED: Final = "fired"
HELD: Final = "suppressed"

_KEPT: Final = 50
_MS: Final = 1000


class Transition(NamedTuple):
    """A change of segment in words, harmless for a terminal.

    Attributes
    ----------
    reason, short
        Why, with the id of the causing event and without.
    sort
        Kind and cause.
    at
        Kafka's time of it, in seconds since 1970.

    """

    clock: str
    customer: str
    change: str
    reason: str
    short: str
    sort: tuple[str, str]
    at: float = 0.0


class Transitions:
    """Reads segment changes and triggers.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    starts
        Where to begin.

    Attributes
    ----------
    count
        How many segment changes were read.

    """

    def __init__(self, client: Mapping[str, Any], starts: Mapping[Place, int]) -> None:
        self._reader = Reader(client, starts)
        self._minute = Minute()
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def has_come_to_ends(self) -> bool:
        """Whether all was read that there was at first."""
        return self._reader.has_come_to_ends

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    def read(self) -> list[Transition]:
        """Return the segment changes that have come since the last call."""
        new = [self._see(message) for message in self._reader.read()]
        changes = [transition for transition in new if transition is not None]
        self.count += len(changes)
        return changes

    def minute(self) -> Mapping[str, int]:
        """Return how many there were in the last minute, by kind; triggers by what became of them.

        By the time that Kafka gave them.
        """
        return self._minute.counts(time.time())

    def _see(self, message: Message) -> Transition | None:
        value = message.value()
        event = loads(value) if value is not None else {}
        if (sort := _sort_of(event)) is None:
            return None
        at = min(time.time(), message.timestamp()[1] / _MS)
        self._minute.add(at, sort)
        return None if sort in (FIRED, HELD) else transition_of(event)._replace(at=at)


def _sort_of(event: Mapping[str, Any]) -> str | None:
    """Return the kind of a change, what became of a trigger, or None for what is neither."""
    if event.get("type") == SEGMENT_CHANGED:
        return str(event["data"]["kind"])
    if event.get("type") == JOURNEY_TRIGGERED:
        return HELD if event["data"]["suppressed"] else FIRED
    return None


def transition_of(event: Mapping[str, Any]) -> Transition:
    """Return a segment change in words."""
    data = event["data"]
    return Transition(
        words.clock(event["time"]),
        words.printable(event["subject"]),
        words.printable(whys.change(data["kind"], data["old"], data["new"])),
        words.printable(whys.reason(data["why"])),
        words.printable(whys.reason(data["why"], named=False)),
        (data["kind"], data["why"]["cause"]),
    )


class Reel:
    """The newest transitions at a pace that a person can read.

    Many more come; of those since the last one the reel takes the one of the rarest sort on it.

    Parameters
    ----------
    pause_s
        Seconds between two of them.

    Attributes
    ----------
    newest
        Newest first.

    """

    def __init__(self, pause_s: float) -> None:
        self.newest: deque[Transition] = deque(maxlen=_KEPT)
        self._waiting: list[Transition] = []
        self._pause_s = pause_s
        self._next_at = 0.0

    def fill(self, come: Iterable[Transition]) -> None:
        """Put on what was before we began to look, the newest on top."""
        self.newest.extendleft(sorted(come, key=lambda transition: transition.at))

    def turn(self, come: Iterable[Transition], now: float) -> Transition | None:
        """Take in what has come; return the one that is new on the reel, if it is time for one."""
        self._waiting += come
        if now < self._next_at or not self._waiting:
            return None
        shown = Counter(transition.sort for transition in self.newest)
        chosen = min(self._waiting, key=lambda transition: shown[transition.sort])
        self.newest.appendleft(chosen)
        self._waiting.clear()
        self._next_at = now + self._pause_s
        return chosen
