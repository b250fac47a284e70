"""Many seeds, one after the other, and what all of them together came to."""

import time
from collections import Counter
from collections.abc import Callable, Iterable

from simulation.running import Outcome, Simulation

ENOUGH = 150  # seeds, after which every rare path must have been gone
RARE = (
    "EndTxn of an old epoch refused",
    "cache_displaced",
    "epoch renewed",
    "epoch renewed: EndTxn was sent more than once",
    "lane fenced: FENCED",
    "lane fenced: timed out",
    "leading no more",
    "load failed, will be tried again",
    "poison",
    "redis_away",
    "redis_back",
    "seek again",
    "session over",
    "standstill",
    "stood still, input deleted",
    "stood still, input recreated",
    "sweep for model",
    "sweep for time",
    "sweep goes on after a load",
    "sweep of differing",
    "sweep of everyone",
    "transaction timed out",
)


class Campaign:
    """Sums up outcomes.

    Attributes
    ----------
    failed
        Those in which something was violated.

    """

    def __init__(self) -> None:
        self.seeds = 0
        self.virtual_s = 0.0
        self.events = 0
        self.faults: Counter[str] = Counter()
        self.sometimes: Counter[str] = Counter()
        self.failed: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        """Take an outcome in."""
        self.seeds += 1
        self.virtual_s += outcome.virtual_s
        self.events += outcome.events
        self.faults += outcome.faults
        self.sometimes += outcome.sometimes
        if outcome.failure:
            self.failed.append(outcome)

    @property
    def never(self) -> list[str]:
        """The rare paths that were not gone, though there were seeds enough."""
        return [] if self.seeds < ENOUGH else [n for n in RARE if not self.sometimes[n]]

    def run(
        self, seeds: Iterable[int], minutes: float, tell: Callable[[Outcome], None]
    ) -> "Campaign":
        """Run seeds until the minutes are over."""
        until = time.monotonic() + 60 * minutes
        for seed in seeds:
            if time.monotonic() > until:
                break
            outcome = Simulation(seed).run()
            self.add(outcome)
            tell(outcome)
        return self


def line_of(outcome: Outcome) -> str:
    """Return the one line that does a failure again."""
    return f"python -m tests.simulation --seed {outcome.seed}  # {outcome.failure}"
