"""Customers who act while new rules or a new model have not met them: what is put down to which."""

from typing import Any

import numpy as np
import pytest
from driving import AT, TODAY, arrived, event, everything, nobody, purchase, settled, snapshot_of
from strategies import Event

from nyxter_online.customer import Period
from nyxter_online.customers import BUCKETS, Customers
from nyxter_online.ranks import Snapshot
from nyxter_online.step import Outcome, Unmet, step, sweep
from schemas.rules import read_rules

CROWD = [purchase(f"K{i}", value=str(i * 10 + 5), ordered_on=f"2026-11-1{i}") for i in range(10)]
NEW_RULES = read_rules('[campaigns]\nrecuperacao = { R = "> 0" }')
ALL = Unmet(0, "rules")
NEXT = {"time": "2026-11-22T13:00:00Z"}
BATCHES: dict[str, list[Event]] = {
    "an order": [purchase("K3", "n", value="900", id="a", **NEXT)],
    "two orders": [purchase("K3", n, value="900", id=n, **NEXT) for n in ("n", "m")],
    "two customers": [purchase(k, "n", value="900", id="a", **NEXT) for k in ("K3", "K5")],
    "a known and a new customer": [
        purchase(k, "n", value="90", id="a", **NEXT) for k in ("K3", "new")
    ],
    "a duplicate": [CROWD[3]],
    "a record": [event("customer.recorded", "K3", attributes={}, **NEXT)],
    "a cancellation": [event("purchase.cancelled", "K3", order_id="o1", **NEXT)],
    "an erasure": [event("customer.erased", "K3", **NEXT)],
}


def before_the_sweep() -> tuple[Customers, Snapshot]:
    """Ten buyers who stand as the rules before had it, and the first snapshot by the new ones."""
    customers = nobody()
    settled(customers, arrived(CROWD))
    swept(customers, snapshot_of(customers), [f"K{i}" for i in range(10)])
    customers.rebuild(Period(TODAY.toordinal(), NEW_RULES))
    return customers, snapshot_of(customers, 2)


def swept(customers: Customers, snapshot: Snapshot, names: list[str]) -> Outcome:
    found = [customer.slot for name in names if (customer := customers.get(name))]
    slots = np.array(found, np.int64)
    outcome = sweep(customers, slots, snapshot, "rules", "moved", AT)
    outcome.settle(customers)
    return outcome


def told(*outcomes: Outcome) -> dict[str, list[Any]]:
    """What was told of each customer, without the ids, which name the occasion."""
    listed: dict[str, list[Any]] = {}
    for kind in ("events", "triggers"):
        for outcome in outcomes:
            for one in getattr(outcome.published, kind):
                data = {**one["data"], "transition": None}
                listed.setdefault(one["subject"], []).append((one["type"], data))
    return listed


def held(customers: Customers) -> dict[str, Any]:
    """What is remembered of everyone's triggers, without the ids of transitions."""
    return {
        name: state._replace(
            held={key: one._replace(transition_id="") for key, one in state.held.items()}
        )
        for name, state in customers.journeys.items()
    }


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES.keys())
def test_it_is_as_if_the_sweep_had_met_them_just_before(batch: list[Event]) -> None:
    customers, snapshot = before_the_sweep()
    outcome = step(customers, arrived(batch), snapshot, AT, ALL)
    outcome.settle(customers)

    apart, snapshot = before_the_sweep()
    first = swept(apart, snapshot, sorted({one["subject"] for one in batch}))
    then = settled(apart, arrived(batch), snapshot)

    assert told(outcome) == told(first, then)
    assert told(first)  # the new rules do change something
    assert outcome.published.profiles == first.published.profiles | then.published.profiles
    assert held(customers) == held(apart)
    assert everything(customers) | {"journeys": 0} == everything(apart) | {"journeys": 0}


def test_nobody_is_met_twice() -> None:
    customers, snapshot = before_the_sweep()
    batch = BATCHES["an order"]
    step(customers, arrived(batch), snapshot, AT, ALL).settle(customers)
    assert told(swept(customers, snapshot, ["K3"])) == {}
    again = step(customers, arrived(batch), snapshot, AT, ALL)
    assert told(again) == {}


def test_whom_the_sweep_has_met_is_left_to_it() -> None:
    customers, snapshot = before_the_sweep()
    met = Unmet(BUCKETS, "rules")
    outcome = step(customers, arrived(BATCHES["a duplicate"]), snapshot, AT, met)
    assert told(outcome) == {}


def test_what_is_met_has_ids_of_its_own_and_tells_no_event() -> None:
    customers, snapshot = before_the_sweep()
    outcome = step(customers, arrived(BATCHES["an order"]), snapshot, AT, ALL)
    ids = [one["id"] for one in (*outcome.published.events, *outcome.published.triggers)]
    assert len(set(ids)) == len(ids)
    causes = [one["data"]["why"] for one in outcome.published.events]
    assert {(why["cause"], why["event"] and why["event"]["id"]) for why in causes} == {
        ("rules", None),
        ("customer", "a"),
    }


@pytest.mark.parametrize("batch", BATCHES.values(), ids=BATCHES.keys())
def test_what_is_not_kept_leaves_nothing(batch: list[Event]) -> None:
    customers, snapshot = before_the_sweep()
    before = everything(customers)
    step(customers, arrived(batch), snapshot, AT, ALL)
    customers.undo()
    assert everything(customers) == before
