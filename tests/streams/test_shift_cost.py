"""What an event costs: the same with ten orders and with 100,000, among few customers and many."""

import itertools
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from driving import TODAY, line_of, purchase
from lane_fakes import Message

from nyxter_online.customers import Change
from nyxter_online.ranks import Snapshot
from nyxter_online.registers import Order
from schemas.instant import end_of_day_ms
from schemas.rules import read_rules
from streams import topics
from streams.lane.records import Batch, Portion, Record
from streams.segmenter.board import Board
from streams.segmenter.codec import register_record
from streams.segmenter.progress import Progress
from streams.segmenter.shift import SegmentShift
from streams.segmenter.summarising import Summarising
from streams.segmenter.told import Site

RULES = read_rules("")
DAY = TODAY.toordinal()
STAMP = end_of_day_ms(TODAY)


def order(number: int) -> Order:
    """An order of a day of the last two years."""
    when, source = f"2026-11-20T12:{number % 60:02d}:00", "/erp"
    return Order(when, f"e{number}", source, b"{}", DAY - number % 700, "5102", None, None)


def stored(orders: dict[str, int]) -> dict[bytes, bytes]:
    """A changelog in which customers have so many orders."""
    changes = (
        Change(name, "order", f"o{number}", order(number))
        for name, count in orders.items()
        for number in range(count)
    )
    return {key: value or b"" for key, value in map(register_record, changes)}


def shift_of(orders: dict[str, int]) -> SegmentShift:
    """A shift that has loaded customers and scored nobody yet, a snapshot of all at hand."""
    board = Board()
    shift = SegmentShift(Site(0, 1, "changelog", RULES, b""), board, lambda: "2026-11-22T15:00:00Z")
    shift.load(stored(orders), list(Progress(entry=1, day=DAY)))
    population = shift.customers.head_count.population(shift.customers.groups)
    board.post(Snapshot(1, DAY, RULES.version, population, "dense"))
    settled(shift, shift.chore({}))  # the sweep of everyone, and the summary
    while (records := shift.chore({})) is not None:
        settled(shift, records)
    return shift


def settled(shift: SegmentShift, records: list[Record] | None) -> list[Record]:
    shift.settle()
    return records or []


def batch_of(*events: Any) -> Batch:
    messages = [
        Message(topics.PURCHASES, n, line_of(e), e["subject"].encode(), STAMP)
        for n, e in enumerate(events)
    ]
    return Batch([Portion(topics.PURCHASES, 0, len(messages), messages)])


class Cost(NamedTuple):
    """What handling one event came to."""

    records: list[tuple[str, bool]]
    size: int
    touched: int
    calls: int


def calls_in(work: Callable[[], Any]) -> tuple[Any, int]:
    """Return what work returns and how many functions it called."""
    count = 0

    def count_calls(_: Any, event: str, __: Any) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count_calls)
    try:
        return work(), count
    finally:
        sys.setprofile(before)


def cost_of(shift: SegmentShift, event: Any) -> Cost:
    records, calls = calls_in(lambda: shift.handle(batch_of(event), {}))
    outcome = shift._outcome
    assert outcome is not None
    touched = len(outcome.touched)
    size = sum(len(r.key or b"") + len(r.value or b"") for r in records)
    settled(shift, records)
    return Cost(sorted((r.topic, r.value is None) for r in records), size, touched, calls)


@pytest.fixture(autouse=True)
def _no_summaries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Summaries are written once a second, whatever comes: they are no event's cost."""
    monkeypatch.setattr(Summarising, "is_due", lambda _: False)


def warmed(shift: SegmentShift, number: int) -> Cost:
    """The cost of a customer's next order, after one that warms up what is cached."""
    cost_of(shift, purchase("K", "warm", time="2026-11-22T11:59:00Z"))
    return cost_of(shift, purchase("K", f"next{number}"))


def test_the_cost_of_an_event_does_not_grow_with_a_customers_orders() -> None:
    costs = {count: warmed(shift_of({"K": count, "L": 3}), 1) for count in (10, 1_000, 100_000)}
    few, many = costs[10], costs[100_000]
    assert few.records == costs[1_000].records == many.records
    assert len(few.records) <= 6  # register, profile, standing, journal, changed labels
    assert {cost.touched for cost in costs.values()} == {1}
    assert abs(many.size - few.size) <= 60  # longer numbers
    assert many.calls <= 1.1 * few.calls


