"""The M-step: what components look like, from exact sums alone."""

from collections.abc import Sequence
from math import fsum, inf, sqrt
from typing import Final, NamedTuple

import numpy as np

from nyxter_online.gmm.grid import GRID, Floats, features_of, ln, pairs
from nyxter_online.gmm.sums import Statistics, variances

_LN_2PI: Final = 1.8378770664093453
_Matrix = list[list[float]]


class Components(NamedTuple):
    """Parameters of a mixture of K Gaussians over d features.

    Attributes
    ----------
    weights
        Shape (K,), ≥ 0; they sum to 1.
    means
        Shape (K, d).
    covariances
        Shape (K, d, d), what `epsilon` adds included.
    natural
        The same, as `responsibilities` takes it: shape (P, K).
    degenerate
        Why a component is not a Gaussian fitted to its rows alone, None where it is one.

    """

    weights: Floats
    means: Floats
    covariances: Floats
    natural: Floats
    degenerate: tuple[str | None, ...]


class _Gaussian(NamedTuple):
    constant: float
    mean: list[float]
    covariance: _Matrix
    triangle: list[float]


def m_step(statistics: Statistics, epsilon: float = 0.01) -> Components:
    """Return the components that sums tell of; the same sums give the same bits anywhere.

    Parameters
    ----------
    statistics
        Of any rows, also of none.
    epsilon
        > 0. A component's covariance is that of its rows plus `epsilon` times the variance of each
        feature over all rows, so that no component collapses.

    Returns
    -------
    Finite numbers, whatever the sums. Where they do not tell enough, `degenerate` says so:

    - a component that answers for nothing has the weight 0 and the mean and covariance of all
      rows; it is scored as if it answered for 2⁻²⁰ rows, so a row that no other explains can
      bring it back to life;
    - one that answers for fewer rows than d + 1, or within which a feature does not vary, is held
      up by `epsilon` alone where its rows tell nothing;
    - a feature that is the same in all rows tells components apart in none: it has the variance
      and covariances 0 and is left out of scores.

    Raises
    ------
    ValueError
        Where more was taken away than given, or `epsilon` is not positive.

    """
    if not 0 < epsilon < inf:
        raise ValueError(f"epsilon is a number > 0, not {epsilon}")
    if min(row[0] for row in statistics.sums) < 0:
        raise ValueError("a component answers for less than nothing: more taken than given")
    total = statistics.total
    found = [_gaussian(row, total, len(statistics.sums), epsilon) for row in statistics.sums]
    weights = [row[0] / total[0] if total[0] else 1 / len(found) for row in statistics.sums]
    return Components(
        np.array(weights),
        np.array([one.mean for one in found]),
        np.array([one.covariance for one in found]),
        np.array([[one.constant, *one.mean, *one.triangle] for one in found]).T.copy(),
        tuple(_degeneracy(row) for row in statistics.sums),
    )


def _gaussian(
    sums: Sequence[int], total: Sequence[int], components: int, epsilon: float
) -> _Gaussian:
    told = sums if sums[0] else total
    spread = variances(total)
    floor = [epsilon * variance for variance in spread]
    mean = [linear / told[0] if told[0] else 0.0 for linear in told[1 : 1 + len(spread)]]
    covariance = _covariance(told)
    for i, least in enumerate(floor):
        covariance[i][i] += least
    lower, pivots = _cholesky(covariance, floor)
    ln_determinant = ln(*pivots) + len(pivots) * _LN_2PI
    share = ln((sums[0] or 1) / total[0]) if total[0] else -ln(components)
    return _Gaussian(share - 0.5 * ln_determinant, mean, covariance, _inverse(lower))


def _covariance(sums: Sequence[int]) -> _Matrix:
    """Return the covariance of one component's rows; 0 of none."""
    wide = features_of(len(sums))
    count, linear, products = sums[0], sums[1 : 1 + wide], sums[1 + wide :]
    found = [[0.0] * wide for _ in range(wide)]
    for (i, j), product in zip(pairs(wide), products, strict=True):
        if count:
            found[i][j] = (count * product - linear[i] * linear[j]) / (count * count)
            found[j][i] = found[i][j]
    return found


def _cholesky(covariance: _Matrix, floor: Sequence[float]) -> tuple[_Matrix, list[float]]:
    """Return the lower triangle C, CCᵀ the covariance, and its squared diagonal.

    A feature whose floor is 0 does not vary and is left out: its row is 0, and it
    has no pivot. No pivot is below its
    floor but by rounding, since the covariance is the floor plus what is positive semidefinite.
    """
    lower = [[0.0] * len(floor) for _ in floor]
    pivots: list[float] = []
    for j, least in enumerate(floor):
        if least <= 0:
            continue
        pivot = max(covariance[j][j] - fsum(x * x for x in lower[j][:j]), least)
        pivots.append(pivot)
        lower[j][j] = sqrt(pivot)
        for i in range(j + 1, len(floor)):
            known = fsum(x * y for x, y in zip(lower[i][:j], lower[j][:j], strict=True))
            lower[i][j] = (covariance[i][j] - known) / lower[j][j]
    return lower, pivots


def _inverse(lower: _Matrix) -> list[float]:
    """Return the inverse of a lower triangle in the order of `pairs`; rows of 0 stay so."""
    wide = len(lower)
    inverse = [[0.0] * wide for _ in lower]
    for i in (i for i in range(wide) if lower[i][i] > 0):
        inverse[i][i] = 1 / lower[i][i]
        for j in range(i + 1, wide):
            known = fsum(lower[j][m] * inverse[m][i] for m in range(i, j))
            inverse[j][i] = -known / lower[j][j] if lower[j][j] > 0 else 0.0
    return [inverse[j][i] for i, j in pairs(wide)]


def _degeneracy(sums: Sequence[int]) -> str | None:
    wide = features_of(len(sums))
    if not sums[0]:
        return "answers for no rows"
    if sums[0] < (wide + 1) * GRID:
        return f"answers for {sums[0] / GRID:.2g} rows, fewer than {wide + 1}"
    constant = [i for i, variance in enumerate(variances(sums)) if not variance > 0]
    return f"does not vary in feature {', '.join(map(str, constant))}" if constant else None
