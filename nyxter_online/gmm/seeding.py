"""Where a mixture starts when nobody says where."""

from random import Random

import numpy as np

from nyxter_online.gmm.grid import Floats, Ints


def seeds(features: Ints, scale: Floats, components: int, seed: int) -> Floats:
    """Return starting means (K, d): rows drawn far from one another (k-means++).

    Parameters
    ----------
    features
        At least one row, shape (n, d). Their order does not matter.
    scale
        What counts as one unit of distance in each feature, shape (d,); 0: it does not count.
    components
        K; with fewer distinct rows some come twice.
    seed
        Of the draw.

    """
    rows, counts = np.unique(features, axis=0, return_counts=True)
    unit = np.where(scale > 0, scale, np.inf)
    draw = Random(seed)  # noqa: S311 - not a secret
    drawn = [_drawn(counts.astype(np.float64), draw.random())]
    for _ in range(components - 1):
        far = [np.square((rows - rows[one]) / unit).sum(axis=1) for one in drawn]
        drawn.append(_drawn(counts * np.min(far, axis=0), draw.random()))
    return rows[drawn].astype(np.float64)


def _drawn(weights: Floats, chance: float) -> int:
    sums = np.cumsum(weights)
    return min(int(np.searchsorted(sums, chance * sums[-1], side="right")), len(sums) - 1)
