"""Many seeds, one after the other, and what all of them together came to."""

import time
from collections import Counter
from collections.abc import Callable, Iterable

from simulation.running import Outcome, Simulation


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
