"""Who there is: counts of every raw figure, per indicator and comparison group.

Counts add up and can be taken away again, so the counts of partitions merge exactly, in any
order; ranks and quartiles (`ranks.py`) follow from them alone.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from nyxter_online.figures import Group, Ints

Key = tuple[str, Group]


class Counts(NamedTuple):
    """How many customers have each figure: `figures` rising and distinct, `counts` not 0."""

    figures: Ints
    counts: Ints

    @property
    def total(self) -> int:
        """How many customers there are."""
        return int(self.counts.sum())


NONE = Counts(np.empty(0, np.int64), np.empty(0, np.int64))


def tally(figures: Ints, counts: Ints) -> Counts:
    """Return counts of figures given in any order, repeated, with counts of either sign."""
    if not len(figures):
        return NONE
    distinct, place = np.unique(figures, return_inverse=True)
    sums = np.zeros(len(distinct), np.int64)
    np.add.at(sums, place, counts)
    kept = sums != 0
    return Counts(distinct[kept], sums[kept])


def merged(parts: Iterable[Counts]) -> Counts:
    """Return the sum of counts; parts to take away have negative counts."""
    listed = [part for part in parts if len(part.figures)]
    if len(listed) == 1:
        return listed[0]
    if not listed:
        return NONE
    return tally(
        np.concatenate([part.figures for part in listed]),
        np.concatenate([part.counts for part in listed]),
    )


Population = Mapping[Key, Counts]


def merge_populations(populations: Iterable[Population]) -> dict[Key, Counts]:
    """Return the population of all partitions together."""
    parts: dict[Key, list[Counts]] = {}
    for population in populations:
        for key, counts in population.items():
            parts.setdefault(key, []).append(counts)
    whole = {key: merged(listed) for key, listed in sorted(parts.items())}
    return {key: counts for key, counts in whole.items() if len(counts.figures)}


def over_all_groups(population: Population, indicator: str) -> Counts:
    """Return one indicator's counts over all groups."""
    return merged(counts for (name, _), counts in population.items() if name == indicator)
