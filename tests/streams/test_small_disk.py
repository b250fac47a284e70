"""The laws of the whole system hold with the state on disk, whichever worker's copy is opened."""

import tempfile
from datetime import timedelta
from pathlib import Path

from driving import registers_of
from hypothesis import given, settings
from hypothesis import strategies as st
from small_system import CHANGELOG, SmallSystem, small_world
from strategies import World, worlds
from test_small_system import (
    SEEDS,
    STORM,
    assert_ids_are_unique,
    assert_is_in_order,
    assert_is_the_journals_replay,
    assert_is_the_oracle,
)

from schemas.rules import read_rules
from streams.segmenter.shift import SegmentShift
from streams.segmenter.told import Site


@settings(STORM, max_examples=8)
@given(worlds(), st.sampled_from([1, 3]), SEEDS, st.sampled_from([0, 3]))
def test_crashes_with_the_state_on_disk(
    world: World, partitions: int, seed: int, days: int
) -> None:
    with tempfile.TemporaryDirectory() as directory, small_world() as clock:
        spanned = world.as_of - timedelta(days=days), world.as_of
        rules = read_rules(world.rules.text)
        system = SmallSystem(rules, partitions, spanned, seed, clock, 0.2, Path(directory))
        system.storm(world.events)
        system.settle()
        assert_is_the_oracle(system, world)
        assert_ids_are_unique(system)
        assert_is_the_journals_replay(system)
        assert_is_in_order(system)
        assert_copies_are_the_changelog(system)
        assert_registers_are_as_in_memory(system)
        for lane in system.lanes.values():
            lane.abandon()
        system._lanes._states.close()


def assert_copies_are_the_changelog(system: SmallSystem) -> None:
    for number, lane in system.lanes.items():
        copy = dict(lane._state.records.scan(b"["))
        assert copy == system.broker.latest(CHANGELOG, number)


def assert_registers_are_as_in_memory(system: SmallSystem) -> None:
    for number, shift in enumerate(system.shifts):
        site = Site(number, system.partitions, CHANGELOG, system.rules, b"secret")
        in_memory = SegmentShift(site, system._boards[0], str)
        in_memory.load(system.broker.latest(CHANGELOG, number), list(shift.progress))
        assert registers_of(shift.customers) == registers_of(in_memory.customers)
        for customer in in_memory.customers:
            held = shift.customers.get(customer.id)
            assert held is not None
            counts = len(held.orders), len(held.contracts)
            assert counts == (len(customer.orders), len(customer.contracts))
            assert type(held.orders) is not type(customer.orders)
