"""Messages of many partitions, each read as far as whoever replays them has come there."""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.lane.groupless import COMMITTED, is_end, is_hopeless, some, watermarks

_MOST_BUFFERED: Final = 20_000
_AT_ONCE: Final = 2_000
_LOOK_S: Final = 0.2
_ANSWER_S: Final = 20.0


class _Message(NamedTuple):
    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Any


class Paced:
    """Committed messages of topics in the order of their offsets, each partition at its own pace.

    At most some thousands of a partition are held.
    """

    def __init__(self, client: Mapping[str, Any], names: tuple[str, ...], partitions: int) -> None:
        self._consumer = Consumer({**client, **COMMITTED})
        places = [(name, number) for name in names for number in range(partitions)]
        self._queues: dict[tuple[str, int], deque[_Message]] = {p: deque() for p in places}
        self._ended: set[tuple[str, int]] = set()
        self._paused: set[tuple[str, int]] = set()
        self._consumer.assign([TopicPartition(*place, 0) for place in places])

    def before(self, topic: str, partition: int, end: int) -> Iterator[_Message]:
        """Yield the messages of a partition not yet taken whose offsets lie before `end`."""
        place = topic, partition
        queue = self._queues[place]
        while True:
            while queue and queue[0].offset < end:
                yield queue.popleft()
            if queue or place in self._ended:
                return
            self._poll(place)

    def all_of(self, topic: str, partition: int) -> Iterator[_Message]:
        """Yield all messages of a partition up to its end."""
        yield from self.before(topic, partition, 2**62)

    def _poll(self, wanted: tuple[str, int]) -> None:
        if wanted in self._paused:
            self._paused.discard(wanted)
            self._consumer.resume([TopicPartition(*wanted)])
        for message in some(self._consumer, _AT_ONCE, _LOOK_S):
            error = message.error()
            place = message.topic() or "", message.partition() or 0
            if error is not None:
                if is_end(error):
                    self._ended.add(place)
                elif is_hopeless(error):
                    raise KafkaException(error)
                continue
            self._queues[place].append(
                _Message(
                    place[0],
                    message.offset() or 0,
                    message.timestamp()[1],
                    message.key(),
                    message.value(),
                    message.headers(),
                )
            )
        full = [p for p, q in self._queues.items() if len(q) > _MOST_BUFFERED and p != wanted]
        fresh = [place for place in full if place not in self._paused]
        self._consumer.pause([TopicPartition(*place) for place in fresh])
        self._paused.update(fresh)

    def start(self, topic: str, partition: int) -> int:
        """Return the first offset that a partition still has."""
        place = TopicPartition(topic, partition)
        return watermarks(self._consumer, place, _ANSWER_S)[0]

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()
