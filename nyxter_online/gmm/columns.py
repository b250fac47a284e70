"""Named features on a grid of whole steps."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from nyxter_online.gmm.grid import FARTHEST, Floats, Ints, pairs

Name = Hashable
Resolution = float | Mapping[Any, float]


def in_order(names: Iterable[Name]) -> tuple[Name, ...]:
    """Return names in one order, however they came."""
    return tuple(sorted(names, key=lambda name: (str(name), type(name).__name__)))


def steps(name: Name, values: Any, resolution: Resolution) -> Ints:
    """Return values of a feature as whole numbers of steps, halves to even.

    Beyond 2³¹ − 1 steps either way they are clipped.

    Raises
    ------
    ValueError
        For what is not a number.

    """
    step = resolution[name] if isinstance(resolution, Mapping) else resolution
    counted: Floats = np.rint(np.asarray(values, np.float64) / step)
    if np.isnan(counted).any():
        raise ValueError(f"feature {name!r} has values that are not numbers")
    return np.clip(counted, -FARTHEST, FARTHEST).astype(np.int64)


def term_places(places: Ints, features: int) -> Ints:
    """Return where `terms` of features come to stand among those of more features.

    `places` are rising: the new place of each old feature among `features`.

    >>> term_places(np.array([1]), 2).tolist()
    [0, 2, 5]
    """
    number = {pair: 1 + features + n for n, pair in enumerate(pairs(features))}
    at = places.tolist()
    crossed = [number[at[i], at[j]] for i, j in pairs(len(at))]
    return np.array([0, *(1 + place for place in at), *crossed])
