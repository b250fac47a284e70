"""The topic of segment events as the console reads it: committed, without a group, from marks."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.envelope import loads
from streams import topics
from streams.console.marks import Gone
from streams.lane.groupless import COMMITTED, is_end, is_hopeless, some

_AT_ONCE: Final = 1_000


class Kept:
    """One event of the topic: where it is, and its bytes."""

    def __init__(self, partition: int, offset: int, raw: bytes) -> None:
        self.partition = partition
        self.offset = offset
        self.raw = raw
        self._event: dict[str, Any] | None = None

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent, read when it is first asked for, and once for all."""
        if self._event is None:
            self._event = loads(self.raw)
        return self._event


class Read(NamedTuple):
    """What one look brought: events, and ends that were come to, by partition."""

    events: list[Kept]
    ends: dict[int, int]


class EventReader:
    """Reads the topic from given offsets on; of one thread; any may close it.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    offsets
        Where to begin, by partition.
    buffer_kb
        How much is fetched ahead.

    """

    def __init__(
        self, client: Mapping[str, Any], offsets: Sequence[int], buffer_kb: int = 4_096
    ) -> None:
        self._consumer = Consumer(
            {
                **client,
                **COMMITTED,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": buffer_kb,
            }
        )
        self._turn = threading.Lock()
        self._is_closed = False
        self._consumer.assign(
            [TopicPartition(topics.SEGMENT_EVENTS, n, at) for n, at in enumerate(offsets)]
        )

    def read(self, wait_s: float) -> Read:
        """Return what has come, and wait for it some seconds where nothing has.

        Raises
        ------
        Gone
            The topic does not hold what comes next, or not any more.
        KafkaException
            For what will not mend by itself; a broker that is away may.

        """
        read = Read([], {})
        with self._turn:
            messages = [] if self._is_closed else some(self._consumer, _AT_ONCE, wait_s)
        for message in messages:
            error = message.error()
            if error is None:
                read.events.append(_kept(message))
            elif is_end(error):
                read.ends[message.partition() or 0] = message.offset() or 0
            elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - its public name
                raise Gone("the topic does not hold these offsets")
            elif is_hopeless(error):
                raise KafkaException(error)
        return read

    def answers(self, wait_s: float) -> bool:
        """Tell whether the broker answers."""
        try:
            self._consumer.get_watermark_offsets(
                TopicPartition(topics.SEGMENT_EVENTS, 0), timeout=wait_s
            )
        except KafkaException:
            return False
        return True

    def close(self) -> None:
        """Stop reading, once who reads just now is done."""
        with self._turn:
            if not self._is_closed:
                self._is_closed = True
                self._consumer.close()


def _kept(message: Message) -> Kept:
    return Kept(message.partition() or 0, message.offset() or 0, message.value() or b"null")
