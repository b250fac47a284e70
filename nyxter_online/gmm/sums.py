"""What a mixture learns from: exact sums of shares times terms, which add up in any order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from math import sqrt
from typing import Any, Final, Self

import numpy as np

from nyxter_online.gmm.columns import term_places
from nyxter_online.gmm.grid import FARTHEST, GRID, Floats, Ints, features_of, pairs, terms

Sums = tuple[tuple[int, ...], ...]

# Sums of whole numbers below 2⁵³ are exact in floats, in any order, and so in a matrix product.
_PART: Final = 2_048  # rows of one product: 2¹¹
_SMALL: Final = (1 << 53) // GRID  # below this the squares of a part's features sum to little
_LIMB: Final = 10  # else a share is two numbers of this many bits, and one step more,
_HALF: Final = 31  # and a term is two of this many: 11 + 10 + 31 < 53


@dataclass(frozen=True, slots=True)
class Statistics:
    """Σ r·t over rows: r the shares of K components (units of 2⁻²⁰), t the `terms` of the row.

    Sums are whole numbers of any size, so statistics depend on the rows and their shares, not on
    the order, batches or partitions they came in. A value: its methods return new ones.

    Attributes
    ----------
    sums
        K rows of P = 1 + d + d(d + 1)/2 numbers.

    Examples
    --------
    >>> rows, shares = np.array([[2], [4]]), np.array([[GRID], [GRID]])
    >>> one = Statistics.zero(1, 1).added(rows[:1], shares[:1])
    >>> one.added(rows[1:], shares[1:]) == Statistics.zero(1, 1).added(rows, shares)
    True
    >>> one.added(rows[:1], shares[:1], -1) == Statistics.zero(1, 1)
    True

    """

    sums: Sums

    @classmethod
    def zero(cls, components: int, features: int) -> Self:
        """Return the statistics of no rows."""
        width = 1 + features + len(pairs(features))
        return cls(((0,) * width,) * components)

    @property
    def features(self) -> int:
        """How many features a row has."""
        return features_of(len(self.sums[0]))

    @property
    def total(self) -> tuple[int, ...]:
        """The sums over all components."""
        return tuple(map(sum, zip(*self.sums, strict=True)))

    @property
    def size(self) -> int:
        """How many rows there are."""
        return self.total[0] // GRID

    @property
    def sizes(self) -> tuple[float, ...]:
        """How many rows each component answers for."""
        return tuple(row[0] / GRID for row in self.sums)

    def plus(self, other: Self) -> Self:
        """Return the statistics of the rows of both."""
        return self._with(other.sums, 1)

    @classmethod
    def merged(cls, parts: Iterable[Self]) -> Self:
        """Return the statistics of the rows of all parts (one at least)."""
        return reduce(cls.plus, parts)

    def added(self, features: Ints, shares: Ints, sign: int = 1) -> Self:
        """Return the statistics with rows given (sign 1) or taken away (−1).

        Parameters
        ----------
        features
            Shape (n, d), whole numbers of at most 2³¹ − 1 either way.
        shares
            Shape (n, K), 0 … 2²⁰; rows of 0 count for nothing.
        sign
            1 or −1.

        Raises
        ------
        ValueError
            For features or shares out of range: they would not be summed exactly.

        """
        found = self
        for first in range(0, len(features), _PART):
            part = slice(first, first + _PART)
            found = found._with(_sums(features[part], shares[part]), sign)
        return found

    def replaced(self, old_features: Ints, old_shares: Ints, features: Ints, shares: Ints) -> Self:
        """Return the statistics with rows taken away and others given; arguments as `added`."""
        return self.added(old_features, old_shares, -1).added(features, shares)

    def widened(self, features: int, places: Ints) -> Self:
        """Return the statistics of rows with more features, 0 in all; old ones are at `places`."""
        at = term_places(places, features)
        found = np.zeros((len(self.sums), 1 + features + len(pairs(features))), np.object_)
        found[:, at] = np.array(self.sums, np.object_)
        return type(self)(tuple(map(tuple, found.tolist())))

    def deviations(self) -> Floats:
        """Return the standard deviation of each feature over all rows, shape (d,); 0 of none."""
        return np.array([sqrt(variance) for variance in variances(self.total)])

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; numbers as text, for JSON's own lose digits beyond 2⁵³."""
        return {"sums": [list(map(str, row)) for row in self.sums]}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(tuple(tuple(map(int, row)) for row in fields["sums"]))

    def _with(self, sums: Sequence[Sequence[int]], sign: int) -> Self:
        return type(self)(
            tuple(
                tuple(mine + sign * more for mine, more in zip(row, others, strict=True))
                for row, others in zip(self.sums, sums, strict=True)
            )
        )


def variances(sums: Sequence[int]) -> list[float]:
    """Return the variance of each feature from one component's sums; 0 of no rows."""
    count = sums[0]
    if not count:
        return [0.0] * features_of(len(sums))
    wide = features_of(len(sums))
    squares = [sums[1 + wide + place] for place, (i, j) in enumerate(pairs(wide)) if i == j]
    return [
        (count * square - linear * linear) / (count * count)
        for linear, square in zip(sums[1 : 1 + wide], squares, strict=True)
    ]


def _sums(features: Ints, shares: Ints) -> Sequence[Sequence[int]]:
    """Return Σ r·t exactly, shape (K, P)."""
    farthest = max(int(features.max(initial=0)), -int(features.min(initial=0)))
    if farthest > FARTHEST:
        raise ValueError(f"features are at most {FARTHEST} either way, not {farthest}")
    if shares.min(initial=0) < 0 or shares.max(initial=0) > GRID:
        raise ValueError(f"shares are 0 … {GRID}")
    by_term = _float_terms(features)
    wide = features.shape[1]
    if np.square(by_term[1 : 1 + wide]).sum(axis=1).max() < _SMALL:
        return _listed(shares.astype(np.float64).T @ by_term.T)
    exact = terms(features)
    high = _by_limbs(shares, exact >> _HALF)
    low = _by_limbs(shares, exact & ((1 << _HALF) - 1))
    return [
        [(upper << _HALF) + lower for upper, lower in zip(*rows, strict=True)]
        for rows in zip(high, low, strict=True)
    ]


def _float_terms(features: Ints) -> Floats:
    """Return what `terms` does, as floats and of shape (P, n)."""
    rows, wide = features.shape
    found = np.empty((1 + wide + len(pairs(wide)), rows))
    found[0] = 1
    found[1 : 1 + wide] = features.T
    for place, (i, j) in enumerate(pairs(wide), 1 + wide):
        np.multiply(found[1 + i], found[1 + j], out=found[place])
    return found


def _by_limbs(shares: Ints, halves: Ints) -> list[list[int]]:
    """Return Σ r·t for numbers t below 2³¹ either way, shape (n, P)."""
    limbs = np.concatenate([shares >> _LIMB, shares & ((1 << _LIMB) - 1)], axis=1)
    high, low = np.split((limbs.astype(np.float64).T @ halves.astype(np.float64)), 2)
    return [
        [(upper << _LIMB) + lower for upper, lower in zip(*rows, strict=True)]
        for rows in zip(_listed(high), _listed(low), strict=True)
    ]


def _listed(whole: Floats) -> list[list[int]]:
    found: list[list[int]] = whole.astype(np.int64).tolist()
    return found
