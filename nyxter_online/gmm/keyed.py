"""Rows that can be replaced and taken back, by key."""

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from nyxter_online.gmm.grid import Ints


class Held(NamedTuple):
    """Rows of features, shape (n, d), and the shares of components in them, shape (n, K)."""

    features: Ints
    shares: Ints


class KeyedRows:
    """Features and shares by key; rows nobody holds are 0, and count for nothing.

    Examples
    --------
    >>> rows = KeyedRows(features=1, components=2)
    >>> rows.put(["a"], Held(np.array([[7]]), np.array([[1, 0]]))).features.tolist()
    [[0]]
    >>> rows.put(["a"], Held(np.array([[8]]), np.array([[0, 1]]))).features.tolist()
    [[7]]
    >>> rows.take(["a"]).features.tolist(), len(rows)
    ([[8]], 0)

    """

    def __init__(self, features: int, components: int) -> None:
        self._slots: dict[Hashable, int] = {}
        self._features: Ints = np.zeros((0, features), np.int64)
        self._shares: Ints = np.zeros((0, components), np.int64)

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, key: object) -> bool:
        return key in self._slots

    @property
    def keys(self) -> list[Hashable]:
        """Keys in the order of the rows."""
        return sorted(self._slots, key=self._slots.__getitem__)

    @property
    def held(self) -> Held:
        """All rows."""
        return Held(self._features[: len(self)], self._shares[: len(self)])

    def put(self, keys: Sequence[Hashable], rows: Held) -> Held:
        """Set the rows of distinct keys; return what they were."""
        for key in keys:
            if key not in self._slots:
                self._slots[key] = len(self._slots)
        self._grow(len(self._slots))
        slots = np.array([*map(self._slots.__getitem__, keys)], np.int64)
        old = Held(self._features[slots], self._shares[slots])
        self._features[slots], self._shares[slots] = rows
        return old

    def share(self, shares: Ints) -> None:
        """Set the shares of all rows."""
        self._shares[: len(self)] = shares

    def take(self, keys: Iterable[Hashable]) -> Held:
        """Take keys out; return what they were. Raise KeyError where one is not there."""
        listed = list(dict.fromkeys(keys))
        slots = [self._slots[key] for key in listed]
        old = Held(self._features[slots], self._shares[slots])
        for key in listed:
            del self._slots[key]
        kept = np.fromiter(self._slots.values(), np.int64, len(self._slots))
        self._slots = dict(zip(self._slots, range(len(kept)), strict=True))
        self._features, self._shares = self._features[kept], self._shares[kept]
        return old

    def widen(self, features: int, places: Ints) -> None:
        """Make room for more features, 0 in all rows; old ones go to `places`."""
        wider = np.zeros((len(self._features), features), np.int64)
        wider[:, places] = self._features
        self._features = wider

    def _grow(self, least: int) -> None:
        missing = least - len(self._features)
        if missing > 0:
            room = max(missing, len(self._features))
            self._features = np.pad(self._features, ((0, room), (0, 0)))
            self._shares = np.pad(self._shares, ((0, room), (0, 0)))
