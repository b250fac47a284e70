"""A Gaussian mixture that learns row by row, exactly: sums are integers, so they merge.

Rows are replaced and taken back at will (Neal and Hinton 1998, incremental EM); statistics of
partitions add up to those of the whole, and the same statistics give the same bits anywhere.
The `river` clusterer is in `nyxter_online.gmm.estimator`: importing river takes a while.
"""

from nyxter_online.gmm.acceleration import Step, Trail, accelerated, distance, onward
from nyxter_online.gmm.components import Components, m_step
from nyxter_online.gmm.grid import GRID, Floats, Ints, terms
from nyxter_online.gmm.responsibilities import hard, log_likelihood, nearest, responsibilities
from nyxter_online.gmm.sums import Statistics

__all__ = [
    "GRID",
    "Components",
    "Floats",
    "Ints",
    "Statistics",
    "Step",
    "Trail",
    "accelerated",
    "distance",
    "hard",
    "log_likelihood",
    "m_step",
    "nearest",
    "onward",
    "responsibilities",
    "terms",
]
