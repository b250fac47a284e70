"""The micro job of `make bench` on a lane counts what plain code counts."""

import asyncio
import doctest
import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from bench import micro, table
from bench.micro import OUTPUT, SOURCE
from bench.micro_shift import MicroShift
from bench.purchases import purchases
from bench.stopwatch import Stopwatch
from nyxter_online.intake import Line
from streams.lane.changelog import Position, read_position
from streams.lane.lane import Ended, Lane
from streams.lane.records import Record
from streams.lane.transaction import TransactionalProducer

COUNT = 5_000
CHANGELOG = "changelog"


class Written:
    """A producer that keeps what it is given, transaction by transaction."""

    def __init__(self) -> None:
        self.transactions: list[list[Record]] = []

    def write(self, records: Iterable[Record]) -> None:
        self.transactions.append(list(records))

    def close(self) -> None:
        """Have nothing to give up."""

    def records(self, topic: str) -> list[tuple[bytes, bytes]]:
        listed = [record for records in self.transactions for record in records]
        return [(r.key or b"", r.value or b"") for r in listed if r.topic == topic]


async def worked_through(lines: list[Line]) -> tuple[MicroShift, Written]:
    """The lines worked through by a lane."""
    written, left, done = Written(), len(lines), asyncio.Event()
    loop = asyncio.get_running_loop()

    def committed(count: int) -> None:
        nonlocal left
        left -= count
        if left == 0:
            loop.call_soon_threadsafe(done.set)

    shift = MicroShift(CHANGELOG, lambda: None, committed)
    with ThreadPoolExecutor(1) as pool:
        producer = cast(TransactionalProducer, written)
        position = Position({}, 1, None)
        lane = Lane(0, position, shift, producer, CHANGELOG, frozenset(), pool)
        lane.lease()
        for start in range(0, len(lines), 700):  # some come twice, and are passed over
            lane.put(SOURCE, lines[max(0, start - 50) : start + 700])
        running = asyncio.create_task(lane.run())
        await asyncio.wait_for(done.wait(), 60)
        lane.stop()
        assert await running is Ended.STOPPED
    return shift, written


def expected(values: Iterable[bytes]) -> tuple[dict[str, Any], list[Any]]:
    customers: dict[str, Any] = {}
    outputs = []
    for value in values:
        purchase = json.loads(value)
        customer = purchase["customer_id"]
        state = customers.setdefault(customer, {"n": 0, "v": 0.0, "last": "", "seg": 0})
        state["n"] += 1
        state["v"] += float(purchase["amount"])
        state["last"] = purchase["order_date"]
        segment = sum(state["v"] >= limit for limit in (3_000, 6_000, 9_000))
        if segment != state["seg"]:
            state["seg"] = segment
            outputs.append({"customer_id": customer, "segment": segment})
    return customers, outputs


def test_the_lane_counts_as_plain_code_does() -> None:
    # Of a hundred customers only, so that each comes again, within a batch and in later ones.
    listed = [(key[-2:], retold(value, key[-2:].decode())) for key, value in purchases(COUNT)]
    lines = [Line(n, 0, value, SOURCE, key) for n, (key, value) in enumerate(listed)]

    shift, written = asyncio.run(worked_through(lines))

    customers, outputs = expected(value for _, value in listed)
    stored = dict(written.records(CHANGELOG))
    position = read_position(stored)
    assert position is not None
    assert position.next == {SOURCE: COUNT}
    assert {key.decode(): json.loads(value) for key, value in stored.items()} == customers
    assert {key: shift.get(key) for key in shift.keys()} == customers  # noqa: SIM118
    assert [json.loads(value) for _, value in written.records(OUTPUT)] == outputs
    again = MicroShift(CHANGELOG, lambda: None, lambda _: None)
    again.load(stored, None)
    assert again.customers == shift.customers


def retold(value: bytes, customer: str) -> bytes:
    """The same purchase of another customer."""
    return json.dumps(json.loads(value) | {"customer_id": customer}).encode()


def test_a_stopwatch_reports_when_all_is_handled(tmp_path: Path) -> None:
    report = tmp_path / "rate"
    watch = Stopwatch(10, report)
    watch.begin()
    watch.handled(9)
    assert not report.exists()
    watch.handled(3)
    assert float(report.read_text()) > 0
    report.unlink()
    watch.handled(5)
    assert not report.exists()


def test_the_table_says_which_marks_are_met() -> None:
    figures = [
        table.Figure("lane", "50,000/s", "loop 100,000/s", 0.5, table.at_least(0.5, 0.4)),
        table.Figure("p99", "120 ms", mark=table.at_most(120, 100, " ms")),
    ]
    assert list(table.lines(figures)) == [
        "figure  measured  peer            ratio  mark      met",
        "------  --------  --------------  -----  --------  ---",
        "lane    50,000/s  loop 100,000/s  0.50   ≥ 0.4     yes",
        "p99     120 ms                           ≤ 100 ms  NO",
    ]


@pytest.mark.parametrize("module", [micro, table])
def test_examples_are_true(module: Any) -> None:
    assert doctest.testmod(module).failed == 0
