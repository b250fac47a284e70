"""Which of the profiles that there are is each customer's newest, found before any is written."""

from collections.abc import Iterator, Mapping
from typing import Any

from confluent_kafka import Message

from streams.place import Place
from streams.reader import records


class Survey:
    """Reads places from offsets on to their ends, and keeps where each customer came last.

    Whoever fills an emptied Redis from the beginning would otherwise show everyone as they were
    long ago, after they were seen as they are. It takes some 150 bytes a customer.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    starts
        Partitions of the profiles, and where to begin.

    Attributes
    ----------
    newest
        By place and customer (the bytes of the Kafka key), the offset of the newest record.
    ends
        By place, the offset up to which it was read, markers of transactions included.

    """

    def __init__(self, client: Mapping[str, Any], starts: Mapping[Place, int]) -> None:
        self.newest: dict[Place, dict[bytes, int]] = {place: {} for place in starts}
        self.ends = dict(starts)
        self._client = client
        self._pieces = records(client, starts, self.ends)

    def go_on(self) -> bool:
        """Read a piece; False where there was nothing left. Raises as `records` does."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._see(piece)
        return True

    def extend(self) -> None:
        """Begin anew where we ended, to read what has come since."""
        self._pieces = records(self._client, dict(self.ends), self.ends)

    def _see(self, piece: list[Message]) -> None:
        for message in piece:
            place = Place(message.topic(), message.partition())
            if (customer := message.key()) is not None:
                self.newest[place][customer] = message.offset()

    def outdates(self, message: Message) -> bool:
        """Tell whether a customer has a newer record than this one."""
        newest = self.newest.get(Place(message.topic(), message.partition()), {})
        return bool(newest.get(message.key(), -1) > message.offset())

    def __iter__(self) -> Iterator[None]:
        """Go on to the end, a piece at a time."""
        while self.go_on():
            yield
