"""The mixture over a whole system in memory: epochs, labels and triggers through storms."""

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from driving import event
from hypothesis import given, settings
from hypothesis import strategies as st
from small_system import SmallSystem, small_world
from strategies import Event, as_json

from nyxter_online.customers import BUCKETS
from nyxter_online.epochs import K
from nyxter_online.features import WIDTH
from nyxter_online.gmm import Statistics
from schemas.envelope import loads
from schemas.outputs import JOURNEY_TRIGGERED
from schemas.rules import read_rules
from streams import topics
from streams.lane.records import Record
from streams.segmenter.entry import Learning, read_entry

TODAY = date(2026, 11, 22)
BRANDS = ["Datasul", "Protheus", "RM", "Fluig"]
SEEDS = st.integers(0, 2**32 - 1)


def contracts_of(chance: random.Random, customers: int) -> list[Event]:
    """Contracts of customers who began at other times and have more or fewer of them."""
    made = []
    for number in range(customers):
        months = chance.choice([3, 20, 60, 110, 130])
        for contract in range(chance.choice([1, 2, 5, 9])):
            ago = chance.randrange(30 * months)
            made.append(
                event(
                    "contract.recorded",
                    f"K{number}",
                    contract_id=f"c{contract}",
                    product=chance.choice(["RH Folha", "Gestão X", "MES"]),
                    brand=chance.choice(BRANDS),
                    status="ATIVO",
                    signed_on=str(TODAY - timedelta(days=ago)),
                    id=f"{number}-{contract}",
                )
            )
    chance.shuffle(made)
    return made


def through(seed: int, partitions: int, clock: Any, trouble: float) -> SmallSystem:
    chance = random.Random(seed)
    days = TODAY - timedelta(days=2), TODAY
    system = SmallSystem(read_rules(""), partitions, days, seed, clock, trouble)
    system.storm(contracts_of(chance, 14), steps=6)
    for _ in range(300):
        system.settle()
        if all(shift.progress.checkpoint > 0 for shift in system.shifts):
            return system
    raise AssertionError("no model comes about")


def told(system: SmallSystem, kind: type[Any]) -> list[Any]:
    read = [read_entry(stored.value or b"") for _, stored in system.broker.all_of(topics.JOURNAL)]
    return [entry for entry in read if isinstance(entry, kind)]


def events_of(system: SmallSystem) -> list[dict[str, Any]]:
    return [loads(value or b"") for _, _, value in system.outputs()[topics.SEGMENT_EVENTS]]


def triggers_of(system: SmallSystem) -> list[dict[str, Any]]:
    return [one for one in events_of(system) if one["type"] == JOURNEY_TRIGGERED]


def tell(system: SmallSystem, kind: str, data: dict[str, Any]) -> None:
    """Write a control event to every partition, as the command line does."""
    one = event("customer.erased", "nyxter", id=kind) | {"type": kind, "data": data}

    for number in range(system.partitions):
        system.broker.append(Record(topics.CONTROL, b"x", as_json(one).encode()), number)


def assert_replays(system: SmallSystem) -> None:
    live, again = system.outputs(), system.replayed_outputs()
    for topic, published in live.items():
        assert Counter(published) == Counter(again[topic]), topic


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.sampled_from([1, 3, 8]), st.sampled_from([0.0, 0.1]))
def test_epochs_come_about_and_the_journal_tells_them_all(
    seed: int, partitions: int, trouble: float
) -> None:
    with small_world() as clock:
        system = through(seed, partitions, clock, trouble)
        learned = told(system, Learning)
        assert [one.epoch for one in learned] == list(range(1, len(learned) + 1))
        assert len(learned) >= 3
        profiles = system.profiles()
        assert {p["consumption"]["segment"] for p in profiles.values()} - {"unassigned"}
        assert_replays(system)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.sampled_from([1, 3]))
