"""What every table of the simulation needs: its column types and how shares become counts."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

YEAR = 365  # days
MONTH = YEAR / 12  # days
DAY = 86_400  # seconds


def apportioned(total: int, shares: Sequence[int]) -> Ints:
    """Return counts in the proportion of `shares` that add up to `total` (largest remainders).

    >>> apportioned(10, (3336, 401, 204, 112)).tolist()
    [8, 1, 1, 0]
    """
    exact = np.asarray(shares, dtype=np.float64) * total / sum(shares)
    counts = np.floor(exact).astype(np.int64)
    fullest_first = np.argsort(counts - exact, kind="stable")
    counts[fullest_first[: total - int(counts.sum())]] += 1
    return counts


def scaled(values: Floats, mean: float) -> Floats:
    """Return `values` multiplied so that their mean is `mean`; nothing where there are none."""
    return values * (mean / values.mean()) if values.size else values


def office_seconds(g: np.random.Generator, age: Ints) -> Ints:
    """Return seconds in office hours (11 to 23 h UTC, 8 to 20 h in São Paulo) `age` days ago.

    They count from today's midnight in UTC, so the past is negative.
    """
    return -age * DAY + g.integers(11 * 3600, 23 * 3600, age.size)
