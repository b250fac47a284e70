"""The micro job as a bare loop over confluent-kafka, without framework, transactions or recovery.

python -m bench.raw_loop BROKER EVENTS REPORT
"""

import signal
import sys
from pathlib import Path

from confluent_kafka import Consumer, Message, Producer

from bench.ground import settings_of
from bench.micro import OUTPUT, SOURCE, State, counted
from bench.stopwatch import Stopwatch
from schemas.envelope import dumps
from streams.client import client_config

CHANGELOG = "bench-raw-loop-changelog"

_BATCH = 2_000


class Loop:
    """Reads, counts and writes, for ever."""

    def __init__(self, broker: str, watch: Stopwatch) -> None:
        client = dict(client_config(settings_of(broker, "bench-raw-loop")))
        reading = {"group.id": "bench-raw-loop", "auto.offset.reset": "earliest"}
        writing = {"linger.ms": 20, "compression.type": "lz4"}
        self._consumer = Consumer(client | reading | {"enable.auto.commit": False})
        self._producer = Producer(client | writing | {"queue.buffering.max.messages": 1_000_000})
        self._watch = watch
        self._customers: dict[bytes, State] = {}

    def run(self, total: int) -> None:
        """Handle `total` events; they are written when it returns."""
        self._consumer.subscribe([SOURCE])
        left = total
        while left > 0:
            messages = self._consumer.consume(_BATCH, 0.2)
            if messages:
                self._watch.begin()
                self._handle(messages)
            left -= len(messages)
        self._producer.flush()
        self._consumer.commit(asynchronous=False)
        self._watch.handled(total)

    def _handle(self, messages: list[Message]) -> None:
        customers, produce = self._customers, self._producer.produce
        touched = {}
        for message in messages:
            customer = message.key()
            customers[customer], change = counted(customers.get(customer), message.value())
            touched[customer] = customers[customer]
            if change is not None:
                produce(OUTPUT, change, customer)
        for customer, state in touched.items():
            produce(CHANGELOG, dumps(state), customer)
        self._producer.poll(0)


if __name__ == "__main__":
    _, where, total, report = sys.argv
    Loop(where, Stopwatch(int(total), Path(report))).run(int(total))
    signal.pause()
