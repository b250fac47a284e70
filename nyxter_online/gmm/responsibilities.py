"""How much of a row each component answers for.

Parameters of components come as one array `natural` of shape (P, K), P = 1 + d + d(d + 1)/2: of
each component the constant c, the mean μ (d numbers) and the triangle A (in the order of `pairs`,
(i, j) standing for row j and column i). A row u scores c − ½·|A(u − μ)|². It says the same as the
coefficients of 1, u and uuᵀ would, but nothing large cancels: a mean of 10⁶ with a deviation of 1
costs no precision.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from nyxter_online.gmm.components import Components
from nyxter_online.gmm.grid import GRID, Floats, Ints, Mask, exp, features_of, pairs

_PART: Final = 1_024  # rows at a time: what is worked on stays in the processor's cache


def responsibilities(features: Ints, natural: Floats) -> Ints:
    """Return the share of each component in each row, in units of 2⁻²⁰.

    Parameters
    ----------
    features
        Rows of d whole numbers, shape (n, d).
    natural
        Parameters of the components, shape (P, K).

    Returns
    -------
    Shares, shape (n, K), each 0 … 2²⁰. A row sums to 2²⁰; what rounding leaves over goes to the
    largest (of equals: the first). A row's shares depend on that row and `natural` alone, bit for
    bit, however many rows come along.

    """
    shares = np.empty((len(features), natural.shape[1]), np.int64)
    for part, scored in _scored(features, natural):
        shares[part] = _on_grid(scored).T
    return shares


def hard(features: Ints, natural: Floats) -> Ints:
    """Return 2²⁰ for the likeliest component of each row (of equals: the first), 0 for others."""
    shares = np.zeros((len(features), natural.shape[1]), np.int64)
    for part, scored in _scored(features, natural):
        np.put_along_axis(shares[part], scored.argmax(axis=0)[:, None], GRID, axis=1)
    return shares


def log_likelihood(features: Ints, components: Components) -> Floats:
    """Return the logarithm of each row's density under the mixture, shape (n,), in nats.

    Unlike responsibilities the last bit may differ from machine to machine.
    """
    found = np.empty(len(features))
    for part, scored in _scored(features, components.natural):
        found[part] = np.logaddexp.reduce(scored, axis=0)
    return found


def nearest(means: Floats, scale: Floats, used: Mask | None = None) -> Floats:
    """Return parameters (P, K) by which the likeliest component is the one with the nearest mean.

    Parameters
    ----------
    means
        Shape (K, d).
    scale
        What counts as one unit of distance in each feature, shape (d,), ≥ 0; a feature with the
        scale 0 is left out.
    used
        Which features count, shape (d,); by default all.

    """
    counted = scale > 0 if used is None else used & (scale > 0)
    steps = [1 / unit if counts else 0.0 for unit, counts in zip(scale, counted, strict=True)]
    triangle = [steps[i] if i == j else 0.0 for i, j in pairs(len(scale))]
    rows = [np.zeros(len(means)), *means.T, *(np.full(len(means), step) for step in triangle)]
    return np.array(rows)


def _scored(features: Ints, natural: Floats) -> Iterator[tuple[slice, Floats]]:
    for first in range(0, len(features), _PART):
        part = slice(first, first + _PART)
        yield part, _scores(features[part], natural)


def _scores(features: Ints, natural: Floats) -> Floats:
    """Return c − ½·|A(u − μ)|², shape (K, n), by sums in one order."""
    wide = features_of(len(natural))
    away = [
        column.astype(np.float64) - mean[:, None]
        for column, mean in zip(features.T, natural[1:], strict=False)
    ]
    triangle = dict(zip(pairs(wide), natural[1 + wide :], strict=True))
    far: Floats = np.zeros_like(away[0])
    addend = np.empty_like(far)
    for j in range(wide):
        along = triangle[0, j][:, None] * away[0]
        for i in range(1, j + 1):
            along += np.multiply(triangle[i, j][:, None], away[i], out=addend)
        far += np.multiply(along, along, out=along)
    far *= -0.5
    far += natural[0][:, None]
    return far


def _on_grid(scores: Floats) -> Ints:
    largest = scores.argmax(axis=0)[None]
    shares = exp(scores - np.take_along_axis(scores, largest, axis=0))
    total = shares[0].copy()
    for share in shares[1:]:
        total += share
    shares *= GRID / total
    rounded = np.rint(shares, out=shares).astype(np.int64)
    left_over = GRID - rounded.sum(axis=0)
    rounded[largest[0], np.arange(len(left_over))] += left_over
    return rounded
