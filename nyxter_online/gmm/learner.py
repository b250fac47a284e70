"""A mixture together with the rows it keeps: learn, replace, take back, evaluate anew, merge."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self

import numpy as np

from nyxter_online.gmm.acceleration import Trail, onward
from nyxter_online.gmm.columns import term_places
from nyxter_online.gmm.components import m_step
from nyxter_online.gmm.grid import GRID, Floats, Ints
from nyxter_online.gmm.keyed import Held, KeyedRows
from nyxter_online.gmm.responsibilities import hard, nearest, responsibilities
from nyxter_online.gmm.seeding import seeds
from nyxter_online.gmm.sums import Statistics

_FIRST_SWEEPS: Final = 200


class Settings(NamedTuple):
    """What `IncrementalGaussianMixture` says of its parameters of the same names."""

    n_components: int
    epsilon: float
    n_start: int
    period: int
    max_sweeps: int
    seed: int


class Learner:
    """Statistics of rows of whole numbers, and the rows that are kept, by key.

    Attributes
    ----------
    statistics
        Sums over all rows; before the start all belong to the first component.
    natural
        Parameters that rows are evaluated by, None before the start.

    """

    def __init__(self, settings: Settings, features: int = 0) -> None:
        self.settings = settings
        self.statistics = Statistics.zero(settings.n_components, features)
        self.natural: Floats | None = None
        self._kept = KeyedRows(features, settings.n_components)
        self._gathered = KeyedRows(features, settings.n_components)  # without keys, until the start
        self._changes = 0

    def learn(self, features: Ints, keys: Sequence[Hashable] | None) -> None:
        """Learn rows one after the other, each in place of what was under its key."""
        first = 0
        while first < len(features):
            part = slice(first, first + self._until_next())
            if keys is None:
                self._pass(features[part])
            else:
                self._keep(features[part], keys[part])
            first = part.stop

    def remove(self, keys: Iterable[Hashable]) -> None:
        """Take back what was learned under keys. Raise KeyError where nothing was."""
        old = self._kept.take(keys)
        self.statistics = self.statistics.added(*old, -1)
        self._count(len(old.features))

    def shares(self, features: Ints) -> Ints:
        """Return responsibilities of rows; before the start all are of the first component."""
        if self.natural is not None:
            return responsibilities(features, self.natural)
        shares = np.zeros((len(features), self.settings.n_components), np.int64)
        shares[:, 0] = GRID
        return shares

    def start(self, means: Floats | None = None) -> None:
        """Set the components by the rows held, from means (K, d), or from rows far apart.

        Raises
        ------
        ValueError
            Where there are no means and no rows to take them from.

        """
        scale = self.statistics.deviations()
        if means is None:
            rows = np.concatenate([store.held.features for store in self._stores])
            if not len(rows):
                raise ValueError("nothing is held to start from")
            means = seeds(rows, scale, self.settings.n_components, self.settings.seed)
        natural = nearest(means, scale)
        for store in self._stores:
            self._share(store, hard(store.held.features, natural))
        self._round(natural, _FIRST_SWEEPS)
        self._gathered = KeyedRows(self.statistics.features, self.settings.n_components)

    def adopt(self, natural: Floats) -> int:
        """Go over to parameters and evaluate all rows held; return how many labels changed."""
        self.natural = natural
        return sum(
            self._share(store, responsibilities(store.held.features, natural))
            for store in self._stores
        )

    def widen(self, features: int, places: Ints) -> None:
        """Make room for more features, 0 in all rows so far; old ones go to `places`, rising."""
        self.statistics = self.statistics.widened(features, places)
        for store in self._stores:
            store.widen(features, places)
        if self.natural is not None:
            width = len(self.statistics.sums[0])
            wider = np.zeros((width, self.settings.n_components))
            wider[term_places(places, features)] = self.natural
            self.natural = wider

    def absorb(self, other: Self) -> None:
        """Add what another learned, with the same features; see the estimator's `merge`."""
        if not _same(self.natural, other.natural):
            raise ValueError("models that evaluate by different parameters do not merge")
        if twice := [key for key in other._kept.keys if key in self._kept]:
            raise ValueError(f"both models hold the key {twice[0]!r}")
        self._kept.put(other._kept.keys, other._kept.held)
        self._gather(other._gathered.held)
        self.statistics = self.statistics.plus(other.statistics)
        self._changes += other._changes

    def to_json(self) -> dict[str, Any]:
        """Return all there is to go on from, as JSON values where keys are."""
        return {
            "statistics": self.statistics.to_json(),
            "natural": None if self.natural is None else self.natural.tolist(),
            "changes": self._changes,
            "keys": self._kept.keys,
            "kept": [column.tolist() for column in self._kept.held],
            "gathered": [column.tolist() for column in self._gathered.held],
        }

    @classmethod
    def from_json(cls, settings: Settings, fields: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        statistics, natural = Statistics.from_json(fields["statistics"]), fields["natural"]
        found = cls(settings, statistics.features)
        found.statistics = statistics
        found.natural = None if natural is None else np.array(natural, np.float64)
        found._changes = fields["changes"]
        found._kept.put(fields["keys"], found._held(fields["kept"]))
        found._gather(found._held(fields["gathered"]))
        return found

    @property
    def _stores(self) -> tuple[KeyedRows, KeyedRows]:
        return self._kept, self._gathered

    def _held(self, columns: Sequence[Any]) -> Held:
        widths = self.statistics.features, self.settings.n_components
        return Held(
            *(
                np.array(column, np.int64).reshape(len(column), width)
                for column, width in zip(columns, widths, strict=True)
            )
        )

    def _until_next(self) -> int:
        """How many rows to learn before there is something else to do."""
        if self.natural is None:
            return max(1, self.settings.n_start - sum(map(len, self._stores)))
        return max(1, self.settings.period - self._changes)

    def _pass(self, features: Ints) -> None:
        rows = Held(features, self.shares(features))
        if self.natural is None:
            self._gather(rows)
        self.statistics = self.statistics.added(*rows)
        self._count(len(features))

    def _gather(self, rows: Held) -> None:
        first = len(self._gathered)
        self._gathered.put(range(first, first + len(rows.features)), rows)

    def _keep(self, features: Ints, keys: Sequence[Hashable]) -> None:
        last = dict(zip(keys, range(len(keys)), strict=True))
        if len(last) < len(keys):  # of a key that comes twice the last counts
            features = features[list(last.values())]
        rows = Held(features, self.shares(features))
        old = self._kept.put(list(last), rows)
        self.statistics = self.statistics.replaced(*old, *rows)
        self._count(len(keys))

    def _count(self, changes: int) -> None:
        self._changes += changes
        if self.natural is not None:
            if self._changes >= self.settings.period:
                self._round(self.natural, self.settings.max_sweeps)
        elif sum(map(len, self._stores)) >= self.settings.n_start:
            self.start()

    def _round(self, natural: Floats, sweeps: int) -> None:
        """Sweep from parameters that all rows held were evaluated by."""
        self._changes = 0
        trail: Trail = ()
        for sweep in range(1, sweeps + 1):
            found = m_step(self.statistics, self.settings.epsilon).natural
            natural, trail, settled = onward(natural, trail, found, last=sweep == sweeps)
            self.adopt(natural)
            if settled:
                break

    def _share(self, store: KeyedRows, shares: Ints) -> int:
        features, old = store.held
        moved = int((old.argmax(axis=1) != shares.argmax(axis=1)).sum())
        self.statistics = self.statistics.replaced(features, old, features, shares)
        store.share(shares)
        return moved


def _same(one: Floats | None, other: Floats | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
