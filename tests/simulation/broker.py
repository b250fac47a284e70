"""The broker: topics, transactions, and who waits for what; it keeps Kafka's promises."""

from collections.abc import Callable, Iterator
from typing import Any

from simulation.coordinator import OK, Coordinator
from simulation.kernel import Kernel
from simulation.logs import Log, Record, Txn
from simulation.network import Network

UNKNOWN_TOPIC = "UNKNOWN_TOPIC_OR_PART"
OUT_OF_ORDER = "OUT_OF_ORDER_SEQUENCE_NUMBER"
_BATCHES = 5  # whose offsets are remembered for retries


class Broker:
    """Topics by name, each with an id that it loses when it is deleted."""

    def __init__(self, kernel: Kernel, on_end: Callable[[str, Txn], None]) -> None:
        self.kernel = kernel
        self.network = Network(kernel)
        self.ids: dict[str, str] = {}
        self.coordinator = Coordinator(kernel, self.log, on_end)
        self._logs: dict[str, list[Log]] = {}
        self._made = 0

    def create(self, topic: str, partitions: int) -> None:
        """Make a topic."""
        self._made += 1
        self.ids[topic] = f"id-{self._made:04d}"
        self._logs[topic] = [Log(self.kernel, topic, number) for number in range(partitions)]

    def delete(self, topic: str) -> None:
        """Delete a topic with all it holds."""
        for log in self._logs.pop(topic):
            log.tell()
        del self.ids[topic]

    def grow(self, topic: str, partitions: int) -> None:
        """Give a topic more partitions."""
        logs = self._logs[topic]
        logs += [Log(self.kernel, topic, number) for number in range(len(logs), partitions)]

    @property
    def topics(self) -> list[str]:
        """The names of all topics."""
        return list(self._logs)

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has, 0 where there is no such topic."""
        return len(self._logs.get(topic, ()))

    def log(self, topic: str, number: int) -> Log:
        """Return a partition."""
        return self._logs[topic][number]

    def find(self, topic: str, number: int) -> Log | None:
        """Return a partition, None where there is none."""
        logs = self._logs.get(topic, [])
        return logs[number] if number < len(logs) else None

    def logs(self, topic: str) -> Iterator[Log]:
        """Yield the partitions of a topic."""
        yield from self._logs.get(topic, ())

    def append(self, topic: str, number: int, record: Record) -> int:
        """Write a record without a transaction."""
        return self.log(topic, number).append(record)

    def produce(
        self,
        name: str,
        producer: tuple[int, int],
        place: tuple[str, int],
        sequence: int,
        records: list[Record],
    ) -> Any:
        """Write a batch of a transaction; return an error and the offset of its first record."""
        log = self.find(*place)
        if log is None:
            return UNKNOWN_TOPIC, -1
        epoch, batches = log.sequences.get(producer[0], (-1, {}))
        if epoch == producer[1] and sequence in batches:
            return OK, batches[sequence]
        txn = self.coordinator.under_way(name, producer, place)
        if not isinstance(txn, Txn):
            return txn, -1
        if epoch != producer[1]:
            batches = {}
        if batches.get(-1, 0) != sequence:
            return OUT_OF_ORDER, -1
        first = log.end
        for record in records:
            record.txn = txn
            log.append(record)
            txn.records.append((*place, record))
        batches[sequence] = first
        batches[-1] = sequence + len(records)  # the next one that fits
        for old in [s for s in batches if s >= 0][:-_BATCHES]:
            del batches[old]
        log.sequences[producer[0]] = producer[1], batches
        return OK, first
