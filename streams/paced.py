"""Messages of many partitions, each read as far as whoever replays them has come there."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams.ends import answered
from streams.lane.groupless import COMMITTED, is_end, is_hopeless, some
from streams.lane.input_checks import known_ids
from streams.lane.inputs import Inputs

_MOST_BUFFERED: Final = 20_000
_AT_ONCE: Final = 2_000
_LOOK_S: Final = 0.2
_ANSWER_S: Final = 20.0


class RecordsDeleted(Exception):  # noqa: N818 - it names what is the case
    """Records were deleted while they were read: of which topic and partition."""


class _Message(NamedTuple):
    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Any


class Paced:
    """Committed messages of topics in the order of their offsets, each partition at its own pace.

    At most some thousands of a partition are held. Each is read from its first offset on; what is
    deleted before it was read raises RecordsDeleted.
    """

    def __init__(self, client: Mapping[str, Any], names: tuple[str, ...], partitions: int) -> None:
        self._consumer = Consumer({**client, **COMMITTED, "auto.offset.reset": "error"})
        self._facts = Inputs(client, names)
        places = [(name, number) for name in names for number in range(partitions)]
        self._queues: dict[tuple[str, int], deque[_Message]] = {p: deque() for p in places}
        self._ended: set[tuple[str, int]] = set()
        self._paused: set[tuple[str, int]] = set()
        self._starts = _starts(AdminClient(dict(client)), places)
        self._consumer.assign([TopicPartition(*at, start) for at, start in self._starts.items()])

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
                elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - its public name
                    raise RecordsDeleted(
                        f"{place[0]}, partition {place[1]}: messages were deleted while they were "
                        "read"
                    )
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
        """Return the offset from which a partition is read: the first that it still had."""
        return self._starts[topic, partition]

    def topic_ids(self) -> dict[str, str]:
        """Return the ids of the topics, where the broker tells them."""
        return known_ids(self._facts.topics())

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()


def _starts(admin: AdminClient, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return the first offset of each place (KafkaException where the broker does not answer)."""
    asked = {TopicPartition(*place): OffsetSpec.earliest() for place in places}
    answers = admin.list_offsets(asked, request_timeout=_ANSWER_S)
    return {(at.topic, at.partition): answered(told).offset for at, told in answers.items()}
