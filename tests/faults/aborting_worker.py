"""`nyxter`, but now and then a transaction fails once all of it is sent, so that it is aborted."""

import random
from collections.abc import Sequence
from typing import Final

from confluent_kafka import KafkaError, KafkaException

from streams.lane.records import Record
from streams.lane.transaction import TransactionalProducer

_OF: Final = 20


def fail_now_and_then() -> None:
    """Let one of some transactions fail by an error that asks for an abort."""
    produce = TransactionalProducer._produce

    def failing(self: TransactionalProducer, records: Sequence[Record]) -> None:
        produce(self, records)
        if random.randrange(_OF) == 0:
            self._producer.flush(30)
            error = KafkaError(KafkaError._TIMED_OUT, "of the test", txn_requires_abort=True)
            raise KafkaException(error)

    TransactionalProducer._produce = failing  # type: ignore[method-assign]


if __name__ == "__main__":
    fail_now_and_then()
    from streams.cli import app

    app()
