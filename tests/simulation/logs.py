"""One partition as a broker keeps it: records, markers, transactions under way, compaction."""

from bisect import bisect_left
from typing import Any, NamedTuple

from simulation.kernel import Kernel, Task


class Intent:
    """What a client meant to be one transaction: known to the simulation, not to the broker."""

    __slots__ = ("count", "is_sealed", "name", "seen")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self.seen = 0
        self.is_sealed = False  # its client has asked for its commit


class Txn:
    """A transaction as the broker sees it: all between a producer's first record and an end."""

    __slots__ = ("began_at", "held", "number", "places", "producer", "records", "result")

    def __init__(self, number: int, producer: tuple[int, int], began_at: float) -> None:
        self.number = number
        self.producer = producer  # id and epoch
        self.began_at = began_at
        self.places: dict[tuple[str, int], None] = {}
        self.records: list[tuple[str, int, Record]] = []
        self.result: bool | None = None  # None: it is under way


class Record:
    """A record in a log; without a transaction where none wrote it."""

    __slots__ = ("headers", "intent", "key", "offset", "timestamp", "txn", "value")

    def __init__(
        self,
        key: bytes | None,
        value: bytes | None,
        headers: Any,
        timestamp: int,
        txn: Txn | None = None,
        intent: Intent | None = None,
    ) -> None:
        self.offset = -1
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
        self.txn = txn
        self.intent = intent


class Read(NamedTuple):
    """What a fetch gives: records, and the offset to go on from."""

    records: list[Record]
    next: int


class Log:
    """One partition.

    Attributes
    ----------
    start, end
        The first offset that there is, and the one after the last.
    lost
        Ranges of offsets that were deleted.

    """

    def __init__(self, kernel: Kernel, topic: str, number: int) -> None:
        self.topic = topic
        self.number = number
        self.start = 0
        self.end = 0
        self.lost: list[tuple[int, int]] = []
        self.records: list[Record] = []
        self.archive: list[Record] = []  # those that were deleted
        self.open: dict[int, int] = {}  # producer id -> first offset of its transaction here
        self.sequences: dict[int, tuple[int, dict[int, int]]] = {}  # id -> epoch, batch -> offset
        self.waiting: list[Task] = []
        self._kernel = kernel
        self._offsets: list[int] = []

    @property
    def stable(self) -> int:
        """The offset before which everything is decided."""
        return min(self.open.values(), default=self.end)

    def append(self, record: Record) -> int:
        """Put a record at the end."""
        record.offset = self.end
        self.records.append(record)
        self._offsets.append(self.end)
        self.end += 1
        if record.txn is not None:
            self.open.setdefault(record.txn.producer[0], record.offset)
        elif not self.open:
            self.tell()
        return record.offset

    def mark(self, txn: Txn) -> None:
        """Write a transaction's marker: it has an offset of its own."""
        self.end += 1
        self.open.pop(txn.producer[0], None)
        self.tell()

    def tell(self) -> None:
        """Wake who waits for more."""
        waiting, self.waiting = self.waiting, []
        for task in waiting:
            self._kernel.wake(task)

    def limit(self, *, committed: bool) -> int:
        """Return the offset up to which a reader gets."""
        return self.stable if committed else self.end

    def read(self, offset: int, most: int, *, committed: bool) -> Read:
        """Return records from an offset on."""
        limit = self.limit(committed=committed)
        found: list[Record] = []
        index = bisect_left(self._offsets, offset)
        while index < len(self.records):
            record = self.records[index]
            if record.offset >= limit:
                break
            if not committed or record.txn is None or record.txn.result:
                if len(found) >= most:
                    return Read(found, record.offset)
                found.append(record)
            index += 1
        return Read(found, max(offset, limit))

    def committed(self, offset: int = 0) -> list[Record]:
        """Return all records from an offset on that a reader of committed records gets."""
        return self.read(offset, 2**60, committed=True).records

    def compact(self, keep: int, *, tombstones: bool) -> int:
        """Take away what was replaced, but for the last records; return how many."""
        dirty = min(self.stable, self.end - keep)
        last: dict[bytes | None, int] = {}
        for record in self.records:
            if record.offset < self.stable and (record.txn is None or record.txn.result):
                last[record.key] = record.offset
        before = len(self.records)
        self._keep([r for r in self.records if r.offset >= dirty or _stays(r, last, tombstones)])
        return before - len(self.records)

    def delete_before(self, offset: int) -> None:
        """Delete records, as retention or a person does."""
        offset = min(offset, self.stable)
        if offset > self.start:
            self.lost.append((self.start, offset))
            self.start = offset
            self.archive += [record for record in self.records if record.offset < offset]
            self._keep([record for record in self.records if record.offset >= offset])

    def _keep(self, records: list[Record]) -> None:
        self.records = records
        self._offsets = [record.offset for record in records]


def _stays(record: Record, last: dict[bytes | None, int], tombstones: bool) -> bool:
    if record.txn is not None and record.txn.result is False:
        return False
    newest = last.get(record.key) == record.offset
    return newest and (record.value is not None or tombstones)
