"""From counts to scores: dense and percentile ranks per group, quartiles over everyone.

Scores are in hundredths (0–10000), rounded half up, exactly. A figure that the population does
not hold takes the score it would have if one customer with it were added.
"""

from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from nyxter_online.figures import Ints
from nyxter_online.population import NONE, Counts, Key, Population, over_all_groups

BEST = 10_000
_SPAN = 9_900  # from the best score to the least one
Ranking = Literal["dense", "percentile"]


class Scale(NamedTuple):
    """Scores of one indicator in one group: of the figures held, and of one put between."""

    figures: Ints
    held: Ints
    added: Ints

    def scores(self, figures: Ints) -> Ints:
        """Return the scores of figures, held or not."""
        place = np.searchsorted(self.figures, figures)
        scores = self.added[place]
        if len(self.figures):
            near = np.minimum(place, len(self.figures) - 1)
            scores = np.where(self.figures[near] == figures, self.held[near], scores)
        return scores


def scale(counts: Counts, ranking: Ranking) -> Scale:
    """Return the scale of the counts of one group."""
    distinct = len(counts.figures)
    if ranking == "dense":
        better = distinct - 1 - np.arange(distinct)
        return Scale(
            counts.figures,
            _dense(better, distinct),
            _dense(distinct - np.arange(distinct + 1), distinct + 1),
        )
    worse = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts.counts)])
    total = int(worse[-1])
    return Scale(counts.figures, _percentile(worse[:-1], total), _percentile(worse, total + 1))


def _dense(better: Ints, distinct: int) -> Ints:
    """100 − i·min(1, 99/(m−1)), i the number of better figures of m."""
    steps = max(distinct - 1, 99)
    return _half_up(BEST * steps - _SPAN * better, steps)


def _percentile(worse: Ints, total: int) -> Ints:
    """1 + 99·worse/(n−1); 100 where n = 1."""
    if total <= 1:
        return np.full(len(worse), BEST, np.int64)
    return _half_up((BEST - _SPAN) * (total - 1) + _SPAN * worse, total - 1)


def _half_up(numerator: Ints, denominator: int) -> Ints:
    return (2 * numerator + denominator) // (2 * denominator)


class Quartiles(NamedTuple):
    """Where a figure stands among all buyers of the period, 1–4."""

    figures: Ints
    worse: Ints
    same: Ints

    def of(self, figures: Ints) -> Ints:
        """Return min(4, 1 + ⌊4·(2·worse + same)/(2n)⌋), counting oneself among the same."""
        place = np.searchsorted(self.figures, figures)
        total = np.full(len(figures), self.worse[-1] + 1)
        same = np.ones(len(figures), np.int64)
        if len(self.figures):
            near = np.minimum(place, len(self.figures) - 1)
            held = self.figures[near] == figures
            same = np.where(held, self.same[near], same)
            total = np.where(held, total - 1, total)
        quartile: Ints = np.minimum(4, 1 + 4 * (2 * self.worse[place] + same) // (2 * total))
        return quartile


def quartiles(counts: Counts) -> Quartiles:
    """Return the quartiles of counts over all groups."""
    worse = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts.counts)])
    return Quartiles(counts.figures, worse, counts.counts)


class Snapshot:
    """A numbered state of the whole population, by which customers are scored.

    Attributes
    ----------
    number
        Rising from 1 over the life of the system.
    day, rules
        The day (proleptic ordinal) and the version of the rules that its figures were counted by.
    population
        The merged counts of all partitions.

    """

    def __init__(
        self, number: int, day: int, rules: str, population: Population, ranking: Ranking
    ) -> None:
        self.number = number
        self.day = day
        self.rules = rules
        self.population = population
        self._ranking = ranking
        self._scales: dict[Key, Scale] = {}

    def scale(self, key: Key) -> Scale:
        """Return the scale of an indicator and a group, made when first asked for."""
        if key not in self._scales:
            counts = self.population.get(key, NONE)
            if key[0] == "V":  # sums ≤ 0 are counted for the quartiles, not ranked
                counts = Counts(*(column[counts.figures > 0] for column in counts))
            self._scales[key] = scale(counts, self._ranking)
        return self._scales[key]

    @cached_property
    def recency_quartiles(self) -> Quartiles:
        """Quartiles of the day of the last sale, over all groups."""
        return quartiles(over_all_groups(self.population, "R"))

    @cached_property
    def value_quartiles(self) -> Quartiles:
        """Quartiles of V's figure, sums ≤ 0 as 0, over all groups."""
        return quartiles(over_all_groups(self.population, "V"))
