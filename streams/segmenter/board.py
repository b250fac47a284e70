"""The board of a worker: the latest snapshot, for all its lanes, and how much sweeping is due."""

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from nyxter_online.epochs import Epoch
from nyxter_online.ranks import Snapshot

_SHARE: Final = 9  # after a sweep of t seconds, 9 t seconds without: a tenth of the time at most


class Snapshots(Protocol):
    """Where a shift finds the snapshot of a number."""

    @property
    def latest(self) -> Snapshot | None:
        """The newest snapshot, or None before the first."""

    @property
    def epoch(self) -> Epoch | None:
        """The newest epoch of the mixture, or None before the first."""

    def get(self, number: int) -> Snapshot | None:
        """Return the snapshot of a number, or None where it is not here."""

    def get_epoch(self, number: int) -> Epoch | None:
        """Return the epoch of a number, or None where it is not here."""

    def may_sweep(self) -> bool:
        """Tell whether a part of a sweep may be done now; if so, `swept` must follow."""

    def swept(self, seconds: float) -> None:
        """Take note that a part of a sweep is done, and how long it took."""


class Board:
    """Holds the latest snapshot and epoch; lanes keep those they use as long as they need them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.latest: Snapshot | None = None
        self.epoch: Epoch | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._sweeping = False
        self._next_sweep = 0.0
        self._posted_at = clock()

    def age(self) -> float:
        """Return the seconds since the newest snapshot was put up; before the first, since ever."""
        return self._clock() - self._posted_at

    def get(self, number: int) -> Snapshot | None:
        """Return the latest snapshot where it has this number."""
        latest = self.latest
        return latest if latest is not None and latest.number == number else None

    def get_epoch(self, number: int) -> Epoch | None:
        """Return the latest epoch where it has this number."""
        epoch = self.epoch
        return epoch if epoch is not None and epoch.number == number else None

    def post_epoch(self, epoch: Epoch) -> None:
        """Put up a newer epoch; an older one changes nothing."""
        with self._lock:
            if self.epoch is None or epoch.number > self.epoch.number:
                self.epoch = epoch

    def post(self, snapshot: Snapshot) -> None:
        """Put up a newer snapshot; an older one changes nothing."""
        with self._lock:
            if self.latest is None or snapshot.number > self.latest.number:
                self.latest, self._posted_at = snapshot, self._clock()

    def may_sweep(self) -> bool:
        """Tell whether a part of a sweep may be done now, by one lane at a time."""
        with self._lock:
            if self._sweeping or self._clock() < self._next_sweep:
                return False
            self._sweeping = True
            return True

    def swept(self, seconds: float) -> None:
        """Take note that a part of a sweep is done, and how long it took."""
        with self._lock:
            self._sweeping = False
            self._next_sweep = max(self._next_sweep, self._clock()) + _SHARE * seconds
