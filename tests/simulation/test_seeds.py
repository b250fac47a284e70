"""The simulation itself: the same from the same seed, fresh seeds, and seeds that once failed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulation.running import Simulation

ROOT = Path(__file__).parents[2]
CALM = (1, 8)
# What each of these came to before what it found was mended.
FAILED = {
    1002: "the simulated client committed half of what it had purged",
    116: "an EndTxn that came late ended the next transaction (issue 14, C)",
    24: "likewise",
    44: "likewise",
    59: "likewise",
    74: "likewise",
}


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "tests.simulation", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def digest_of(seed: int) -> str:
    """What the whole trace of a seed comes to."""
    ran = simulate("--seed", str(seed))
    assert ran.stdout.startswith(f"seed {seed}: digest "), ran.stderr
    return ran.stdout.split()[3]


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, again, other = digest_of(8), digest_of(8), digest_of(33)
    assert first == again
    assert first != other


def test_a_minute_of_fresh_seeds() -> None:
    first = int.from_bytes(os.urandom(3))
    ran = simulate("--seed", str(first), "--minutes", "1")
    print(ran.stdout, ran.stderr)  # noqa: T201 - which seeds they were
    assert ran.returncode == 0, ran.stdout
    assert f"seeds {first}-" in ran.stdout


@pytest.mark.parametrize("seed", CALM)
def test_where_nothing_breaks_all_holds(seed: int) -> None:
    outcome = Simulation(seed, calm=True).run()
    assert not outcome.failure
    assert outcome.sometimes["snapshot"] > 0


@pytest.mark.parametrize("seed", FAILED)
def test_a_seed_that_failed_once_holds(seed: int) -> None:
    outcome = Simulation(seed).run()
    assert not outcome.failure
    assert outcome.sometimes["summary"] > 0
