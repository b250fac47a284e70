"""How many customers' contributions are replaced a second."""

from time import perf_counter

import numpy as np

from bench.model.online import Fleet
from nyxter_online.mixture import is_inside


def updates_per_second(fleet: Fleet, batch: int, seconds: float) -> float:
    """Replace batches of random customers: new features, their shares, and the sums corrected.

    The best of five stretches: others use the machine too.
    """
    (partition,) = fleet.partitions
    seen, chance = np.flatnonzero(is_inside(partition.features)), np.random.default_rng(1)
    places = [chance.permutation(seen)[:batch] for _ in range(50)]
    best = 0.0
    for _ in range(5):
        began, replaced = perf_counter(), 0
        while perf_counter() - began < seconds / 5:
            for some in places:
                rows = partition.features[some]
                rows[:, 3] += 1
                partition.replace(some, rows, partition.evaluated(rows))
                replaced += len(some)
        best = max(best, replaced / (perf_counter() - began))
    return best
