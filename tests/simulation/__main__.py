"""`python -m tests.simulation --seed N`."""

import argparse
import itertools
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from simulation.campaign import Campaign, line_of
from simulation.hunting import hunt, row_of
from simulation.mutants import MUTANTS
from simulation.running import Outcome, Simulation


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the seed, or the first of many")
    parser.add_argument("--minutes", type=float, help="run fresh seeds for so long")
    parser.add_argument("--calm", action="store_true", help="break nothing")
    parser.add_argument("--trace", action="store_true", help="print the last things that happened")
    parser.add_argument("--mutants", metavar="WORD", help="look for planted faults: all, or …")
    given = parser.parse_args()
    if given.mutants:
        sys.exit(_hunt(given.mutants, given.seed))
    if given.minutes:
        sys.exit(_campaign(given.seed, given.minutes))
    outcome = Simulation(given.seed, calm=given.calm).run()
    if given.trace:
        print("\n".join(outcome.lines))
    print(f"seed {outcome.seed}: digest {outcome.digest}, {outcome.virtual_s:.0f} s simulated")
    if outcome.failure:
        sys.exit(line_of(outcome))


def _campaign(first: int, minutes: float) -> int:
    campaign = Campaign().run(itertools.count(first), minutes, _tell)
    last = first + campaign.seeds - 1
    hours = campaign.virtual_s / 3600
    print(f"seeds {first}-{last}: {hours:.2f} hours simulated, {campaign.events} events")
    print("faults:", ", ".join(f"{k} {n}" for k, n in sorted(campaign.faults.items())))
    print("sometimes:", ", ".join(f"{k} {n}" for k, n in sorted(campaign.sometimes.items())))
    if campaign.never:
        print("never:", ", ".join(campaign.never))
    print(f"failed: {len(campaign.failed)}")
    return bool(campaign.failed or campaign.never)


def _hunt(word: str, first: int) -> int:
    chosen = [m for m in MUTANTS if word == "all" or word in m.name]
    print("| planted | found at seed | seeds | virtual s | s | what caught it |")
    missed = 0
    for mutant in chosen:
        found = hunt(mutant, itertools.count(first))
        missed += not found.failure
        print(row_of(found), flush=True)
    return missed


def _tell(outcome: Outcome) -> None:
    if outcome.failure:
        print(line_of(outcome), flush=True)


if os.environ.get("PYTHONHASHSEED") != "0":
    os.environ["PYTHONHASHSEED"] = "0"
    os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])
main()
