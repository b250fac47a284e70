"""What hysteresis buys, and what it costs: published labels under several settings."""

from typing import Final, NamedTuple

import numpy as np

from nyxter_online.gmm import Ints
from nyxter_online.profiles import Held, Hysteresis, hold

SETTINGS: Final = (
    Hysteresis(0.0, 1, 0.0),
    Hysteresis(0.3, 3, 0.3),
    Hysteresis(0.6, 5, 0.5),
    Hysteresis(0.8, 10, 0.7),
    Hysteresis(0.9, 10, 0.8),
    Hysteresis(0.9, 20, 0.7),
    Hysteresis(0.9, 20, 0.8),
    Hysteresis(0.9, 20, 0.9),
)
_YEAR: Final = 12  # months


class Look(NamedTuple):
    """All customers at one checkpoint: shares (rows of 0: not there yet), and who had an event."""

    shares: Ints
    touched: Ints
    month: float


class Trade(NamedTuple):
    """What one setting led to.

    Attributes
    ----------
    flips
        Mean over checkpoints of the published labels of untouched customers that changed, in %.
    usual
        The median instead.
    reversals
        Changes back to the label before, per customer and year.
    changes
        Changes of any kind, per customer and year.
    behind
        Mean part of customers whose published label is not the likeliest, in %.

    """

    flips: float
    usual: float
    reversals: float
    changes: float
    behind: float


class Published:
    """Labels under one setting, checkpoint by checkpoint."""

    def __init__(self, customers: int, settings: Hysteresis) -> None:
        self._settings = settings
        self._held = Held(*(np.full(customers, -1) for _ in range(3)))
        self._before = np.full(customers, -1)
        self._month: float | None = None
        self._number = 0
        self._flips: list[float] = []
        self._behind: list[float] = []
        self._reversals = self._changes = 0
        self._years = 0.0

    def look(self, look: Look) -> None:
        """Go on to the next checkpoint."""
        there = np.flatnonzero(look.shares.any(axis=1))
        own = np.isin(there, look.touched)
        old = Held(*(column[there] for column in self._held))
        shares = look.shares[there]
        new = hold(*old, shares, self._number, own, self._settings)
        self._count(look.month, there, old.label, new.label, own)
        self._behind.append(100 * float((shares.argmax(axis=1) != new.label).mean()))
        for column, values in zip(self._held, new, strict=True):
            column[there] = values
        self._number += 1

    def _count(self, month: float, there: Ints, old: Ints, new: Ints, own: Ints) -> None:
        labelled = old >= 0
        changed = labelled & (old != new)
        if self._month is not None:
            still = labelled & ~own
            self._flips.append(100 * float((changed & still).sum() / max(1, still.sum())))
            self._years += float((month - self._month) / _YEAR * labelled.sum())
        self._month = month
        self._changes += int(changed.sum())
        self._reversals += int((changed & (self._before[there] == new)).sum())
        self._before[there] = np.where(changed, old, self._before[there])

    @property
    def labels(self) -> Ints:
        """Labels as published last."""
        return self._held.label

    @property
    def trade(self) -> Trade:
        """What it came to."""
        return Trade(
            float(np.mean(self._flips)),
            float(np.median(self._flips)),
            self._reversals / self._years,
            self._changes / self._years,
            float(np.mean(self._behind)),
        )
