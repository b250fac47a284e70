"""What no limit refuses: too many orders a day and too many groups are told, and nothing stops."""

import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from driving import event, purchase
from test_shift_cost import DAY, batch_of, settled

from nyxter_online.population import tally
from schemas.limits import EventLimits
from schemas.rules import read_rules
from streams import topics
from streams.monitoring.worker import Alarms
from streams.segmenter.alarms import GroupAlarm
from streams.segmenter.board import Board
from streams.segmenter.progress import Progress
from streams.segmenter.shift import SegmentShift
from streams.segmenter.told import Site

RULES = """
[analysis]
compare_by = ["city"]
[limits]
orders_a_day = 2
groups = 2
"""


@pytest.fixture
def shift() -> SegmentShift:
    site = Site(0, 1, "changelog", read_rules(RULES), b"")
    made = SegmentShift(site, Board(), lambda: "2026-11-22T15:00:00Z")
    made.load({}, list(Progress(entry=1, day=DAY)))
    return made


def figure(shift: SegmentShift, name: str) -> float:
    """What a worker with this one partition tells Prometheus."""
    lanes = cast("Any", [SimpleNamespace(partition=0, shift=shift)])
    told = {family.name: family.samples for family in Alarms(lanes).collect()}
    (sample,) = told[name]
    assert sample.labels == {"partition": "0"}
    return float(sample.value)


def logged(capsys: pytest.CaptureFixture[str]) -> list[str]:
    told = capsys.readouterr()
    return [line for line in (told.out + told.err).splitlines() if "limits." in line]


def test_orders_beyond_a_days_limit_are_applied_and_told_once(
    shift: SegmentShift, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(5):
        settled(shift, shift.handle(batch_of(purchase("K1", f"o{number}")), {}))
    settled(shift, shift.handle(batch_of(purchase("K2"), purchase("K2", "p", value="1")), {}))
    customer = shift.customers.get("K1")
    assert customer is not None
    assert customer.orders_in_period == 5
    assert figure(shift, "nyxter_orders_over_limit") == 3
    (line,) = logged(capsys)
    assert "K1" in line
    other_day = purchase("K1", "o9", ordered_on="2026-11-20")
    cancelled = event("purchase.cancelled", "K1", order_id="o1", time="2026-11-22T13:00:00Z")
    settled(shift, shift.handle(batch_of(other_day, cancelled), {}))
    assert figure(shift, "nyxter_orders_over_limit") == 3
    assert not logged(capsys)


def summaries(records: Any) -> list[Any]:
    return [record for record in records or () if record.topic == topics.SUMMARIES]


def lived_in(*cities: str) -> Any:
    return batch_of(
        *(event("customer.recorded", f"K{city}", city=city, attributes={}) for city in cities),
        *(purchase(f"K{city}") for city in cities),
    )


def test_a_population_of_too_many_groups_is_not_told_until_it_has_fewer(
    shift: SegmentShift, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr("streams.segmenter.shift.time.monotonic", lambda: now)
    settled(shift, shift.handle(lived_in("A", "B"), {}))
    now += 2
    assert summaries(settled(shift, shift.chore({})))
    settled(shift, shift.handle(lived_in("C"), {}))
    for _ in range(3):
        now += 2
        assert not summaries(settled(shift, shift.chore({})))
    assert shift.customers.get("KC") is not None
    assert figure(shift, "nyxter_groups_over_limit") == 1
    (line,) = logged(capsys)
    assert "limits.groups" in line
    moved = event("customer.recorded", "KC", city="A", time="2026-11-22T13:00:00Z")
    settled(shift, shift.handle(batch_of(moved), {}))
    now += 2
    header = summaries(settled(shift, shift.chore({})))[-1]
    assert {json.loads(name)[1][0] for name in json.loads(header.value)["chunks"]} == {"A", "B"}
    assert figure(shift, "nyxter_groups_over_limit") == 0


def test_names_that_would_not_fit_a_message_are_too_many_too() -> None:
    one = tally(np.array([1]), np.array([1]))
    population = {("R", (f"{n:01000}",)): one for n in range(900)}
    alarm = GroupAlarm(EventLimits(groups=900))
    assert not alarm.lets_tell(population)
    assert alarm.lets_tell(dict(list(population.items())[:800]))
