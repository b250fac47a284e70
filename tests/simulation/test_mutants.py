"""Planted faults are found: each at the seed at which it once was, which the code itself passes."""

import inspect

import pytest

from simulation.mutants import MUTANTS
from simulation.mutations import Mutant, find, planted
from simulation.running import BROKEN, Simulation

FOUND = [mutant for mutant in MUTANTS if mutant.seed]
SEEDS = sorted({mutant.seed for mutant in FOUND})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_code(mutant: Mutant) -> None:
    owner, name = find(mutant.where)
    before = inspect.getattr_static(owner, name)
    with planted(mutant):
        assert inspect.getattr_static(owner, name) is not before
    assert inspect.getattr_static(owner, name) is before


@pytest.mark.parametrize("mutant", FOUND, ids=lambda mutant: mutant.name)
def test_a_planted_fault_is_found(mutant: Mutant) -> None:
    outcome = Simulation(mutant.seed, mutant=mutant).run()
    assert outcome.failure
    assert not outcome.failure.startswith(BROKEN)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_code_as_it_is_passes_the_same_seeds(seed: int) -> None:
    outcome = Simulation(seed).run()
    assert outcome.failure == ""
    assert outcome.sometimes["summary"] > 0
