"""How much of a sweep is done at a time: no more than a batch of events may be kept waiting."""

from typing import Final

import numpy as np

from nyxter_online.customers import BUCKETS
from nyxter_online.figures import Ints

_PART_S: Final = 0.02  # what a part should take
_FIRST: Final = 500  # customers in the first part; in later ones by the time it took
_FEWEST: Final = 100
_MOST: Final = 5_000


class SweepParts:
    """Cuts sweeps into parts that take about as long as they should."""

    def __init__(self) -> None:
        self._most = _FIRST

    def end(self, first: int, buckets: Ints) -> int:
        """Return the bucket before which a part ends that begins with bucket `first`.

        `buckets` are those of all customers, shape (n,).
        """
        sizes = np.bincount(buckets[buckets >= first] - first, minlength=BUCKETS - first)
        fitting = int(np.searchsorted(np.cumsum(sizes), self._most, side="right"))
        return first + max(1, fitting)

    def took(self, seconds: float) -> None:
        """Fit the size of the next part to the time that one took."""
        fitting = int(self._most * _PART_S / max(seconds, 1e-6))
        self._most = max(_FEWEST, min(_MOST, 2 * self._most, fitting))
