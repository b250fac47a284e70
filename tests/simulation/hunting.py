"""Looking for mutants, seed after seed."""

import time
from collections.abc import Iterable
from typing import NamedTuple

from simulation.mutations import Mutant
from simulation.running import BROKEN, Simulation

MOST_S = 60.0


class Found(NamedTuple):
    """How a mutant was found, or that it was not (then `failure` is nothing)."""

    mutant: Mutant
    seed: int
    seeds: int
    virtual_s: float
    seconds: float
    failure: str


def hunt(mutant: Mutant, seeds: Iterable[int], most_s: float = MOST_S) -> Found:
    """Try seeds until one fails or the time is over."""
    began, tried, virtual_s = time.process_time(), 0, 0.0
    for seed in seeds:
        tried += 1
        outcome = Simulation(seed, mutant=mutant).run()
        virtual_s += outcome.virtual_s
        seconds = time.process_time() - began
        if outcome.failure and not outcome.failure.startswith(BROKEN):
            return Found(mutant, seed, tried, virtual_s, seconds, outcome.failure)
        if seconds > most_s:
            break
    return Found(mutant, 0, tried, virtual_s, time.process_time() - began, "")


def row_of(found: Found) -> str:
    """Return a row of the table."""
    caught = found.failure.strip().splitlines()[-1][:100] if found.failure else "NOT FOUND"
    return (
        f"| {found.mutant.name} | {found.seed} | {found.seeds} | {found.virtual_s:.0f} | "
        f"{found.seconds:.1f} | {caught} |"
    )
