"""The histories and moves that a partition of the segment events comes to, in bounded memory."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final
from zlib import crc32

from confluent_kafka import Message

from schemas.envelope import loads
from schemas.outputs import JOURNEY_TRIGGERED, SEGMENT_CHANGED
from streams.cache.batch import UNREADABLE, transition_of
from streams.cache.counted import Move, move_of
from streams.cards import HISTORY
from streams.place import Place
from streams.reader import records
from streams.topics import SEGMENT_EVENTS

Transition = tuple[int, dict[str, Any]]
_AT_ONCE: Final = 100_000  # transitions in memory; each takes some 2 KB


class Past:
    """Each customer's transitions since their first tier of this life, the newest of them.

    The topic is read once to know which, and again for each `_AT_ONCE` of them.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    partition
        Whose events.
    counted_to
        The offset before which events are counted; None: all of them are.
    most
        Most transitions of a customer.

    Attributes
    ----------
    start, end
        Offsets of the first record there is (-1: there is none), and up to which it was read, past
        markers of transactions.
    moves
        What the events are counted as, and how many as each.
    partly
        The day of the first event of a topic that starts late, which may have had more, else "".

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        partition: int,
        counted_to: int | None = None,
        most: int = HISTORY,
    ) -> None:
        self._client = client
        self._place = Place(SEGMENT_EVENTS, partition)
        self.start, self.end = -1, 0
        self.moves: Counter[Move] = Counter()
        self.partly = ""
        self._counted_to = counted_to
        offsets = self._offsets(most)
        self._first = {customer: listed[0] for customer, listed in offsets.items()}
        self._parts = 1 + sum(map(len, offsets.values())) // _AT_ONCE

    def _offsets(self, most: int) -> dict[bytes, list[int]]:
        found: dict[bytes, list[int]] = {}
        ends: dict[Place, int] = {}
        for message in self._messages(ends):
            self.start = message.offset() if self.start < 0 else self.start
            if (event := event_of(message)) is None:
                continue
            self._count(message.offset(), move_of(event))
            listed = found.setdefault(message.key(), [])
            if opens_a_life(event):
                listed.clear()
            listed.append(message.offset())
            del listed[:-most]
        self.end = ends[self._place]
        return found

    def _count(self, offset: int, move: Move) -> None:
        if not self.moves and self.start > 0:
            self.partly = self.partly or move.day
        if self._counted_to is None or offset < self._counted_to:
            self.moves[move] += 1

    def __iter__(self) -> Iterator[dict[bytes, list[Transition]]]:
        """Yield some customers' histories at a time, oldest transition first."""
        for part in range(self._parts):
            yield self._part(part)

    def _part(self, part: int) -> dict[bytes, list[Transition]]:
        due: dict[bytes, list[Transition]] = {}
        for message in self._messages({}):
            customer, offset = message.key(), message.offset()
            if offset >= self.end:
                break
            if customer is None or crc32(customer) % self._parts != part:
                continue
            if offset >= self._first.get(customer, self.end) and (event := event_of(message)):
                due.setdefault(customer, []).append((offset, transition_of(event)))
        return due

    def _messages(self, ends: dict[Place, int]) -> Iterator[Message]:
        for piece in records(self._client, {self._place: 0}, ends):
            yield from piece


def opens_a_life(event: Mapping[str, Any]) -> bool:
    """Tell whether an event is a customer's first: a tier that comes from nowhere.

    >>> opens_a_life({"type": SEGMENT_CHANGED, "data": {"kind": "tier", "old": None}})
    True
    """
    data = event["data"]
    return bool(event["type"] == SEGMENT_CHANGED and data["kind"] == "tier" and data["old"] is None)


def event_of(message: Message) -> dict[str, Any] | None:
    """Return a transition or trigger; None for what is neither, or cannot be read."""
    try:
        event: dict[str, Any] = loads(message.value())
        transition_of(event)
        move_of(event)
        is_known = event["type"] in (SEGMENT_CHANGED, JOURNEY_TRIGGERED)
        opens_a_life(event)
    except UNREADABLE:
        return None
    return event if is_known and message.key() is not None else None
