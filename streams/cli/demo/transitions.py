"""Transitions as they come, and those of them that a person has the time to read."""

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, Self

from schemas.envelope import loads
from schemas.outputs import SEGMENT_CHANGED
from streams.cli import whys, words
from streams.place import Place
from streams.reader import Reader

_KEPT: Final = 50


class Transition(NamedTuple):
    """A change of segment in words.

    Attributes
    ----------
    reason, short
        Why, with the id of the causing event and without.
    sort
        Kind and cause.

    """

    clock: str
    customer: str
    change: str
    reason: str
    short: str
    sort: tuple[str, str]


class Transitions:
    """Reads segment changes.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    starts
        Where to begin.

    Attributes
    ----------
    count
        How many were read.

    """

    def __init__(self, client: Mapping[str, Any], starts: Mapping[Place, int]) -> None:
        self._reader = Reader(client, starts)
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()

    def read(self) -> list[Transition]:
        """Return what has come since the last call."""
        values = (message.value() for message in self._reader.read())
        events = [loads(value) for value in values if value is not None]
        new = [_transition(event) for event in events if event["type"] == SEGMENT_CHANGED]
        self.count += len(new)
        return new


def _transition(event: dict[str, Any]) -> Transition:
    data = event["data"]
    return Transition(
        words.clock(event["time"]),
        event["subject"],
        whys.change(data["kind"], data["old"], data["new"]),
        whys.reason(data["why"]),
        whys.reason(data["why"], named=False),
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
