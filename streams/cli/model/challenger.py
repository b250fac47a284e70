"""A challenger: the mixture that several starts lead to, the best of them by likelihood."""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple, Self

import numpy as np

from nyxter_online.epochs import K, before_all
from nyxter_online.features import WIDTH
from nyxter_online.figures import Ints
from nyxter_online.gmm import (
    Components,
    Floats,
    Statistics,
    hard,
    log_likelihood,
    m_step,
    nearest,
    responsibilities,
)
from nyxter_online.gmm.seeding import seeds
from nyxter_online.profiles import matched_names, relative_start

PUBLISHED: Final = "published profiles"

_SWEEPS: Final = 200
_LABELS: Final = 10_000
_STILL: Final = 1e-4
_SEED: Final = 7  # the same file gives the same challenger
_SEEDS: Final = 1 << 32


class Fit(NamedTuple):
    """Where EM came to from one start.

    Attributes
    ----------
    start
        What it started from.
    statistics, components
        The sums of the last sweep, and the mixture they come to; component k is the k-th profile.
    log_likelihood
        Mean over the customers, in nats.
    sweeps
        How many it took; `settled` tells whether they were enough.

    """

    start: str
    statistics: Statistics
    components: Components
    log_likelihood: float
    sweeps: int
    settled: bool

    def named(self) -> Self:
        """Return it with the components in the order of the profiles that they resemble."""
        order = np.argsort(matched_names(self.components)).tolist()
        statistics = Statistics(tuple(self.statistics.sums[j] for j in order))
        return self._replace(statistics=statistics, components=m_step(statistics))


def everyone(features: Ints) -> Statistics:
    """Return the sums over rows of features, all in the first component."""
    return Statistics.zero(K, WIDTH).added(features, before_all(features))


def start_of(features: Ints) -> Components:
    """Return the mixture that a first model makes of the nearest published profiles."""
    shares = hard(features, relative_start(everyone(features)))
    return m_step(Statistics.zero(K, WIDTH).added(features, shares))


def fits(features: Ints, random_starts: int) -> Iterator[Fit]:
    """Yield where EM comes to from the published profiles and from random starts.

    Parameters
    ----------
    features
        Clipped features of customers with contracts, shape (n, 4); their order does not matter.
    random_starts
        How many.

    """
    whole = everyone(features)
    yield _fitted(features, PUBLISHED, relative_start(whole))
    draw, scale = Random(_SEED), whole.deviations()  # noqa: S311 - not a secret
    for number in range(1, random_starts + 1):
        means = seeds(features, scale, K, draw.randrange(_SEEDS))
        yield _fitted(features, f"random {number}", nearest(means, scale))


def _fitted(features: Ints, start: str, natural: Floats) -> Fit:
    """Return where EM comes to from parameters by which rows go to the nearest mean."""
    shares = hard(features, natural)
    statistics = Statistics.zero(K, WIDTH).added(features, shares)
    components, scale = m_step(statistics), statistics.deviations()
    sweeps, settled = 0, False
    while sweeps < _SWEEPS and not settled:
        before, old_shares = components, shares
        shares = responsibilities(features, components.natural)
        statistics = Statistics.zero(K, WIDTH).added(features, shares)
        components = m_step(statistics)
        sweeps += 1
        settled = _same_labels(old_shares, shares) and _same_means(before, components, scale)
    mean = float(log_likelihood(features, components).mean())
    return Fit(start, statistics, components, mean, sweeps, settled).named()


def _same_labels(old: Ints, new: Ints) -> bool:
    """Tell whether fewer than one label in 10,000 changed."""
    changed = int((old.argmax(axis=1) != new.argmax(axis=1)).sum())
    return changed * _LABELS < len(old)


def _same_means(old: Components, new: Components, scale: Floats) -> bool:
    """Tell whether no mean moved, to speak of, in deviations of the whole base."""
    moved = np.abs(new.means - old.means)
    return bool((moved <= _STILL * scale).all())
