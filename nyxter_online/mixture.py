"""The mixture over one partition: features, responsibilities, and their exact sums.

At any time every customer with contracts has the responsibilities of the epoch in use, so the
sums depend on customers and epoch alone: not on the order of events, batches or partitions.
"""

from typing import NamedTuple

import numpy as np

from nyxter_online.epochs import Epoch, K, before_all
from nyxter_online.features import CONTRACTS, NO_FEATURES, WIDTH
from nyxter_online.figures import Ints, Mask
from nyxter_online.gmm import Statistics

_PART = 20_000  # rows evaluated at a time


class Kept(NamedTuple):
    """What an adoption replaced, to be put back where it does not hold."""

    epoch: Epoch | None
    shares: Ints
    statistics: Statistics


class Mixture:
    """Columns of one partition's customers, by the same slots as `Customers`.

    Attributes
    ----------
    features
        Clipped features, shape (n, 4); no contracts: the customer is not in the mixture.
    shares
        Responsibilities, shape (n, 4), in units of 2⁻²⁰; rows of 0 for who is not in it.
    statistics
        The sums over all rows.
    learned
        How many contributions changed so far (since loading).

    """

    def __init__(self) -> None:
        self.epoch: Epoch | None = None
        self.features: Ints = np.empty((0, WIDTH), np.int64)
        self.shares: Ints = np.empty((0, K), np.int64)
        self.statistics = Statistics.zero(K, WIDTH)
        self.learned = 0

    def grow(self, room: int) -> None:
        """Make room for so many more customers."""
        none = np.tile(np.array(NO_FEATURES, np.int64), (room, 1))
        self.features = np.vstack([self.features, none])
        self.shares = np.vstack([self.shares, np.zeros((room, K), np.int64)])

    def evaluated(self, features: Ints) -> Ints:
        """Return the responsibilities of rows of features by the epoch in use."""
        shares = np.zeros((len(features), K), np.int64)
        inside = is_inside(features)
        if inside.any():
            by_epoch = before_all if self.epoch is None else self.epoch.shares
            shares[inside] = by_epoch(features[inside])
        return shares

    def replace(self, slots: Ints, features: Ints, shares: Ints) -> None:
        """Set rows and correct the sums by the difference."""
        changed = np.any(self.features[slots] != features, axis=1)
        if not changed.any():
            return
        slots, features, shares = slots[changed], features[changed], shares[changed]
        old = self.features[slots], self.shares[slots]
        self.statistics = self.statistics.replaced(*old, features, shares)
        self.features[slots], self.shares[slots] = features, shares
        self.learned += len(slots)

    def reset(self, features: Ints) -> None:
        """Set all rows anew (after loading); responsibilities follow with `adopt`."""
        self.features = features
        self._evaluate_all()

    def adopt(self, epoch: Epoch) -> Kept:
        """Go over to an epoch: evaluate everyone by it, and return what was before."""
        kept = Kept(self.epoch, self.shares, self.statistics)
        self.epoch = epoch
        self._evaluate_all()
        return kept

    def put_back(self, kept: Kept) -> None:
        """Undo an adoption."""
        self.epoch, shares, self.statistics = kept
        self.shares = np.zeros_like(self.shares)  # there may be room for more customers by now
        self.shares[: len(shares)] = shares

    def _evaluate_all(self) -> None:
        self.shares = np.zeros((len(self.features), K), np.int64)
        self.statistics = Statistics.zero(K, WIDTH)
        for first in range(0, len(self.features), _PART):
            rows = slice(first, first + _PART)
            self.shares[rows] = self.evaluated(self.features[rows])
            self.statistics = self.statistics.added(self.features[rows], self.shares[rows], 1)


def is_inside(features: Ints) -> Mask:
    """Tell which rows are in the mixture: those with contracts."""
    inside: Mask = features[:, CONTRACTS] > 0
    return inside
