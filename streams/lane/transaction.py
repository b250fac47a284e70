"""One transactional producer per partition: all records of a batch, or none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.lane.records import Record

TIMEOUT_MS: Final = 15_000
_ANSWER_S: Final = 20.0
_TRIES: Final = 3
_CONFIRM: Final = b'["confirm"]'


class Fenced(Exception):  # noqa: N818 - the field's word
    """The producer may not write any more, or it is not known whether its commit held.

    The state must be dropped and loaded again from what is committed.
    """


class TransactionalProducer:
    """Writes batches of records to one partition number, each in one transaction.

    Creating it fences whoever wrote under the same name before.

    Raises
    ------
    Fenced
        The broker could not be asked for the name.

    """

    def __init__(self, config: Mapping[str, Any], name: str, partition: int) -> None:
        self._partition = partition
        self._following: int | None = None
        self._producer = Producer(
            {
                **config,
                "transactional.id": name,
                "transaction.timeout.ms": TIMEOUT_MS,
                "linger.ms": 2,
                "compression.type": "lz4",
                "queue.buffering.max.messages": 500_000,
                "queue.buffering.max.kbytes": 65_536,
            }
        )
        try:
            self._producer.init_transactions(_ANSWER_S)
        except KafkaException as error:
            raise Fenced(_text(error)) from error

    def write(self, records: Iterable[Record]) -> int | None:
        """Write records in one transaction; when this returns they are committed.

        What the broker aborts is written again; Fenced where that is not safe. Returned is the
        offset after the last record in its partition, None where the broker has not told.
        """
        listed = list(records)
        self._producer.poll(0)  # what troubled the client goes to the log
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                self._produce(listed)
                self._commit()
            except KafkaException as error:
                if last or not error.args[0].txn_requires_abort():
                    raise Fenced(_text(error)) from error
                self._abort()
            else:
                break
        return self._following

    def confirm(self, topic: str) -> None:
        """Raise Fenced unless nobody has taken the name since: then no one else wrote meanwhile.

        What asks the broker is a record of a compacted topic that takes away what never was there.
        """
        self.write([Record(topic, _CONFIRM, None)])

    def _produce(self, records: Sequence[Record]) -> None:
        producer, own = self._producer, self._partition
        self._following = None
        producer.begin_transaction()
        for left, (topic, key, value, headers, partition, timestamp) in _counted_down(records):
            options = _options(headers, timestamp) if headers or timestamp else {}
            if left == 0:
                options["on_delivery"] = self._delivered
            target = own if partition is None else partition
            while True:
                try:
                    producer.produce(topic, value, key, target, **options)
                    break
                except BufferError:
                    producer.poll(0.05)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        offset = message.offset()
        if error is None and offset is not None:
            self._following = offset + 1

    def _commit(self) -> None:
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                self._producer.commit_transaction(_ANSWER_S)
            except KafkaException as error:
                if last or not error.args[0].retriable():
                    raise
            else:
                return

    def _abort(self) -> None:
        try:
            self._producer.abort_transaction(_ANSWER_S)
        except KafkaException as error:
            raise Fenced(_text(error)) from error

    def close(self) -> None:
        """Give up what is not sent; the broker aborts an open transaction by itself."""
        self._producer.purge()


def _counted_down(records: Sequence[Record]) -> Iterator[tuple[int, Record]]:
    """Yield records, each with how many follow."""
    return zip(range(len(records) - 1, -1, -1), records, strict=True)


def _options(headers: Any, timestamp: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if headers:
        options["headers"] = list(headers)
    if timestamp is not None:
        options["timestamp"] = timestamp
    return options


def _text(error: KafkaException) -> str:
    problem: KafkaError = error.args[0]
    return f"{problem.name()}: {problem.str()}"
