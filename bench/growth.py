"""What an event costs as a customer's orders, or the customers, become more."""

import gc
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import count

from bench.simulated import order
from bench.sizes import Sizes
from bench.table import Figure, at_most
from nyxter_online.customer import Period
from nyxter_online.customers import Customers
from nyxter_online.intake import Line, take_in
from nyxter_online.places import bucket_of, tombstone_of
from nyxter_online.ranks import Snapshot
from nyxter_online.step import step
from schemas.rules import Rules, read_rules

_DAY = date(2026, 11, 22)
_AT = "2026-11-22T15:00:00Z"
_STAMP = 2**42  # a Kafka timestamp later than any event
_AGE = 7_300  # days that orders are spread over
_BATCH = 100
_BATCHES = 50
_MOST = 2.0


class Partition:
    """Customers with orders, scored by a snapshot of themselves."""

    def __init__(self, buyers: Iterable[str]) -> None:
        self._rules: Rules = read_rules("")
        self._numbers = count(1)
        self._customers = Customers(self._rules, tombstone_of(b""), bucket_of)
        self._customers.turn(Period(_DAY.toordinal(), self._rules))
        self._snapshot: Snapshot | None = None
        self._apply(self._orders(buyers))
        counts = self._customers.head_count.population(self._customers.groups)
        ranking = self._rules.analysis.ranking
        self._snapshot = Snapshot(1, _DAY.toordinal(), self._rules.version, counts, ranking)

    def microseconds(self, buyers: Sequence[str]) -> float:
        """Return what an order costs, the median of batches of `_BATCH` of these buyers."""
        gc.collect()
        gc.disable()
        costs = []
        for start in range(_BATCHES):
            batch = self._orders(buyers[(start * _BATCH + n) % len(buyers)] for n in range(_BATCH))
            began = time.perf_counter()
            self._apply(batch)
            costs.append(time.perf_counter() - began)
        gc.enable()
        return sorted(costs)[_BATCHES // 2] / _BATCH * 1e6

    def _orders(self, buyers: Iterable[str]) -> list[Line]:
        return [
            Line(n, _STAMP, order(buyer, f"o{n}", _DAY - timedelta(n * 7 % _AGE), f"{n % 900}.50"))
            for buyer, n in zip(buyers, self._numbers, strict=False)
        ]

    def _apply(self, lines: Sequence[Line]) -> None:
        intake = take_in(lines)
        assert len(intake.arrived) == len(lines)
        step(self._customers, intake.arrived, self._snapshot, _AT).settle(self._customers)


def growth_figures(sizes: Sizes) -> Iterator[Figure]:
    """Yield the cost of an event at each size beside that at the smallest."""
    one = [(f"{n:,} orders", Partition(["K1"] * n).microseconds(["K1"])) for n in sizes.orders]
    yield from _compared("an event of a customer with", one)
    many = []
    for size in sizes.population:
        buyers = [f"K{n * 7919 % size}" for n in range(size)]
        many.append((f"{size:,} customers", Partition(buyers).microseconds(buyers)))
    yield from _compared("an event among", many)


def _compared(what: str, costs: Sequence[tuple[str, float]]) -> Iterator[Figure]:
    (smallest, least), *others = costs
    peer = f"{smallest} {least:.0f} µs"
    for size, cost in others:
        ratio = cost / least
        yield Figure(f"{what} {size}", f"{cost:.0f} µs", peer, ratio, at_most(ratio, _MOST))
