"""What there is to see of a running system at one moment."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.cli.live.transitions import Transition


class Stream(NamedTuple):
    """What the topics tell.

    Attributes
    ----------
    arriving, applying
        Events a second that come in, and that are applied.
    lags
        By partition, the offsets of the inputs that are still to be applied.
    snapshot, snapshot_age_s
        Number and age of the newest snapshot; 0 and None before the first.
    minute
        What there was in the last minute, by sort (`Transitions.minute`).
    letters, newest_letter
        Dead letters of the last minute; when the newest was written and why, empty where none was.
    newest
        Transitions, newest first.

    """

    arriving: float
    applying: float
    lags: Mapping[int, int]
    snapshot: int
    snapshot_age_s: float | None
    minute: Mapping[str, int]
    letters: int
    newest_letter: str
    newest: Sequence[Transition]


class Copies(NamedTuple):
    """What Redis tells.

    Attributes
    ----------
    cards
        Customers with a card.
    lag, age_s
        Records that the cache was behind when it said so last, and how long that is ago; None
        where it never did.

    """

    cards: int
    lag: int
    age_s: float | None


class Look(NamedTuple):
    """All there is to see: None for a side that is away, and why, nothing where it is there."""

    stream: Stream | None = None
    broker_problem: str = ""
    copies: Copies | None = None
    redis_problem: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether broker and Redis are both there."""
        return self.stream is not None and self.copies is not None
