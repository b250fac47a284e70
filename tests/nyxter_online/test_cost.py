"""What one more event costs, counted in calls, records and customers instead of seconds."""

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any, NamedTuple

import pytest
from driving import AT, arrived, nobody, purchase, snapshot_of

from nyxter_online.customers import Customers
from nyxter_online.ranks import Snapshot
from nyxter_online.step import Arrived, Outcome, step
from schemas.envelope import dumps

DAYS = [f"2026-{month:02d}-{day:02d}" for month in range(1, 11) for day in range(1, 29)]


class Cost(NamedTuple):
    """What one event came to: how much was called, touched, changed and written."""

    calls: int
    touched: int
    changes: int
    profiles: int
    figures: tuple[int, ...]
    standing: tuple[int, ...]
    fields: int


def orders_of(subject: str, count: int) -> Iterator[Arrived]:
    """Orders of many days; each day's is read once and numbered, which is quick."""
    for index, day in enumerate(DAYS):
        [(envelope, event)] = arrived([purchase(subject, ordered_on=day, value="10.00")])
        for number in range(index, count, len(DAYS)):
            yield envelope, event.model_copy(update={"order_id": f"o{number}"})


def settled_in(customers: Customers, batch: list[Arrived]) -> Snapshot:
    """Apply a batch, keep it, and count everyone."""
    step(customers, batch, None, AT).settle(customers)
    return snapshot_of(customers)


def cost_of_one_more(customers: Customers, snapshot: Snapshot, subject: str) -> Cost:
    """The cost of an event of a customer, the second of two alike: the first fills caches."""
    for number in ("warm", "measured"):
        batch = arrived([purchase(subject, number, value="20.00")])
        calls, outcome = counted(customers, batch, snapshot)
    return Cost(
        calls,
        len(outcome.touched),
        len(outcome.changes),
        len(outcome.published.profiles),
        outcome.rows.figures.shape,
        outcome.published.standing.shape,
        len(set(fields_of(outcome.published.profiles[subject]))),
    )


def counted(customers: Customers, batch: list[Arrived], snapshot: Snapshot) -> tuple[int, Outcome]:
    """The outcome of a batch, kept, and how many functions it called, Python's and C's."""
    calls: Counter[str] = Counter()

    def count(_frame: FrameType, kind: str, _argument: Any) -> None:
        calls[kind] += 1

    gc.disable()
    sys.setprofile(count)
    try:
        outcome = step(customers, batch, snapshot, AT)
        outcome.settle(customers)
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls["call"] + calls["c_call"], outcome


def fields_of(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all values within a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from fields_of(inner, f"{path}.{name}")
    else:
        yield path


def with_past(orders: int) -> Cost:
    """One more event for a customer of so many orders, who has 20 neighbours."""
    customers = nobody()
    neighbours = arrived([purchase(f"N{i}", value=str(i)) for i in range(20)])
    snapshot = settled_in(customers, [*neighbours, *orders_of("K1", orders)])
    one = customers.get("K1")
    assert one is not None
    assert len(one.orders) == orders
    return cost_of_one_more(customers, snapshot, "K1")


def in_crowd(size: int) -> Cost:
    """One more event for one of so many customers."""
    customers = nobody()
    [(envelope, event)] = arrived([purchase(ordered_on=DAYS[0])])
    crowd = [(envelope._replace(subject=f"K{i}"), event) for i in range(size)]
    snapshot = settled_in(customers, crowd)
    assert len(customers) == size
    return cost_of_one_more(customers, snapshot, "K1")


@pytest.fixture(scope="module")
def small() -> Cost:
    return with_past(10)


def test_one_event_is_one_customer_and_one_register(small: Cost) -> None:
    assert small[1:4] == (1, 1, 1)
    assert (small.figures, small.standing) == ((1, 6), (1, 14))
    assert 0 < small.calls < 2_000


@pytest.mark.parametrize("orders", [1_000, 100_000])
def test_cost_does_not_grow_with_a_customers_orders(orders: int, small: Cost) -> None:
    assert with_past(orders) == small


def test_cost_does_not_grow_with_customers() -> None:
    few, many = in_crowd(10_000), in_crowd(100_000)
    assert many == few
    assert many.touched == 1


def test_what_is_put_out_does_not_grow() -> None:
    """The bytes of a profile differ by the digits of its numbers only."""
    sizes = []
    for orders in (10, 10_000):
        customers = nobody()
        snapshot = settled_in(customers, list(orders_of("K1", orders)))
        outcome = step(customers, arrived([purchase(number="new")]), snapshot, AT)
        sizes.append(len(dumps(outcome.published.profiles["K1"])))
    assert abs(sizes[1] - sizes[0]) < 20
