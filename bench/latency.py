"""Latency: from an event that is sent to the output that is committed."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.ground import PARTITIONS, PATIENCE_S, Ground
from bench.purchases import Purchase
from bench.table import Figure, at_most
from schemas.envelope import loads

RATES = (500, 1_000)
MARK_MS = 100
MARKED = 1_000  # events a second at which the mark holds

_WARM_UP_S = 2.0
_POLL_S = 0.1


class Place(NamedTuple):
    """What is measured: where events go, where outputs come, and how they tell themselves apart.

    `count` returns how many purchases of a customer an output includes, None of other records.
    """

    source: str
    output: str
    count: Callable[[Any], int | None]


class Listener:
    """Reads committed outputs and takes the time of those that include what was sent."""

    def __init__(self, ground: Ground, place: Place) -> None:
        self.seconds: list[float] = []
        self.waiting: dict[bytes, float] = {}  # customer: when their purchase was sent
        self._place = place
        self._counts: dict[bytes, int] = {}
        self._stop = threading.Event()
        reading = {"group.id": "none", "enable.auto.commit": False, "fetch.wait.max.ms": 10}
        isolation = {"isolation.level": "read_committed", "auto.offset.reset": "earliest"}
        self._consumer = Consumer(ground.client | reading | isolation)
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)

    def __enter__(self) -> "Listener":
        places = [TopicPartition(self._place.output, n, 0) for n in range(PARTITIONS)]
        self._consumer.assign(places)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._consumer.close()

    def is_up_to_date(self) -> bool:
        """Tell whether every output there is has been read."""
        ends = [
            self._consumer.get_watermark_offsets(TopicPartition(self._place.output, n))[1]
            for n in range(PARTITIONS)
        ]
        places = [TopicPartition(self._place.output, n) for n in range(PARTITIONS)]
        return [place.offset for place in self._consumer.position(places)] >= ends

    def _run(self) -> None:
        while not self._stop.is_set():
            message = self._consumer.poll(_POLL_S)
            if message is not None and message.error() is None:
                self._take(message.key(), message.value())

    def _take(self, customer: bytes | None, value: bytes | None) -> None:
        count = self._place.count(loads(value)) if value else None
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
        _wait(listener.is_up_to_date, "the outputs so far are read")
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
    _wait(lambda: not listener.waiting, "every event has come out")


def _wait(condition: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(f"waited {PATIENCE_S:.0f} s in vain until {what}")
        time.sleep(0.05)
