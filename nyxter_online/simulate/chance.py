"""Chance for one decision at a time, drawn from a numpy generator in blocks."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from nyxter_online.simulate.columns import Floats

T = TypeVar("T")

_BLOCK = 4_096


class Chance:
    """Scalar draws that cost a fraction of numpy's own.

    >>> chance = Chance(np.random.default_rng(7))
    >>> chance.of("abc"), chance.happens(0.0), chance.happens(1.0)
    ('c', False, True)
    """

    def __init__(self, g: np.random.Generator) -> None:
        uniform, normal = g.spawn(2)
        self._uniforms = _one_by_one(uniform.random)
        self._normals = _one_by_one(normal.standard_normal)

    def uniform(self) -> float:
        """Return a number from 0 to 1, 1 excluded."""
        return next(self._uniforms)

    def normal(self) -> float:
        """Return a number of the standard normal distribution."""
        return next(self._normals)

    def happens(self, probability: float) -> bool:
        """Tell whether something of this probability happens."""
        return next(self._uniforms) < probability

    def of(self, things: Sequence[T]) -> T:
        """Return one of the things, each as likely."""
        return things[int(next(self._uniforms) * len(things))]


def _one_by_one(draw: Callable[[int], Floats]) -> Iterator[float]:
    while True:
        yield from draw(_BLOCK).tolist()
