"""One transactional producer per partition: all records of a batch, or none.

An epoch of the name is used only as long as a late EndTxn cannot end its next transaction
(`streams.lane.end_txn`); after that, before the next transaction, there is a new one, or none.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.lane.end_txn import EndTxns
from streams.lane.ownership import Ownership
from streams.lane.polling import Poller
from streams.lane.records import Record

TIMEOUT_MS: Final = 15_000
_ANSWER_S: Final = 20.0
_TRIES: Final = 3
_CONFIRM: Final = b'["confirm"]'
_POLLER: Final = Poller()


class Fenced(Exception):  # noqa: N818 - the field's word
    """The producer may not write any more, or it is not known whether its commit held.

    The state must be dropped and loaded again from what is committed.
    """


class TransactionalProducer:
    """Writes batches of records to one partition number, each in one transaction.

    Creating it fences whoever wrote under the same name before.

    Parameters
    ----------
    config, name, partition
        librdkafka settings, the transactional id, and where records go that name no other number.
    ownership
        Tells whether the name may be taken anew where its epoch is not to be trusted any more;
        None: it may not, and who writes next is fenced.

    Raises
    ------
    Fenced
        The broker could not be asked for the name.

    """

    def __init__(
        self,
        config: Mapping[str, Any],
        name: str,
        partition: int,
        ownership: Ownership | None = None,
    ) -> None:
        self._config = {
            **config,
            "transactional.id": name,
            "transaction.timeout.ms": TIMEOUT_MS,
            "linger.ms": 2,
            "compression.type": "lz4",
            "queue.buffering.max.messages": 500_000,
            "queue.buffering.max.kbytes": 65_536,
        }
        self._partition = partition
        self._ownership = ownership
        self._following: int | None = None
        self._committed: int | None = None  # the offset after the last record that is
        self._in_use = threading.Lock()
        self._begin_epoch()
        _POLLER.add(self)

    def write(self, records: Iterable[Record]) -> int | None:
        """Write records in one transaction; when this returns they are committed.

        What the broker aborts is written again; Fenced where that is not safe. Returned is the
        offset after the last record in its partition, None where the broker has not told.
        """
        with self._in_use:
            return self._write(list(records), self._ownership)

    def confirm(self, topic: str) -> None:
        """Raise Fenced unless nobody has taken the name since: then no one else wrote meanwhile.

        What asks the broker is a record of a compacted topic that takes away what never was there.
        """
        with self._in_use:
            self._write([Record(topic, _CONFIRM, None)], None)  # a new epoch would take the name

    def serve_callbacks(self) -> None:
        """Serve the client's callbacks, unless a write does just now."""
        if self._in_use.acquire(blocking=False):
            try:
                self._producer.poll(0)
            finally:
                self._in_use.release()

    def close(self) -> None:
        """Give up what is not sent; the broker aborts an open transaction by itself."""
        _POLLER.discard(self)
        self._producer.purge()

    def _begin_epoch(self) -> None:
        self._end_txns = EndTxns()
        self._producer = Producer({**self._config, **self._end_txns.settings})
        try:
            self._producer.init_transactions(_ANSWER_S)
        except KafkaException as error:
            raise Fenced(_text(error)) from error

    def _write(self, records: Sequence[Record], ownership: Ownership | None) -> int | None:
        if not records:
            return None
        for last in (False,) * (_TRIES - 1) + (True,):
            self._renew_epoch(ownership)
            try:
                self._produce(records)
                self._commit()
            except KafkaException as error:
                if last or not error.args[0].txn_requires_abort():
                    raise Fenced(_text(error)) from error
                self._abort()
            else:
                break
        self._committed = self._following
        return self._committed

    def _renew_epoch(self, ownership: Ownership | None) -> None:
        """Take the name anew where a late EndTxn may be under way; Fenced where that can't be."""
        try:
            self._producer.poll(0)  # what troubled the client goes to the log
            reason = self._end_txns.distrust(self._producer.poll)
        except KafkaException as error:
            raise Fenced(_text(error)) from error
        if not reason:
            return
        if ownership is None:
            raise Fenced(f"{reason}: a late one could end the next transaction")
        self._check(ownership, reason)
        self._begin_epoch()
        self._check(ownership, reason)
        ownership.renewed(reason)

    def _check(self, ownership: Ownership, reason: str) -> None:
        try:
            lost = ownership.lost(self._committed)
        except KafkaException as error:
            raise Fenced(f"{reason}; {_text(error)}") from error
        if lost:
            raise Fenced(f"{reason}; {lost}")

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
        if error is None and offset is not None and offset >= 0:
            self._following = offset + 1

    def _commit(self) -> None:
        # Flush first, so that what is timed is the EndTxn by itself. Where a fatal error comes up
        # meanwhile, the client raises it out of callbacks, or trips over it; the commit says which.
        with suppress(KafkaException, SystemError):
            self._producer.flush(_ANSWER_S)
        with self._end_txns.asked():
            for last in (False,) * (_TRIES - 1) + (True,):
                try:
                    self._producer.commit_transaction(_ANSWER_S)
                except KafkaException as error:
                    if last or not error.args[0].retriable():
                        raise
                else:
                    return

    def _abort(self) -> None:
        self._end_txns.give_up_counting()
        try:
            with self._end_txns.asked():
                self._producer.abort_transaction(_ANSWER_S)
        except KafkaException as error:
            raise Fenced(_text(error)) from error


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
