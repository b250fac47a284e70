"""Whether partitions or a restart leave a trace: they must not, in a single bit."""

import json

import numpy as np

from bench.model.online import Fleet, batches, restored, run
from bench.model.simulated import Base


def leaves_no_trace(base: Base, partitions: int, until: int, restart: bool = False) -> bool:
    """Tell whether another fleet goes through the very epochs and sums that one partition does.

    Parameters
    ----------
    base
        What happens, up to the batch `until`.
    partitions
        Of the other fleet.
    restart
        Whether the other goes through JSON in the middle.

    """
    one = Fleet(len(base.truth))
    other = Fleet(len(base.truth), partitions)
    for number, batch in enumerate(batches(base)):
        if number == until:
            break
        if restart and number == until // 2:
            epochs = other.epochs
            other = restored(json.loads(json.dumps(other.to_json())), partitions)
            other.epochs = epochs
        run(one, batch)
        run(other, batch)
        if one.statistics != other.statistics:
            return False
    same = [a.tobytes() == b.tobytes() for a, b in zip(one.epochs, other.epochs, strict=True)]
    return bool(same) and all(same) and np.array_equal(one.gathered()[1], other.gathered()[1])
