"""Latency: from an event that is sent to the output that is committed."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Self

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition

from bench.ground import PARTITIONS, Ground, wait_until
from bench.purchases import Purchase
from bench.table import Figure, at_most
from schemas.envelope import loads

RATES = (500, 1_000)
MARK_MS = 100
MARKED = 1_000  # events a second at which the mark holds

_WARM_UP_S = 20.0  # a broker that has just started compiles itself for a while
_POLL_S = 0.1


class Place(NamedTuple):
    """What is measured: where events go, where outputs come, and how they tell themselves apart.

    `numbered` returns how many purchases of a customer an output includes, None of other records;
    `marked` tells whether the mark is meant for it.
    """

    source: str
    output: str
    numbered: Callable[[Any], int | None]
    marked: bool


class Listener:
    """Reads committed outputs and takes the time of those that include what was sent."""

    def __init__(self, ground: Ground, place: Place) -> None:
        self.seconds: list[float] = []
        self.waiting: dict[bytes, float] = {}  # customer: when their purchase was sent
        self._place = place
        self._counts: dict[bytes, int] = {}
        self._ended: set[int] = set()
        self._stop = threading.Event()
        reading = {"group.id": "none", "enable.auto.commit": False, "fetch.wait.max.ms": 10}
        committed = {"isolation.level": "read_committed", "enable.partition.eof": True}
        self._consumer = Consumer(ground.client | reading | committed)
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def __enter__(self) -> Self:
        places = [TopicPartition(self._place.output, n, 0) for n in range(PARTITIONS)]
        self._consumer.assign(places)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def has_read_all(self) -> bool:
        """Tell whether everything was read that was there at first."""
        return len(self._ended) == PARTITIONS

    def _run(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(_POLL_S)
            if message is None:
                continue
            if message.error() is None:
                self._take(message.key(), message.value())
            elif message.error().code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
                self._ended.add(message.partition())

    def _take(self, customer: bytes | None, value: bytes | None) -> None:
        count = self._place.numbered(loads(value)) if value else None
        if customer is None or count is None:
            return
        before, self._counts[customer] = self._counts.get(customer, 0), count
        if count > before and customer in self.waiting:
            self.seconds.append(time.perf_counter() - self.waiting.pop(customer))


def latencies(
    ground: Ground, name: str, place: Place, purchases: Iterator[Purchase], seconds: float
) -> Iterator[Figure]:
    """Yield p50 and p99 at each rate; customers of `purchases` come again only after seconds."""
    with Listener(ground, place) as listener:
        wait_until(listener.has_read_all, "the outputs so far are read")
        for per_second in RATES:
            _send(ground, place, purchases, listener, per_second, _WARM_UP_S)
            listener.seconds.clear()
            _send(ground, place, purchases, listener, per_second, seconds)
            measured = sorted(1000 * s for s in listener.seconds)
            middle, late = (measured[int(len(measured) * part)] for part in (0.5, 0.99))
            at = f"at {per_second:,} events/s"
            mark = at_most(late, MARK_MS, " ms") if place.marked and per_second == MARKED else None
            yield Figure(f"{name} {at}, p50", f"{middle:.0f} ms")
            yield Figure(f"{name} {at}, p99", f"{late:.0f} ms", mark=mark)


def _send(
    ground: Ground,
    place: Place,
    purchases: Iterator[Purchase],
    listener: Listener,
    per_second: int,
    seconds: float,
) -> None:
    """Send purchases evenly, and wait until each has come out."""
    producer = Producer(ground.client | {"linger.ms": 0})
    began = time.perf_counter()
    for number in range(int(per_second * seconds)):
        delay = began + number / per_second - time.perf_counter()
        if delay > 0:
            time.sleep(delay)
        customer, value = next(purchases)
        listener.waiting[customer] = time.perf_counter()
        producer.produce(place.source, value, customer)
        producer.poll(0)
    producer.flush()
    wait_until(lambda: not listener.waiting, "every event has come out")
