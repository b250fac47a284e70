"""All faults that are planted, one at a time: `python -m tests.simulation --mutants all`."""

from typing import Final

from simulation.lane_mutants import GATE, LANE, TRANSACTION
from simulation.other_mutants import CACHE, LEADER, SHIFT

MUTANTS: Final = (*LANE, *TRANSACTION, *GATE, *LEADER, *SHIFT, *CACHE)