def test_a_correction_costs_no_more_than_an_order() -> None:
    costs = []
    for count in (10, 100_000):
        shift = shift_of({"K": count, "L": 3})
        cost_of(shift, purchase("K", "o3", time="2026-11-22T11:00:00Z", value="3"))
        costs.append(cost_of(shift, purchase("K", "o3", value="4")))
    assert costs[0].records == costs[1].records
    assert costs[1].calls <= 1.1 * costs[0].calls


def test_the_cost_of_an_event_does_not_grow_with_the_customers() -> None:
    costs = []
    for customers in (100, 10_000):
        others = {f"C{number}": 1 + number % 2 for number in range(customers)}
        costs.append(warmed(shift_of(others | {"K": 5}), 1))
    few, many = costs
    assert few.records == many.records
    assert few.touched == many.touched == 1
    assert abs(many.size - few.size) <= 120  # and longer names
    assert many.calls <= 1.1 * few.calls


def test_a_customer_touched_often_in_a_batch_is_published_once() -> None:
    shift = shift_of({"K": 5, "L": 3})
    events = [purchase("K", f"n{n}", time=f"2026-11-22T12:00:{n:02d}Z") for n in range(50)]
    records = settled(shift, shift.handle(batch_of(*events), {}))
    written = [r for r in records if r.topic == topics.PROFILES]
    assert len(written) == 1
    keys = [r.key for r in records if r.topic == "changelog"]
    assert len(keys) == len(set(keys)) == 51  # each register and the standing, once


def test_a_register_set_often_in_a_batch_is_written_once() -> None:
    shift = shift_of({"K": 5, "L": 3})
    events = [purchase("K", "n", value=n, time=f"2026-11-22T12:00:{n:02d}Z") for n in range(50)]
    records = settled(shift, shift.handle(batch_of(*events), {}))
    assert len([r for r in records if r.topic == "changelog"]) == 2


def test_parts_of_a_sweep_are_bounded_and_meet_everyone_once() -> None:
    hours = itertools.count(0.0, 3_600.0)
    board = Board(lambda: next(hours))  # which pass between any two parts
    shift = SegmentShift(Site(0, 1, "changelog", RULES, b""), board, lambda: "t")
    names = {f"C{number}": 1 for number in range(12_345)}
    shift.load(stored(names), list(Progress(entry=1, day=DAY)))
    population = shift.customers.head_count.population(shift.customers.groups)
    board.post(Snapshot(1, DAY, RULES.version, population, "dense"))
    met: list[bytes] = []
    edge = 0
    while shift.progress.snapshot == 0 or shift.progress.bucket is not None:
        records = settled(shift, shift.chore({}))
        part = [r.key or b"" for r in records if r.topic == topics.PROFILES]
        assert 0 < len(part) <= 5_000
        met += part
        assert shift.progress.bucket is None or shift.progress.bucket > edge
        edge = shift.progress.bucket or edge
    assert len(met) == len(set(met)) == len(names)


@pytest.mark.parametrize("sizes", [[0], [1], [5_000], [5_001], [2_500, 2_500, 1], [6_000, 10, 10]])
def test_a_part_ends_where_the_next_bucket_would_be_too_many(sizes: list[int]) -> None:
    shift = SegmentShift(Site(0, 1, "changelog", RULES, b""), Board(), lambda: "t")
    shift.customers.buckets = np.concatenate(
        [np.full(size, 7 * (n + 1), np.int64) for n, size in enumerate(sizes)]
        + [np.full(3, -1, np.int64)]
    )
    first, met = 0, 0
    while first < 4_096:
        end = shift._parts.end(first, shift.customers.buckets)
        assert end > first
        buckets = shift.customers.buckets
        inside = buckets[(buckets >= first) & (buckets < end)]
        assert len(inside) <= 5_000 or len(set(inside.tolist())) == 1
        met += len(inside)
        first = end
    assert met == sum(sizes)