def test_sums_are_those_of_everyone_by_the_epoch_in_use(seed: int, partitions: int) -> None:
    with small_world() as clock:
        system = through(seed, partitions, clock, 0.1)
        for shift in system.shifts:
            mixture = shift.customers.mixture
            shares = mixture.evaluated(mixture.features)
            assert (shares == mixture.shares).all()
            fresh = Statistics.zero(K, WIDTH).added(mixture.features, shares)
            assert mixture.statistics == fresh
        loaded = {number: shift.customers.mixture for number, shift in enumerate(system.shifts)}
        before = {number: mixture.statistics for number, mixture in loaded.items()}
        for number in range(partitions):
            system.load(number)
            assert system.lanes[number].shift.ready()
        assert before == {
            number: shift.customers.mixture.statistics for number, shift in enumerate(system.shifts)
        }


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.sampled_from([1, 3]), st.sampled_from([0.0, 0.1]))
def test_what_is_held_back_fires_or_is_suppressed_when_released(
    seed: int, partitions: int, trouble: float
) -> None:
    with small_world() as clock:
        system = through(seed, partitions, clock, trouble)
        held = [one for one in triggers_of(system) if one["data"]["suppressed"] == "first_score"]
        assert held
        first = [one for one in triggers_of(system) if one["data"]["transition"]["old"] is None]
        of_kinds = [one["data"] for one in first if one["data"]["kind"] in ("tier", "profile")]
        assert {data["suppressed"] for data in of_kinds} == {"first_score"}
        tell(system, "nyxter.triggers.released.v1", {"reasons": ["first_score"]})
        system.settle()
        done = triggers_of(system)
        assert [one for one in done if one["data"]["suppressed"] is None]
        ids = Counter(one["id"] for one in done)
        assert set(ids.values()) == {1}
        assert not held_back(system, "first_score")
        assert_replays(system)


def test_what_is_released_while_a_release_is_under_way_is_released_to_all() -> None:
    with small_world() as clock:
        system = through(7, 1, clock, 0.0)
        assert held_back(system, "first_score")
        (shift,) = system.shifts
        tell(system, "nyxter.triggers.released.v1", {"reasons": ["model"]})
        for _ in range(100):
            system.work(0)
            if shift.progress.whom == "released" and (shift.progress.bucket or 0) > BUCKETS / 2:
                break
        assert shift.progress.whom == "released"
        assert shift.progress.bucket
        tell(system, "nyxter.triggers.released.v1", {"reasons": ["first_score"]})
        system.settle()
        assert shift.progress.releasing == ()
        assert not held_back(system, "first_score")
        assert_replays(system)


def held_back(system: SmallSystem, reason: str) -> list[Any]:
    """Return the triggers that are held back for a reason."""
    states = [state for shift in system.shifts for state in shift.customers.journeys.values()]
    return [held for state in states for held in state.held.values() if held.reason == reason]


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.sampled_from([1, 3]), st.sampled_from([0.0, 0.1]))
def test_an_accepted_model_relabels_and_fires_nothing(
    seed: int, partitions: int, trouble: float
) -> None:
    with small_world() as clock:
        system = through(seed, partitions, clock, trouble)
        statistics = Statistics.zero(K, WIDTH)
        for shift in system.shifts:
            statistics = statistics.plus(shift.customers.mixture.statistics)
        turned = Statistics(statistics.sums[1:] + statistics.sums[:1])
        known = len(triggers_of(system))
        tell(system, "nyxter.model.accepted.v1", turned.to_json())
        system.settle()
        assert {shift.progress.model for shift in system.shifts} == {2}
        fresh = triggers_of(system)[known:]
        by_model = [one["data"] for one in fresh if one["data"]["why"]["cause"] == "model"]
        reasons = {data["suppressed"] for data in by_model}
        assert reasons <= {"model", "first_score"}
        assert "model" in reasons
        assert_replays(system)


@pytest.mark.parametrize("sums", [[], [["1"] * 15] * 3, [["x"] * 15] * 4, [["0"] * 15] * 4])
def test_a_model_of_nobody_is_refused(sums: list[Any]) -> None:
    with small_world() as clock:
        system = through(5, 1, clock, 0.0)
        tell(system, "nyxter.model.accepted.v1", {"sums": sums})
        system.settle()
        refused = system.outputs()[topics.DEAD_LETTERS]
        assert len(refused) == 1
        assert {shift.progress.model for shift in system.shifts} == {1}
