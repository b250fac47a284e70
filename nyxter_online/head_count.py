"""The population of one partition, kept up as customers change: what its summary tells."""

from collections.abc import Iterator, Sequence

import numpy as np

from nyxter_online.customer import Period
from nyxter_online.figures import GROUP, Group, Ints, ranked
from nyxter_online.population import NONE, Counts, Key, merged, tally
from schemas.rules import INDICATORS

_Cell = tuple[str, int]  # indicator and number of the group


class HeadCount:
    """Counts per indicator and group number; changes are gathered and added when asked for.

    Gathering costs as much as customers changed; adding up costs as much as there are distinct
    figures, which their resolution bounds, not the size of the base.
    """

    def __init__(self) -> None:
        self._counts: dict[_Cell, Counts] = {}
        self._gathered: list[tuple[str, Ints, Ints, int]] = []
        self._changed: set[_Cell] = set()

    def replace(self, old: Ints, new: Ints, period: Period) -> None:
        """Take away the contributions of rows of figures and give those of others."""
        self._gather(old, -1, period)
        self._gather(new, 1, period)

    def recount(self, figures: Ints, period: Period) -> None:
        """Count rows of figures from nothing."""
        self._gathered = []
        self._changed |= set(self._counts)
        self._counts = {}
        self._gather(figures, 1, period)

    def _gather(self, figures: Ints, sign: int, period: Period) -> None:
        for indicator, (counted, figure) in ranked(figures, period).items():
            if counted.any():
                self._gathered.append((indicator, figures[counted, GROUP], figure[counted], sign))

    def population(self, groups: Sequence[Group]) -> dict[Key, Counts]:
        """Return the counts as they are now."""
        self._add_up()
        return {(name, groups[number]): c for (name, number), c in self._counts.items()}

    def changes(self, groups: Sequence[Group]) -> dict[Key, Counts]:
        """Return the counts that changed since the last call; empty ones have gone."""
        self._add_up()
        cells, self._changed = self._changed, set()
        return {
            (name, groups[number]): self._counts.get((name, number), NONE)
            for name, number in sorted(cells)
            if number < len(groups)
        }

    def _add_up(self) -> None:
        for cell, difference in self._differences():
            self._changed.add(cell)
            counts = merged([self._counts.pop(cell, NONE), difference])
            if len(counts.figures):
                self._counts[cell] = counts
        self._gathered = []

    def _differences(self) -> Iterator[tuple[_Cell, Counts]]:
        for indicator in INDICATORS:
            parts = [part for part in self._gathered if part[0] == indicator]
            if not parts:
                continue
            groups = np.concatenate([part[1] for part in parts])
            figures = np.concatenate([part[2] for part in parts])
            signs = np.concatenate([np.full(len(part[1]), part[3]) for part in parts])
            for group in np.unique(groups).tolist():
                rows = groups == group
                difference = tally(figures[rows], signs[rows])
                if len(difference.figures):
                    yield (indicator, group), difference
