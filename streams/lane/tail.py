"""A reader of a whole topic without a group: from the beginning, then what comes, in a thread."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from confluent_kafka import Consumer, Message, TopicPartition

from streams.lane.groupless import COMMITTED, is_end, some
from streams.logs import where

log = structlog.get_logger()

_POLL_S: Final = 0.05


class Tail:
    """Reads partitions 0 to n - 1 of a topic, committed records only.

    Parameters
    ----------
    client
        librdkafka settings: the broker and how to be let in.
    topic, partitions
        What to read.
    on_record
        Called with each record, in the order of its partition.
    on_end
        Called when the end of every partition was reached, again after each new batch of records.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        topic: str,
        partitions: int,
        on_record: Callable[[Message], None],
        on_end: Callable[[], None],
    ) -> None:
        self._topic = topic
        self._partitions = partitions
        self._on_record = on_record
        self._on_end = on_end
        self._stop = threading.Event()
        self._consumer = Consumer(
            {
                **client,
                **COMMITTED,
                "fetch.wait.max.ms": 50,
            }
        )
        self._thread = threading.Thread(target=self._run, name=f"tail {topic}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        places = [TopicPartition(self._topic, number, 0) for number in range(self._partitions)]
        self._consumer.assign(places)
        self._thread.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._consumer.close()

    def _run(self) -> None:
        ended: set[int | None] = set()
        while not self._stop.is_set():
            for message in some(self._consumer, 1_000, _POLL_S):
                try:
                    self._take(message, ended)
                except Exception as error:  # noqa: BLE001 - told; what follows may be in order
                    log.error("tail broken", topic=self._topic, **where(error))  # noqa: TRY400

    def _take(self, message: Message, ended: set[int | None]) -> None:
        error = message.error()
        if error is None:
            ended.discard(message.partition())
            self._on_record(message)
        elif is_end(error):
            ended.add(message.partition())
            if len(ended) == self._partitions:
                self._on_end()
        else:
            log.info("tail", topic=self._topic, error=error.name())
