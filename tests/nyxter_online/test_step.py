"""The step and the sweep: who is scored, what is published, and by what it was caused."""

import json
from datetime import date, timedelta

import numpy as np
import pytest
from driving import (
    AT,
    TODAY,
    arrived,
    event,
    everything,
    nobody,
    purchase,
    settled,
    snapshot_of,
    turned,
)
from strategies import Event

from nyxter_online.customer import Period
from nyxter_online.customers import Customers
from nyxter_online.figures import Ints
from nyxter_online.ranks import Snapshot
from nyxter_online.step import Outcome, Whom, sweep
from schemas.envelope import dumps
from schemas.outputs import Cause, Profile, SegmentChanged
from schemas.rules import read_rules

CROWD = [purchase(f"K{i}", value=str(i * 10), ordered_on=f"2026-11-1{i}") for i in range(10)]
LATER = {"time": "2026-11-22T13:00:00Z", "id": "e2"}


def crowd(rules: str = "") -> tuple[Customers, Snapshot]:
    """Ten buyers, all scored by a first snapshot."""
    customers = nobody(rules)
    settled(customers, arrived(CROWD))
    snapshot = snapshot_of(customers)
    swept(customers, snapshot, "population", "moved")
    return customers, snapshot


def swept(customers: Customers, snapshot: Snapshot, cause: Cause, whom: Whom) -> Outcome:
    outcome = sweep(customers, everyone_of(customers), snapshot, cause, whom, AT)
    outcome.settle(customers)
    return checked(outcome)


def everyone_of(customers: Customers) -> Ints:
    return np.array([customer.slot for customer in customers], np.int64)


def checked(outcome: Outcome) -> Outcome:
    """The outcome, after its outputs were held against the models."""
    for profile in filter(None, outcome.published.profiles.values()):
        row = json.loads(dumps(profile))
        assert json.loads(Profile.model_validate(row).to_json()) == row
    for change in outcome.published.events:
        row = json.loads(dumps(change))
        assert json.loads(SegmentChanged.model_validate(row).to_json()) == row
    return outcome


def stepped(customers: Customers, events: list[Event], snapshot: Snapshot | None) -> Outcome:
    return checked(settled(customers, arrived(events), snapshot))


def moves(outcome: Outcome) -> list[tuple[str, str, str | None, str | None]]:
    listed = [(change["subject"], change["data"]) for change in outcome.published.events]
    return [(subject, data["kind"], data["old"], data["new"]) for subject, data in listed]


def test_before_the_first_snapshot_nobody_is_scored() -> None:
    customers = nobody()
    outcome = stepped(customers, CROWD, None)
    assert outcome.published.profiles == {}
    assert outcome.published.events == []
    assert len(outcome.changes) == len(outcome.touched) == 10


def test_a_new_customer_is_scored_at_once_among_those_there() -> None:
    customers, snapshot = crowd()
    outcome = stepped(customers, [purchase("new", value="45", **LATER)], snapshot)
    profile = outcome.published.profiles["new"]
    assert profile is not None
    assert (profile["R"], profile["V"]) == (100.0, 95.0)  # five spent more
    assert moves(outcome) == [
        ("new", "tier", None, "vip"),
        ("new", "campaign", None, "fidelizacao"),
        ("new", "campaign", None, "retencao"),
        ("new", "rfm", None, "Campeões"),
    ]


def test_the_why_of_a_customers_own_doing() -> None:
    customers, snapshot = crowd()
    event_in = purchase("K0", "second", value="1000", id="cause", time="2026-11-22T14:00:00.25Z")
    outcome = stepped(customers, [event_in], snapshot)
    before = {"P": None, "R": 91.0, "F": 100.0, "V": 0.0, "prfv": 63.67}
    after = {"P": None, "R": 100.0, "F": 100.0, "V": 100.0, "prfv": 100.0}
    assert moves(outcome) == [
        ("K0", "tier", "pequeno", "vip"),
        ("K0", "campaign", None, "retencao"),
        ("K0", "rfm", "Em Atenção", "Campeões"),
    ]
    for change in outcome.published.events:
        why = change["data"]["why"]
        assert why["cause"] == "customer"
        assert why["event"] == {
            "id": "cause",
            "source": "/erp",
            "type": "nyxter.purchase.recorded.v1",
            "time": "2026-11-22T14:00:00.25Z",
        }
        assert (why["before"], why["after"]) == (before, after)
        assert (why["day"], why["snapshot"], change["time"]) == ("2026-11-22", 1, AT)
    near = [change["data"]["why"]["boundary"] for change in outcome.published.events]
    assert near[0] == {"indicator": "V", "limit": 95.0, "distance": 5.0}
    assert near[1] == {"indicator": "V", "limit": 80.0, "distance": 20.0}
    assert near[2] == {"indicator": "RFM", "limit": 8.0, "distance": 2.0}


