"""Snapshots and epochs on their topic: what the leader writes, and the reader of every worker."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import Message

from nyxter_online.epochs import read_epoch
from nyxter_online.population import Population
from nyxter_online.ranks import Snapshot
from schemas.envelope import dumps, loads
from schemas.rules import Rules
from streams import topics
from streams.lane.changelog import put
from streams.lane.records import Record
from streams.lane.tail import Tail
from streams.segmenter.board import Board
from streams.segmenter.summaries import HEADER_KEY, chunk_records, read_chunks

EPOCH_KEY: Final = b'["epoch"]'


class SnapshotHeader(NamedTuple):
    """The header of a snapshot.

    Attributes
    ----------
    number, day, rules
        As of `nyxter_online.ranks.Snapshot`.
    next
        By partition and topic, the offset before which everything is in.
    chunks
        Keys of all chunks that make it up.

    """

    number: int
    day: int
    rules: str
    next: Mapping[str, Mapping[str, int]]
    chunks: list[str]

    def value(self) -> bytes:
        """Return the header's value."""
        return dumps(self._asdict())


def snapshot_records(
    header: SnapshotHeader, population: Population, known: Mapping[bytes, bytes]
) -> tuple[list[Record], dict[bytes, bytes]]:
    """Return the records of a snapshot and all its chunks.

    Chunks that are as `known` are not written again; those that it has no more are removed.
    """
    chunks = dict(chunk_records(population))
    changed = [(key, value) for key, value in chunks.items() if known.get(key) != value]
    gone = [(key, None) for key in known if key not in chunks]
    records = [Record(topics.SNAPSHOTS, key, value, None, 0) for key, value in [*changed, *gone]]
    records.append(Record(topics.SNAPSHOTS, HEADER_KEY, header.value(), None, 0))
    return records, chunks


class SnapshotReader:
    """Follows the snapshots topic and posts the newest snapshot on the board.

    `header` is the last one read, `published_at` its time in milliseconds since 1970, and `chunks`
    are what it is made of.
    """

    def __init__(self, client: Mapping[str, Any], rules: Rules, board: Board) -> None:
        self.chunks: dict[bytes, bytes] = {}
        self.header: SnapshotHeader | None = None
        self.published_at: int | None = None
        self._board = board
        self._ranking = rules.analysis.ranking
        self._tail = Tail(client, topics.SNAPSHOTS, 1, self._read, self._post)

    def start(self) -> None:
        """Begin to follow."""
        self._tail.start()

    def stop(self) -> None:
        """Stop following."""
        self._tail.stop()

    def _read(self, message: Message) -> None:
        key, value = message.key(), message.value()
        assert key is not None
        if key == EPOCH_KEY:
            assert value is not None
            self._board.post_epoch(read_epoch(loads(value)))
        elif key == HEADER_KEY:
            assert value is not None
            self.header, self.published_at = SnapshotHeader(**loads(value)), message.timestamp()[1]
        else:
            put(self.chunks, key, value)

    def _post(self) -> None:
        header, latest = self.header, self._board.latest
        if header is None or (latest is not None and latest.number >= header.number):
            return
        population = read_chunks(self.chunks, header.chunks)
        number, day, rules = header.number, header.day, header.rules
        self._board.post(Snapshot(number, day, rules, population, self._ranking))
