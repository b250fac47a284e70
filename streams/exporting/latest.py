"""The newest record of each key of a compacted partition, whatever its size."""

from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import Protocol


class Record(Protocol):
    """A message of Kafka, as far as it is looked at here."""

    def key(self) -> bytes | None:
        """Return the key."""

    def value(self) -> bytes | None:
        """Return the value; None: what had the key is gone."""

    def offset(self) -> int | None:
        """Return where it is on its partition."""


def latest(records: Iterable[Record]) -> Iterator[tuple[int, bytes]]:
    """Yield offset and value of the last record of each key, of records that come in their order.

    Values wait in a file; memory holds the keys.
    """
    places: dict[bytes, tuple[int, int, int]] = {}
    with TemporaryFile() as values:
        for record in records:
            key, value = record.key() or b"", record.value()
            if value is None:
                places.pop(key, None)
            else:
                places[key] = record.offset() or 0, values.tell(), len(value)
                values.write(value)
        for offset, start, size in places.values():
            values.seek(start)
            yield offset, values.read(size)
