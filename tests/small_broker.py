"""A broker in memory, small enough to see that it is right: logs, transactions, fencing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from streams.lane.input_checks import Observed
from streams.lane.records import Record
from streams.lane.transaction import Fenced


class Stored(NamedTuple):
    """A record in a log; a message as the lanes want it."""

    topic: str
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Any = None
    timestamp: int = 0


class Read(NamedTuple):
    """A record as a confluent consumer hands it over."""

    number: int
    stored: Stored

    def partition(self) -> int:
        return self.number

    def key(self) -> bytes | None:
        return self.stored.key

    def value(self) -> bytes | None:
        return self.stored.value


class SmallBroker:
    """Logs by topic and partition number; after each transaction its markers take an offset."""

    def __init__(self) -> None:
        self.logs: dict[tuple[str, int], list[Stored]] = defaultdict(list)
        self.ends: dict[tuple[str, int], int] = defaultdict(int)
        self.writers: dict[str, SmallProducer] = {}

    def append(self, record: Record, partition: int, timestamp: int = 0) -> None:
        """Put a record at the end of a log."""
        topic, key, value, headers, _, own = record
        place = topic, partition
        stamp = timestamp if own is None else own
        self.logs[place].append(Stored(topic, self.ends[place], key, value, headers, stamp))
        self.ends[place] += 1

    def commit(self, records: Iterable[Record], partition: int) -> int:
        """Put the records of a transaction at the ends of their logs, and the markers behind.

        Returned is the offset after the last record.
        """
        listed = [(r, partition if r.partition is None else r.partition) for r in records]
        for record, number in listed:
            self.append(record, number)
        following = self.ends[listed[-1][0].topic, listed[-1][1]]
        for place in {(record.topic, number) for record, number in listed}:
            self.ends[place] += 1
        return following

    def after(self, topic: str, partition: int, offset: int) -> list[Stored]:
        """Return the records of a log from an offset on."""
        return [stored for stored in self.logs[topic, partition] if stored.offset >= offset]

    def latest(self, topic: str, partition: int) -> dict[bytes | None, bytes]:
        """Return the last value of each key, as compaction leaves them."""
        last = {stored.key: stored.value for stored in self.logs[topic, partition]}
        return {key: value for key, value in last.items() if value is not None}

    def all_of(self, topic: str) -> Iterator[tuple[int, Stored]]:
        """Yield the records of a topic with their partition numbers."""
        for name, number in sorted(self.logs):
            if name == topic:
                yield from ((number, stored) for stored in self.logs[name, number])


class SmallProducer:
    """A transactional producer; making one fences the one of the same name before it.

    `fails` is asked before each transaction: None lets it be, "before" and "after" tell whether
    the commit that nobody hears of held.
    """

    def __init__(self, client: Mapping[str, Any], name: str, partition: int) -> None:
        self._broker: SmallBroker = client["broker"]
        self._fails = client.get("fails", lambda: None)
        self._name = name
        self._partition = partition
        self._broker.writers[name] = self

    def write(self, records: Iterable[Record]) -> int | None:
        listed = list(records)
        following = None
        if self._broker.writers[self._name] is not self:
            raise Fenced("a newer producer has the name")
        fails = self._fails()
        if fails != "before":
            following = self._broker.commit(listed, self._partition)
        if fails is not None:
            raise Fenced("nobody knows whether the commit held")
        return following

    def close(self) -> None:
        """Nothing is left open."""


def read_changelog(client: Mapping[str, Any], topic: str, partition: int) -> Any:
    """Stand in for `streams.lane.changelog.read_changelog`."""
    return client["broker"].latest(topic, partition)


class SmallFacts:
    """What a broker says of the source topics."""

    def __init__(self, broker: SmallBroker, names: Iterable[str], partitions: int) -> None:
        self._broker = broker
        self._names = tuple(names)
        self._partitions = partitions

    def look(self, partition: int) -> dict[str, Observed]:
        return {
            name: there._replace(start=0, end=self._broker.ends[name, partition])
            for name, there in self.topics().items()
        }

    def topics(self) -> dict[str, Observed]:
        return {name: Observed(f"id of {name}", self._partitions) for name in self._names}


class SmallLog:
    """Stands in for a changelog that is open for reading."""

    def __init__(self, client: Mapping[str, Any], topic: str, partition: int) -> None:
        self._stored = client["broker"].logs[topic, partition]
        self.start, self.end = 0, client["broker"].ends[topic, partition]

    def read(self, offset: int) -> Iterator[tuple[list[tuple[bytes, bytes | None]], int]]:
        for stored in self._stored:
            if stored.offset >= offset:
                yield [(stored.key or b"", stored.value)], stored.offset + 1
        yield [], self.end

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""


class SmallInputs:
    """Stands in for the reader of a journal's replay."""

    def __init__(self, client: Mapping[str, Any], names: tuple[str, ...], partitions: int) -> None:
        broker: SmallBroker = client["broker"]
        places = [(name, number) for name in names for number in range(partitions)]
        self._left = {place: list(broker.logs[place]) for place in places}

    def before(self, topic: str, partition: int, end: int) -> list[Stored]:
        left = self._left[topic, partition]
        taken = [stored for stored in left if stored.offset < end]
        del left[: len(taken)]
        return taken

    def all_of(self, topic: str, partition: int) -> list[Stored]:
        return self.before(topic, partition, 2**62)

    def start(self, topic: str, partition: int) -> int:
        return self._left[topic, partition][0].offset if self._left[topic, partition] else 0

    def topic_ids(self) -> dict[str, str]:
        return {topic: f"id of {topic}" for topic, _ in self._left}

    def close(self) -> None:
        """Nothing is open."""
