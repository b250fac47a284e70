"""RFM segments: quartiles of recency and value and the number of orders, over all buyers."""

import numpy as np

from nyxter_online.figures import LAST, ORDERS, VALUE, Ints
from nyxter_online.ranks import Snapshot
from schemas.rules import Rules

NO_SEGMENT = -1
_MOST = 4


def rfm(figures: Ints, snapshot: Snapshot, rules: Rules) -> tuple[Ints, Ints]:
    """Return r, f, v (shape (n, 3), 1–4; 0 for who bought nothing) and the segment's index.

    The index is that of `rules.rfm.segments`, or `NO_SEGMENT`.
    """
    marks = np.zeros((len(figures), 3), np.int64)
    bought = figures[:, ORDERS] > 0
    buyers = figures[bought]
    marks[bought, 0] = snapshot.recency_quartiles.of(buyers[:, LAST])
    marks[bought, 1] = np.minimum(_MOST, buyers[:, ORDERS])
    marks[bought, 2] = snapshot.value_quartiles.of(buyers[:, VALUE])
    starts = np.array([segment.from_ for segment in rules.rfm.segments], np.int64)
    segment = np.searchsorted(starts, marks.sum(axis=1), side="right") - 1
    return marks, np.where(bought, segment, NO_SEGMENT)
