"""The simulation itself: the same from the same seed, and seeds that once failed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.running import Simulation

ROOT = Path(__file__).parents[2]
CALM = range(1, 5)


def digest_of(seed: int, hashes: str) -> str:
    """What the whole trace of a seed comes to, in a process of its own."""
    command = [sys.executable, "-m", "tests.simulation", "--seed", str(seed)]
    environment = os.environ | {"PYTHONHASHSEED": hashes}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.stdout.startswith(f"seed {seed}: digest "), ran.stderr
    return ran.stdout.split()[3]


@pytest.mark.parametrize("seed", [2, 5])
def test_the_same_seed_gives_the_same_bytes(seed: int) -> None:
    first, again, other = digest_of(seed, "1"), digest_of(seed, "2"), digest_of(seed + 1, "1")
    assert first == again
    assert first != other


@pytest.mark.parametrize("seed", CALM)
def test_where_nothing_breaks_all_holds(seed: int) -> None:
    outcome = Simulation(seed, calm=True).run()
    assert not outcome.failure
    assert outcome.sometimes["snapshot"] > 0
