"""What a worker has committed, as its journal tells it."""

import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

from confluent_kafka import Message

from bench.ground import PARTITIONS
from streams import topics
from streams.lane.tail import Tail
from streams.segmenter.entry import Entry, read_entry


class Commit(NamedTuple):
    """A batch that was committed: its partition, its journal entry, and when it was seen."""

    partition: int
    entry: Entry
    seen: float

    @property
    def messages(self) -> int:
        """How many it applied."""
        return sum(end - start for _, start, end in self.entry.spans)


class Journal:
    """Follows a journal; `commits` grows as transactions are committed."""

    def __init__(self, client: Mapping[str, Any]) -> None:
        self.commits: list[Commit] = []
        self._tail = Tail(client, topics.JOURNAL, PARTITIONS, self._read, lambda: None)

    def __enter__(self) -> Self:
        self._tail.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._tail.stop()

    def applied(self, since: int = 0) -> int:
        """Return how many messages were applied by the commits from a number on."""
        return sum(commit.messages for commit in self.commits[since:])

    def _read(self, message: Message) -> None:
        partition, value = message.partition(), message.value()
        assert partition is not None
        assert value is not None
        entry = read_entry(value)
        if isinstance(entry, Entry):
            self.commits.append(Commit(partition, entry, time.perf_counter()))
