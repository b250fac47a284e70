"""Segment events that wait for their customers' cards."""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import Message


@dataclass(slots=True)
class _Chunk:
    """Events that came together, and the end of the profiles that they wait for, once known."""

    messages: list[Message] = field(default_factory=list)
    fence: int | None = None


class Parking:
    """Holds events back until every profile that was there before them is read.

    An event and its profile are written in one transaction, to the same partition number of two
    topics; which of the two a reader sees first is anyone's guess. So an event that came is given
    a *fence*: the end of its partition of the profiles, asked for after the event came, with the
    records of transactions under way counted in. Once the profiles are read up to the fence, the
    event's own is among them, and a customer without a card is a customer who is gone.
    """

    def __init__(self) -> None:
        self._chunks: defaultdict[int, deque[_Chunk]] = defaultdict(deque)

    def park(self, message: Message) -> None:
        """Take an event; those of a partition come in their order."""
        chunks = self._chunks[message.partition()]
        if not chunks or chunks[-1].fence is not None:
            chunks.append(_Chunk())
        chunks[-1].messages.append(message)

    def without_fence(self) -> list[int]:
        """Return the partitions that have events which need a fence."""
        return [p for p, chunks in self._chunks.items() if chunks and chunks[-1].fence is None]

    def fence(self, ends: Mapping[int, int]) -> None:
        """Give events that need one their partition's fence."""
        for partition, end in ends.items():
            self._chunks[partition][-1].fence = end

    def release(self, reached: Mapping[int, int], enough: int) -> list[Message]:
        """Let go of events whose fence the profiles' positions have reached, till it is `enough`.

        A partition's come in their order.
        """
        free: list[Message] = []
        for partition, chunks in self._chunks.items():
            while chunks and len(free) < enough and _is_open(chunks[0].fence, reached[partition]):
                free += chunks.popleft().messages
        return free

    def first(self, partition: int) -> int | None:
        """Return the offset of the partition's oldest event here; None when there is none."""
        chunks = self._chunks.get(partition)
        return chunks[0].messages[0].offset() if chunks else None

    def count(self, partition: int) -> int:
        """Return how many events of the partition wait."""
        return sum(len(chunk.messages) for chunk in self._chunks.get(partition, ()))


def _is_open(fence: int | None, position: int) -> bool:
    return fence is not None and position >= fence
