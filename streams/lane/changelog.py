"""State read back: a changelog's committed records, the last of each key."""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.envelope import dumps, loads
from streams.lane.groupless import COMMITTED, is_end, is_hopeless, some, watermarks
from streams.lane.unusable import StateUnusable

POSITION_KEY: Final = b'["position"]'
VERSION: Final = 1

_ANSWER_S: Final = 20.0

Pair = tuple[bytes, bytes | None]


class OtherVersion(StateUnusable):
    """The state was written by a release that keeps other things."""


class Position(NamedTuple):
    """How far a partition has come.

    Attributes
    ----------
    next
        Next offset by source topic.
    partitions
        How many partitions the state was made for.
    memo
        What the work remembers.
    since
        The offset of the changelog from which on it holds the whole state (0 but after a rebuild).
    topic_ids
        The id that each source topic had when its offsets were applied, where that is known.

    """

    next: Mapping[str, int]
    partitions: int
    memo: Any
    since: int = 0
    topic_ids: Mapping[str, str] = MappingProxyType({})

    def value(self) -> bytes:
        """Return the value of the position record."""
        ids = dict(self.topic_ids)
        return dumps({"version": VERSION, **self._asdict(), "topic_ids": ids})


def position_of(value: bytes | None) -> Position | None:
    """Return the position that a record tells; None where nothing was ever written.

    Raises
    ------
    OtherVersion
        Another release wrote the state.

    """
    if value is None:
        return None
    fields = loads(value)
    if fields.pop("version", None) != VERSION:
        raise OtherVersion("the state was written by another release of Nyxter Online")
    return Position(**fields)


def read_position(stored: dict[bytes, bytes]) -> Position | None:
    """Take the position out of a changelog's records (see `position_of`)."""
    return position_of(stored.pop(POSITION_KEY, None))


def read_changelog(config: Mapping[str, Any], topic: str, partition: int) -> dict[bytes, bytes]:
    """Return the last committed value of each key, up to the end as it is now.

    Raises
    ------
    KafkaException
        The broker could not be read.

    """
    with opened(config, topic, partition) as log:
        return latest(log)


def latest(log: "Log") -> dict[bytes, bytes]:
    """Return the last value of each key of a log."""
    stored: dict[bytes, bytes] = {}
    for pairs, _ in log.read(log.start):
        for key, value in pairs:
            put(stored, key, value)
    return stored


def put(stored: MutableMapping[bytes, bytes], key: bytes, value: bytes | None) -> None:
    """Take a record of a compacted topic into the last values by key; None takes the key away."""
    if value is None:
        stored.pop(key, None)
    else:
        stored[key] = value


class Log:
    """One partition of a changelog, open for reading.

    Attributes
    ----------
    start, end
        Its first offset, and the one after the last that is committed, when it was opened.

    """

    def __init__(self, consumer: Consumer, place: TopicPartition) -> None:
        self._consumer = consumer
        self._place = place
        self.start, self.end = watermarks(consumer, place, _ANSWER_S)

    def read(self, offset: int) -> Iterator[tuple[list[Pair], int]]:
        """Yield keys and values from an offset up to the end, some at a time, with the next offset.

        The end is the one at the time of reading; the last next offset is it.
        """
        if offset >= self.end:
            return
        self._place.offset = offset
        self._consumer.assign([self._place])
        ended = False
        while not ended:
            pairs: list[Pair] = []
            for message in some(self._consumer, 5_000, 0.1):
                ended = ended or _is_end(message)
                if message.error() is None:
                    pairs.append((message.key() or b"", message.value()))
                offset = max(offset, _next(message))
            if pairs or ended:
                yield pairs, offset


@contextmanager
def opened(config: Mapping[str, Any], topic: str, partition: int) -> Iterator[Log]:
    """Open a partition of a topic for reading what is committed (KafkaException as above)."""
    consumer = Consumer(
        {
            **config,
            **COMMITTED,
            "auto.offset.reset": "error",
        }
    )
    try:
        yield Log(consumer, TopicPartition(topic, partition))
    finally:
        consumer.close()


def _is_end(message: Any) -> bool:
    """Tell whether a message only says that the end is reached; raise what will not mend."""
    error = message.error()
    if error is not None and not is_end(error) and is_hopeless(error):
        raise KafkaException(error)
    return error is not None and is_end(error)


def _next(message: Any) -> int:
    offset = int(message.offset())
    return offset if message.error() is not None else offset + 1
