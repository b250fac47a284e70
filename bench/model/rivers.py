"""River's clusterers on the same stream, as far as they come in the time they are given."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any, Final, NamedTuple

import numpy as np
from river import cluster
from sklearn.metrics import adjusted_rand_score

from bench.model.simulated import Base
from nyxter_online.epochs import K
from nyxter_online.gmm import Ints

CLUSTERERS: Final[dict[str, Callable[[int], Any]]] = {
    "STREAMKMeans": lambda seed: cluster.STREAMKMeans(
        chunk_size=100, n_clusters=K, halflife=0.5, sigma=1.5, seed=seed
    ),
    "CluStream": lambda seed: cluster.CluStream(
        n_macro_clusters=K, max_micro_clusters=50, time_window=20_000, seed=seed
    ),
    "DBSTREAM": lambda _: cluster.DBSTREAM(
        clustering_threshold=1.2, fading_factor=0.001, intersection_factor=0.1
    ),
    "DenStream": lambda _: cluster.DenStream(
        decaying_factor=0.001, beta=0.5, mu=2.5, epsilon=0.5, n_samples_init=500
    ),
}
ASKED: Final = 1_000  # customers whose label is asked for at the end


class Streamed(NamedTuple):
    """What became of one clusterer.

    Attributes
    ----------
    name
        Its class.
    ari
        Of labels at the end and the truth, over a sample of customers.
    learned
        How many events it learned: every so-manyth of the stream, as long as its time lasted.
    per_second
        Events learned a second.

    """

    name: str
    ari: float
    learned: int
    per_second: float


def streamed(base: Base, events: int, seconds: float, seed: int) -> Iterator[Streamed]:
    """Teach each clusterer evenly spaced events, in order; ask for labels at the end."""
    last: Ints = np.zeros((len(base.truth), base.features.shape[1]), np.int64)
    last[base.customer] = base.features
    mean, unit = last.mean(axis=0), last.std(axis=0)
    chosen = np.linspace(0, len(base.month) - 1, events).astype(np.int64)
    rows = [dict(enumerate(row)) for row in ((base.features[chosen] - mean) / unit).tolist()]
    asked = np.random.default_rng(seed).permutation(len(last))[:ASKED]
    final = [dict(enumerate(row)) for row in ((last[asked] - mean) / unit).tolist()]
    for name, make in CLUSTERERS.items():
        model = make(seed)
        learned, taken = _learn(model, rows, seconds)
        labels = [model.predict_one(row) for row in final]
        ari = adjusted_rand_score(base.truth[asked], labels)
        yield Streamed(name, ari, learned, learned / taken)


def _learn(model: Any, rows: list[dict[int, float]], seconds: float) -> tuple[int, float]:
    began = perf_counter()
    for learned, row in enumerate(rows):
        if perf_counter() - began > seconds:
            return learned, perf_counter() - began
        model.learn_one(row)
    return len(rows), perf_counter() - began
