"""librdkafka's transactional producer, as far as a lane or a leader can tell."""

import json
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from simulation.logs import Intent, Record
from simulation.sending import Failed, Operation, Sending
from simulation.threads import EPOCH_S

_MOST_RECORDS = 100_000


class Producer(Sending):
    """`confluent_kafka.Producer` with a transactional id."""

    # What the caller does

    def init_transactions(self, timeout: float = -1) -> None:
        """Get an id and an epoch."""
        self._do("init", lambda: self._ask_id(None), timeout)

    def begin_transaction(self) -> None:
        """Begin a transaction: the broker hears of it later."""
        self._raise()
        assert not self._is_open, "one transaction at a time"
        self._transactions += 1
        self._is_open = True
        self._intent = Intent(f"{self._name} {self._id} {self._transactions}")

    def produce(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        partition: int = -1,
        on_delivery: Any = None,
        timestamp: int = 0,
        headers: Any = None,
    ) -> None:
        """Take a record."""
        self._raise()
        if len(self._pending) >= _MOST_RECORDS:
            raise BufferError
        assert self._intent is not None, "records belong to transactions"
        stamp = timestamp or int(self._world.clock.time() * 1000)
        given = list(headers) if headers else None
        record = Record(key, value, given, stamp, None, self._intent)
        self._intent.count += 1
        self._pending.append(((topic, partition), record, on_delivery))

    def flush(self, timeout: float = -1) -> int:
        """Send what was taken; return how many records are left."""
        try:
            self._do("flush", self._send, timeout)
        except KafkaException:
            self.poll(0)
        return len(self._pending)

    def poll(self, timeout: float = 0) -> int:
        """Serve callbacks."""
        if timeout > 0 and not self._reports:
            self._kernel.sleep(timeout)
        reports, self._reports = self._reports, []
        for function, error, delivered in reports:
            function(error, delivered)
        self._tell_statistics()
        return len(reports)

    def commit_transaction(self, timeout: float = -1) -> None:
        """Send what was taken and commit."""
        self._raise()
        if self._intent is not None:
            self._intent.is_sealed = True
        self._do("commit", self._commit, timeout)
        self._forget()
        self.poll(0)

    def abort_transaction(self, timeout: float = -1) -> None:
        """Abort, and drop what was not sent."""
        if self._fatal is not None:
            raise KafkaException(self._fatal)
        if self._operation is not None and self._operation.kind != "abort":
            self._operation.give_up()
            self._operation = None
        self._do("abort", self._abort, timeout)
        self._failed = None
        self._forget()

    def purge(self, *_: Any, **__: Any) -> None:
        """Drop what was not sent: who calls this lets go of the client, which tries no more."""
        self._pending.clear()
        if self._operation is not None:
            self._operation.give_up()

    def __len__(self) -> int:
        return len(self._pending)

    def _raise(self) -> None:
        if (error := self._fatal or self._failed) is not None:
            raise KafkaException(error)

    # What goes on behind

    def _do(self, kind: str, work: Callable[[], None], timeout: float) -> None:
        """Begin an operation, or go on waiting for the one that is under way."""
        operation = self._operation
        if operation is None or operation.kind != kind:
            operation = self._operation = Operation(kind, operation)
            self._kernel.spawn(self._process, f"producer {kind}", self._run, operation, work)
        if not operation.is_over:
            operation.waits = self._kernel.current
            if not self._kernel.block(timeout if timeout >= 0 else None):
                operation.waits = None
                error = KafkaError(KafkaError._TIMED_OUT, f"{kind} timed out", retriable=True)
                raise KafkaException(error)
        self._operation = None
        if operation.error is not None:
            raise KafkaException(operation.error)

    def _run(self, operation: "Operation", work: Callable[[], None]) -> None:
        task = self._kernel.current
        assert task is not None
        self._operations[task] = operation
        try:
            while operation.before is not None and not operation.before.is_over:
                self._kernel.sleep(0.01)
            operation.before = None
            work()
        except Failed as failed:
            operation.error = failed.error
            if failed.error.fatal():
                self._fatal = failed.error
            elif failed.error.txn_requires_abort():
                self._failed = failed.error
        del self._operations[task]
        operation.is_over = True
        if operation.waits is not None:
            self._kernel.wake(operation.waits)

    def _tell_statistics(self) -> None:
        """Tell what was counted at the last of the times at which statistics are due."""
        if self._statistics is None or not self._statistics_s:
            return
        due = (self._kernel.now - self._told_at) // self._statistics_s
        if due < 1:
            return
        self._told_at += due * self._statistics_s
        sent = sum(at <= self._told_at for at in self._sent)
        clock = int((self._told_at + EPOCH_S) * 1e6)
        broker = {"TxnCoordinator": {"req": {"EndTxn": sent}}}
        self._statistics(json.dumps({"ts": clock, "brokers": broker}))
