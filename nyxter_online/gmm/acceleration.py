"""Fewer steps to where EM is going: extrapolation along its last ones (SQUAREM).

Near its end EM creeps: each step is a nearly constant part of the one before. Varadhan and Roland
(2008), "Simple and globally convergent methods for accelerating the convergence of any EM
algorithm", step over much of it. Mixing weights and the diagonals of triangles move by their
logarithms here, so whatever comes out is a mixture.
"""

from math import fsum, inf, sqrt
from typing import Final, NamedTuple

import numpy as np

from nyxter_online.gmm.grid import Floats, Ints, exp_of, features_of, ln, pairs

SETTLED: Final = 1e-5  # a `distance` from which on no label to speak of changes

_LONGEST: Final = 64.0  # steps at once
_FARTHEST: Final = 8.0  # by what a jump may change anything, as `distance` measures
_STEPS: Final = 3  # of EM, that show the way

Trail = tuple[Floats, ...]


class Step(NamedTuple):
    """Where to go on from.

    Attributes
    ----------
    natural
        Parameters (P, K).
    trail
        To hand in at the next step.
    settled
        Whether EM stands still, or the step is the last: `natural` is the M-step's own then.

    """

    natural: Floats
    trail: Trail
    settled: bool


def onward(current: Floats, trail: Trail, found: Floats, *, last: bool = False) -> Step:
    """Return the step after an M-step: every third is a jump along the way of the last three.

    Parameters
    ----------
    current
        Parameters that rows were evaluated by, shape (P, K).
    trail
        Of the step before, () at first.
    found
        What the M-step found from these rows.
    last
        Whether no step is to follow.

    """
    if last or distance(current, found) < SETTLED:
        return Step(found, (), settled=True)
    trail = (*trail, found)
    if len(trail) < _STEPS:
        return Step(found, trail, settled=False)
    return Step(accelerated(*trail), (), settled=False)


def accelerated(first: Floats, second: Floats, third: Floats) -> Floats:
    """Return parameters (P, K) farther along the way of three that EM made one of the other.

    They are the third where the way is not getting shorter, leads out of all bounds, or a feature
    began or ceased to vary on it. The same bits anywhere. EM goes on from them, and mends what the
    jump missed.
    """
    if not _vary_alike(first, second) or not _vary_alike(second, third):
        return third
    start, middle, end = (_straightened(natural) for natural in (first, second, third))
    step, bend = middle - start, end - middle - (middle - start)
    length, turn = (_norm(change * _units(second)) for change in (step, bend))
    if not 0 < turn < length:
        return third
    far = min(length / turn, _LONGEST)
    moved = start + 2 * far * step + far * far * bend
    if not abs((moved - end) * _units(second)).max() <= _FARTHEST:
        return third
    moved[0] += _whole(end) - _whole(moved)
    return _bent_back(moved, third)


def distance(one: Floats, other: Floats) -> float:
    """Return the greatest difference between two sets of parameters (P, K).

    Of mixing weights and of the diagonals of triangles it is that of logarithms, of means it is in
    deviations. Infinite where a feature varies in one and not in the other.
    """
    if not _vary_alike(one, other):
        return inf
    return float(abs((_straightened(one) - _straightened(other)) * _units(one)).max())


def _diagonal(natural: Floats) -> Ints:
    """Return the rows that the diagonals of triangles are in, shape (d,)."""
    wide = features_of(len(natural))
    return np.array([1 + wide + place for place, (i, j) in enumerate(pairs(wide)) if i == j])


def _vary_alike(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and np.array_equal(
        one[_diagonal(one)] > 0, other[_diagonal(other)] > 0
    )


def _straightened(natural: Floats) -> Floats:
    """Return coordinates of which any values are a mixture: logarithms of weights and diagonals.

    Logarithms of weights are all off by the same; where a feature does not vary there is a 0.
    """
    found, rows = natural.copy(), _diagonal(natural)
    found[rows] = [
        [ln(entry) if entry > 0 else 0.0 for entry in row] for row in natural[rows].tolist()
    ]
    for row in rows:
        found[0] -= found[row]
    return found


def _bent_back(straight: Floats, like: Floats) -> Floats:
    """Return the parameters that `_straightened` makes `straight` of; `like` tells what varies."""
    found, rows = straight.copy(), _diagonal(straight)
    for row in rows:
        found[0] += straight[row]
    exponentials = [[exp_of(entry) for entry in row] for row in straight[rows].tolist()]
    found[rows] = np.where(like[rows] > 0, exponentials, 0.0)
    return found


def _whole(straight: Floats) -> float:
    """Return the logarithm of what the weights sum to."""
    return ln(fsum(map(exp_of, straight[0].tolist())))


def _units(natural: Floats) -> Floats:
    """Return by what differences of `_straightened` are multiplied, so that they compare."""
    wide, found = features_of(len(natural)), np.ones_like(natural)
    diagonal = natural[_diagonal(natural)]
    found[1 : 1 + wide] = diagonal
    for place, (i, j) in enumerate(pairs(wide), 1 + wide):
        if i != j:
            found[place] = np.divide(
                1.0, diagonal[i], out=np.zeros_like(diagonal[i]), where=diagonal[i] > 0
            )
    return found


def _norm(changes: Floats) -> float:
    return sqrt(fsum(change * change for change in changes.ravel().tolist()))