def test_a_customer_is_scored_once_a_batch_and_the_last_event_is_the_cause() -> None:
    customers, snapshot = crowd()
    several = [purchase("K0", f"n{i}", id=f"n{i}", value="200") for i in range(5)]
    outcome = stepped(customers, several, snapshot)
    assert list(outcome.published.profiles) == ["K0"]
    assert len(outcome.changes) == 5
    causes = {change["data"]["why"]["event"]["id"] for change in outcome.published.events}
    assert causes == {"n4"}


NOTHING = {
    "a duplicate": CROWD[3],
    "an older version": CROWD[3] | {"time": "2026-11-01T00:00:00Z"},
    "an older record than none": event("customer.erased", "nobody"),
}


@pytest.mark.parametrize("again", NOTHING.values(), ids=NOTHING.keys())
def test_what_changes_nothing_publishes_nothing(again: Event) -> None:
    customers, snapshot = crowd()
    outcome = stepped(customers, [again], snapshot)
    assert (outcome.changes, outcome.touched) == ([], [])
    assert (outcome.published.profiles, outcome.published.events) == ({}, [])


def test_an_erasure_that_finds_nothing_to_erase_publishes_nothing() -> None:
    customers, snapshot = crowd()
    early = event("customer.erased", "K3", time="2026-11-01T00:00:00Z")
    outcome = stepped(customers, [early], snapshot)
    assert len(outcome.erasures) == 1
    assert (outcome.published.profiles, outcome.published.events) == ({}, [])


GONE = {
    "erased": [event("customer.erased", "K9", **LATER)],
    "its order cancelled": [event("purchase.cancelled", "K9", order_id="o1", **LATER)],
}


@pytest.mark.parametrize("events", GONE.values(), ids=GONE.keys())
def test_who_is_gone_is_told_once(events: list[Event]) -> None:
    customers, snapshot = crowd()
    outcome = stepped(customers, events, snapshot)
    assert outcome.published.profiles == {"K9": None}
    assert [move[1:] for move in moves(outcome)] == [
        ("tier", "vip", None),
        ("campaign", "fidelizacao", None),
        ("campaign", "retencao", None),
        ("rfm", "Campeões", None),
    ]
    data = [change["data"] for change in outcome.published.events]
    assert {(d["scores"], d["raw"], d["why"]["after"]) for d in data} == {(None, None, None)}
    assert all(d["why"]["before"]["V"] == 100.0 for d in data)
    assert stepped(customers, events, snapshot).published.profiles == {}
    assert swept(
        customers, snapshot_of(customers, 2), "time", "everyone"
    ).published.profiles.keys() == {f"K{i}" for i in range(9)}


def test_who_comes_back_after_an_erasure_starts_afresh() -> None:
    customers, snapshot = crowd()
    stepped(customers, [event("customer.erased", "K9", **LATER)], snapshot)
    late = purchase("K9", "late", time="2026-11-22T12:30:00Z")
    assert stepped(customers, [late], snapshot).published.profiles == {}
    again = purchase("K9", "again", time="2026-11-22T13:00:00.000001Z", value="5")
    outcome = stepped(customers, [again], snapshot)
    profile = outcome.published.profiles["K9"]
    assert profile is not None
    assert profile["raw"]["value"] == "5.00"
    assert profile["raw"]["first_sale"] == "2026-11-22"
    assert moves(outcome)[0] == ("K9", "tier", None, profile["tier"])


def test_a_day_that_turns_publishes_everyone() -> None:
    customers, _ = crowd("[analysis]\nwindow_days = 4")
    turned(customers, TODAY + timedelta(days=1))
    outcome = swept(customers, snapshot_of(customers, 2), "time", "everyone")
    assert len(outcome.published.profiles) == 10
    assert {c["data"]["why"]["cause"] for c in outcome.published.events} <= {"time"}
    lost = {move[0] for move in moves(outcome) if move[1:] == ("rfm", "Em Atenção", None)}
    assert lost == set()
    profiles = [p for p in outcome.published.profiles.values() if p]
    assert {(p["day"], p["snapshot"]) for p in profiles} == {("2026-11-23", 2)}


