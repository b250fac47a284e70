"""The mixture as an estimator of river."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, Self

import numpy as np
from river import base

from nyxter_online.gmm.columns import Name, Resolution, in_order, steps
from nyxter_online.gmm.components import Components, m_step
from nyxter_online.gmm.grid import GRID, Floats, Ints
from nyxter_online.gmm.learner import Learner, Settings
from nyxter_online.gmm.sums import Statistics

_MOST: Final = 1_024  # so that what rounding leaves over never outweighs the largest share


class IncrementalGaussianMixture(base.Clusterer):  # type: ignore[misc]  # river is untyped here
    """Gaussian mixture learned by incremental EM from rows that may be replaced and taken back.

    A row learned with a key is kept: learned again under that key it is replaced, and it can be
    removed; it is as if what it was had never been there. A row without a key is learned and
    forgotten. After every `period` changes the kept rows are evaluated anew and the components
    follow, by accelerated EM, until they stand still.

    Values are rounded to a grid and sums are whole numbers, so what is learned between two rounds
    does not depend on order or batches, models merge exactly, and a restored model goes on bit
    for bit. A feature that a row does not have is 0 in it.

    Parameters
    ----------
    n_components
        How many Gaussians, 1 to 1024.
    resolution
        The step of the grid that values are rounded to: one for all features, or one for each by
        name. Values beyond 2³¹ − 1 steps are clipped.
    epsilon
        > 0. What part of each feature's variance over all rows is added to its variance within a
        component.
    n_start
        How many rows are gathered before there are components; until then the cluster is 0.
    period
        How many rows are learned or removed between two rounds.
    max_sweeps
        How often a round evaluates the kept rows at most.
    seed
        Draws the rows that components start at, unless `start` is told.

    Examples
    --------
    >>> from nyxter_online.gmm.estimator import IncrementalGaussianMixture
    >>> model = IncrementalGaussianMixture(n_components=2, n_start=4, period=2)
    >>> for key, place in enumerate([0.0, 0.1, 0.2, 5.0, 5.1, 5.2]):
    ...     model.learn_one({"place": place}, key=key)
    >>> model.predict_one({"place": 0.1}) == model.predict_one({"place": 5.1})
    False
    >>> model.learn_one({"place": 5.2}, key=0)
    >>> model.statistics.size
    6

    References
    ----------
    Neal and Hinton (1998). A view of the EM algorithm that justifies incremental, sparse, and
    other variants.

    """

    def __init__(
        self,
        n_components: int = 4,
        resolution: Resolution = 0.001,
        epsilon: float = 0.01,
        n_start: int = 500,
        period: int = 1_000,
        max_sweeps: int = 60,
        seed: int = 1,
    ) -> None:
        if not 1 <= n_components <= _MOST:
            raise ValueError(f"n_components is 1 to {_MOST}, not {n_components}")
        self.n_components = n_components
        self.resolution = resolution
        self.epsilon = epsilon
        self.n_start = n_start
        self.period = period
        self.max_sweeps = max_sweeps
        self.seed = seed
        self._names: tuple[Name, ...] = ()
        self._learner = Learner(self._settings)

    @property
    def _settings(self) -> Settings:
        return Settings(
            self.n_components,
            self.epsilon,
            self.n_start,
            self.period,
            self.max_sweeps,
            self.seed,
        )

    @property
    def names(self) -> tuple[Name, ...]:
        """Names of the features, in the order of `components` and `statistics`."""
        return self._names

    @property
    def statistics(self) -> Statistics:
        """Sums over all rows, in steps; before the start all belong to the first component."""
        return self._learner.statistics

    @property
    def components(self) -> Components:
        """The components that the statistics tell of, in steps, `degenerate` among them."""
        return m_step(self.statistics, self.epsilon)

    @property
    def parameters(self) -> Floats | None:
        """What rows are evaluated by, as `adopt` takes it; None before the start."""
        return self._learner.natural

    def learn_one(self, x: dict[Name, Any], key: Hashable | None = None) -> None:
        """Learn a row; with a key, in place of what was learned under it before."""
        self._meet(x)
        self._learner.learn(self._row(x), None if key is None else [key])

    def learn_many(self, columns: Any, keys: Sequence[Hashable] | None = None) -> None:
        """Learn rows as `learn_one` would one after the other.

        Parameters
        ----------
        columns
            Values by name of the feature: a mapping to arrays of one length, or a DataFrame.
        keys
            One a row. None: rows are learned and forgotten.

        """
        self._meet(columns)
        self._learner.learn(self._rows(columns), keys)

    def remove_one(self, key: Hashable) -> None:
        """Take back what was learned under a key. Raise KeyError where nothing was."""
        self._learner.remove([key])

    def remove_many(self, keys: Iterable[Hashable]) -> None:
        """Take back what was learned under keys. Raise KeyError where nothing was."""
        self._learner.remove(keys)

    def predict_one(self, x: dict[Name, Any]) -> int:
        """Return the number of the likeliest component; 0 before the start."""
        return int(self._learner.shares(self._row(x))[0].argmax())

    def predict_proba_one(self, x: dict[Name, Any]) -> dict[int, float]:
        """Return the probability of each component, to 2⁻²⁰; they sum to 1."""
        shares = self._learner.shares(self._row(x))[0].tolist()
        return {number: share / GRID for number, share in enumerate(shares)}

    def predict_many(self, columns: Any) -> Ints:
        """Return what `predict_one` does of rows as `learn_many` takes them, shape (n,)."""
        labels: Ints = self._learner.shares(self._rows(columns)).argmax(axis=1)
        return labels

    def predict_proba_many(self, columns: Any) -> Floats:
        """Return what `predict_proba_one` does of rows, shape (n, K)."""
        return self._learner.shares(self._rows(columns)) / GRID

    def start(self, means: Sequence[Mapping[Name, float]] | None = None) -> None:
        """Set the components by the rows that are held, without waiting for `n_start`.

        Rows go to the nearest mean, each feature in standard deviations, and are then evaluated
        until the components stand still. By default the means are rows far from one another.
        """
        if means is None:
            self._learner.start()
        else:
            self._meet([name for mean in means for name in mean])
            rows = np.concatenate([self._row(mean) for mean in means])
            self._learner.start(rows.astype(np.float64))

    def adopt(self, parameters: Floats) -> int:
        """Evaluate all kept rows by parameters; return how many labels changed."""
        return self._learner.adopt(parameters)

    def merge(self, other: Self) -> None:
        """Learn all that another model did; sums add up exactly. The other stays as it is.

        Raises
        ------
        ValueError
            Where the models have other settings, evaluate by other parameters, or hold the same
            key: then the sum would tell of nothing.

        """
        twin = self.clone()
        twin.restore(other.snapshot())
        twin._meet(self.names)  # noqa: SLF001 - of the same class
        self._meet(twin.names)
        self._learner.absorb(twin._learner)  # noqa: SLF001 - of the same class

    def snapshot(self) -> dict[str, Any]:
        """Return all there is to go on from, as JSON values where keys and names are."""
        return {
            "settings": [self.resolution, *self._settings],
            "names": list(self.names),
            "learned": self._learner.to_json(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what was when `snapshot` was taken; raise ValueError for other settings."""
        if state["settings"] != [self.resolution, *self._settings]:
            raise ValueError("the snapshot is of a model with other settings")
        self._names = tuple(state["names"])
        self._learner = Learner.from_json(self._settings, state["learned"])

    def _meet(self, names: Iterable[Name]) -> None:
        """Make room for features not met before."""
        if new := set(names).difference(self._names):
            before, self._names = self._names, in_order(new.union(self._names))
            places = np.array([self._names.index(name) for name in before], np.int64)
            self._learner.widen(len(self._names), places)

    def _row(self, x: Mapping[Name, Any]) -> Ints:
        return self._rows({name: [x.get(name, 0.0)] for name in self._names}, 1)

    def _rows(self, columns: Any, rows: int | None = None) -> Ints:
        """Return rows of steps, shape (n, d)."""
        if rows is None:
            rows = next((len(columns[name]) for name in columns), 0)
        found = np.zeros((rows, len(self._names)), np.int64)
        for place, name in enumerate(self._names):
            if name in columns:
                found[:, place] = steps(name, columns[name], self.resolution)
        return found
