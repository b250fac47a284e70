"""What goes into a lane and what comes out of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from nyxter_online.intake import Message

Headers = Sequence[tuple[str, bytes]]
Span = tuple[str, int, int]
"""A topic, the first offset taken and the offset after the last."""


class Record(NamedTuple):
    """A record to write; to the lane's own partition number unless another is named."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers | None = None
    partition: int | None = None
    timestamp: int | None = None


class Portion(NamedTuple):
    """Messages of one topic that lie from offset `start` up to, not including, `end`.

    Offsets without a message (transaction markers) may lie between; ranges join all the same.
    """

    topic: str
    start: int
    end: int
    messages: Sequence[Message]

    def cut(self, count: int) -> tuple["Portion", "Portion"]:
        """Return the first `count` messages and the rest, each with its range."""
        border = self.messages[count].offset
        first = Portion(self.topic, self.start, border, self.messages[:count])
        return first, Portion(self.topic, border, self.end, self.messages[count:])


class Passed(NamedTuple):
    """Why offsets are passed over instead of applied, and the ids of their topics, where known."""

    reason: str
    topic_ids: Mapping[str, str]


class Batch(NamedTuple):
    """Portions of one partition number in the order in which they are applied.

    `poison` is set on a batch of one message that makes the work raise: the reason. `passed` is set
    on one without messages, whose ranges are passed over.
    """

    portions: Sequence[Portion]
    poison: str | None = None
    passed: Passed | None = None

    @property
    def messages(self) -> list[Message]:
        """The messages, one after the other."""
        return [message for portion in self.portions for message in portion.messages]

    @property
    def spans(self) -> list[Span]:
        """The ranges of offsets."""
        return [(topic, start, end) for topic, start, end, _ in self.portions]

    def halves(self) -> tuple["Batch", "Batch"]:
        """Return two batches that make up this one."""
        if len(self.portions) > 1:
            middle = len(self.portions) // 2
            return Batch(self.portions[:middle]), Batch(self.portions[middle:])
        first, rest = self.portions[0].cut(len(self.portions[0].messages) // 2)
        return Batch([first]), Batch([rest])


class Lasting(Protocol):
    """Records that can be looked up not only while they are loaded, but until the state is closed.

    They are what is committed: what a batch changes shows once it is.
    """

    def get(self, key: bytes, /) -> bytes | None:
        """Return the value of a key, or None."""

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the keys that begin so, rising, and their values, as they are at the first."""

    def __len__(self) -> int:
        """Return about how many there are."""
        ...


Stored = Mapping[bytes, bytes] | Lasting
"""Records as they are loaded: whole and for now, or `Lasting`."""


class Shift(Protocol):
    """The work on one partition, with its state; a lane drives it, one call at a time.

    `load` is called once. `handle` and `chore` compute records to write and leave the state such
    that either `settle` keeps what they did (after the commit) or `undo` takes it back.
    """

    def load(self, stored: Stored, memo: Any) -> None:
        """Take in the changelog's records and what `memo` gave last time (None: nothing yet)."""

    def ready(self) -> bool:
        """Tell whether everything is there that the work needs to go on."""

    def handle(self, batch: Batch, positions: Mapping[str, int]) -> list[Record]:
        """Return the records that a batch comes to.

        `positions` are the next offsets of the source topics, before the batch.
        """

    def chore(self, positions: Mapping[str, int]) -> list[Record] | None:
        """Return the records of work that is due without messages, or None."""

    def settle(self) -> None:
        """Keep what was done: it is committed."""

    def undo(self) -> None:
        """Take back what was done: it is not going to be committed."""

    def get(self, key: str) -> Any:
        """Return what the state holds under a key, or None."""

    def keys(self) -> Iterable[str]:
        """Return the keys of the state."""

    def memo(self) -> Any:
        """Return what `load` needs beside the changelog, as JSON values (after handle or chore)."""