def test_the_last_sale_leaves_the_period_as_days_pass() -> None:
    customers, _ = crowd("[analysis]\nwindow_days = 10")
    turned(customers, date(2026, 11, 29))
    outcome = swept(customers, snapshot_of(customers, 2), "time", "everyone")
    assert ("K9", "campaign", "fidelizacao", None) in moves(outcome)
    assert ("K9", "campaign", None, "reativacao") in moves(outcome)
    assert ("K9", "rfm", "Campeões", None) in moves(outcome)
    [why] = [
        c["data"]["why"]
        for c in outcome.published.events
        if c["data"]["new"] == "reativacao" and c["subject"] == "K9"
    ]
    assert (why["cause"], why["event"], why["day"]) == ("time", None, "2026-11-29")
    assert why["boundary"] == {"indicator": "R", "limit": 0.0, "distance": 0.0}


def test_others_who_move_publish_only_who_is_moved_by_a_point() -> None:
    customers, _ = crowd()
    others = [purchase(f"L{i}", value=str(1000 + i), ordered_on="2026-11-01") for i in range(3)]
    settled(customers, arrived(others))
    outcome = swept(customers, snapshot_of(customers, 2), "population", "moved")
    moved = {f"K{i}" for i in range(1, 10)}  # K0 spent nothing: no rank to lose
    assert set(outcome.published.profiles) == moved | {"L0", "L1", "L2"}
    assert (
        swept(customers, snapshot_of(customers, 3), "population", "moved").published.profiles == {}
    )
    causes = {change["data"]["why"]["cause"] for change in outcome.published.events}
    assert causes == {"population"}


DRIFTS = [
    # others, whom to publish when a new leader costs them a place, who of them is not published
    (99, "moved", set()),  # a place is 1 point of 100 distinct values
    (100, "moved", None),  # and 0.99 of 101: only those with another label
    (100, "differing", {"K0"}),  # the last of 101 keeps 1 point
    (100, "everyone", set()),
]


@pytest.mark.parametrize(("others", "whom", "left_out"), DRIFTS)
def test_less_than_a_point_is_no_move(others: int, whom: Whom, left_out: set[str] | None) -> None:
    customers = nobody()
    settled(customers, arrived([purchase(f"K{i}", value=str(i + 1)) for i in range(others)]))
    swept(customers, snapshot_of(customers), "population", "moved")
    settled(customers, arrived([purchase("top", value="900")]))
    outcome = swept(customers, snapshot_of(customers, 2), "population", whom)
    relabelled = {move[0] for move in moves(outcome)}
    everyone = {"top", *(f"K{i}" for i in range(others))}
    expected = relabelled if left_out is None else everyone - left_out
    assert set(outcome.published.profiles) == expected
    assert relabelled < everyone


@pytest.mark.parametrize(("whom", "count"), [("moved", 0), ("differing", 0), ("everyone", 10)])
def test_a_sweep_that_finds_nothing_new(whom: Whom, count: int) -> None:
    customers, _ = crowd()
    outcome = swept(customers, snapshot_of(customers, 2), "population", whom)
    assert (len(outcome.published.profiles), outcome.published.events) == (count, [])


def test_rules_that_differ_score_nobody_until_their_snapshot_comes() -> None:
    customers, old = crowd()
    customers.rebuild(Period(TODAY.toordinal(), read_rules("[tiers.vip]\nP = 1")))
    outcome = stepped(customers, [purchase("K0", "n", value="999")], old)
    assert (outcome.published.profiles, outcome.published.events) == ({}, [])
    outcome = swept(customers, snapshot_of(customers, 2), "rules", "everyone")
    assert len(outcome.published.profiles) == 10
    assert {c["data"]["why"]["cause"] for c in outcome.published.events} <= {"rules"}


def test_ids_are_made_of_what_was_told_and_why() -> None:
    def ids(batch: list[Event], number: int = 1) -> list[str]:
        customers, _ = crowd()
        outcome = stepped(customers, batch, snapshot_of(customers, number))
        return [change["id"] for change in outcome.published.events]

    one = [purchase("K0", "n", value="1000", id="x")]
    assert ids(one) == ids(one) == ids(one, number=7)  # the event names it, not the snapshot
    assert set(ids(one)).isdisjoint(ids([purchase("K0", "n", value="1000", id="y")]))
    assert set(ids(one)).isdisjoint(ids([purchase("K0", "n", value="1001", id="x")]))
    assert set(ids(one)).isdisjoint(ids([purchase("K0", "n", value="1000", id="x", source="/z")]))


def test_a_sweep_and_a_step_leave_the_columns_until_they_are_kept() -> None:
    customers, snapshot = crowd()
    turned(customers, TODAY + timedelta(days=3))
    before = everything(customers)
    sweep(customers, everyone_of(customers), snapshot_of(customers, 2), "time", "everyone", AT)
    assert everything(customers) == before
    assert snapshot.number == 1
