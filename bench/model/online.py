"""The mixture as the system runs it: partitions, numbered epochs, checkpoints."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from bench.model.simulated import Base
from nyxter_online.gmm import (
    GRID,
    Components,
    Floats,
    Ints,
    Statistics,
    Trail,
    hard,
    m_step,
    onward,
    responsibilities,
)
from nyxter_online.profiles import relative_start

K: Final = 4
D: Final = 4
LEAST: Final = 500  # customers before anybody has a profile
BATCH: Final = 1_000
_SWEEPS: Final = 60
_FIRST_SWEEPS: Final = 200


class Partition:
    """Rows of some customers, by place; those who are not there yet have shares of 0."""

    def __init__(self, customers: int) -> None:
        self.features: Ints = np.zeros((customers, D), np.int64)
        self.shares: Ints = np.zeros((customers, K), np.int64)
        self.statistics = Statistics.zero(K, D)

    @property
    def seen(self) -> Ints:
        """Places of who is there."""
        return np.flatnonzero(self.shares.any(axis=1))

    def share(self, places: Ints, rows: Ints, shares: Ints) -> None:
        """Set the shares of all who are there, whose rows are given too."""
        self.shares[places] = shares
        self.statistics = Statistics.zero(K, D).added(rows, shares)

    def replace(self, places: Ints, features: Ints, shares: Ints) -> None:
        """Set rows, and correct the sums."""
        old = self.features[places], self.shares[places]
        self.statistics = self.statistics.replaced(*old, features, shares)
        self.features[places], self.shares[places] = features, shares


class Fleet:
    """Partitions and what leads them: every M-step is of all partitions' sums together."""

    def __init__(self, customers: int, partitions: int = 1) -> None:
        self.partitions = [
            Partition(len(range(part, customers, partitions))) for part in range(partitions)
        ]
        self.natural: Floats | None = None
        self.epochs: list[Floats] = []

    @property
    def statistics(self) -> Statistics:
        """Sums over all partitions."""
        whole = Statistics.zero(K, D)
        for partition in self.partitions:
            whole = whole.plus(partition.statistics)
        return whole

    @property
    def components(self) -> Components:
        """What the sums tell of now."""
        return m_step(self.statistics)

    def learn(self, customers: Ints, features: Ints) -> None:
        """Replace customers' rows, evaluated by the epoch in use."""
        parts = len(self.partitions)
        for number, partition in enumerate(self.partitions):
            mine = customers % parts == number
            rows = features[mine]
            if self.natural is None:
                shares = np.tile(np.array([GRID, 0, 0, 0]), (len(rows), 1))
            else:
                shares = responsibilities(rows, self.natural)
            partition.replace(customers[mine] // parts, rows, shares)

    def start(self) -> None:
        """Assign everyone to the nearest published profile, and sweep."""
        self.natural = relative_start(self.statistics)
        for partition in self.partitions:
            places = partition.seen
            rows = partition.features[places]
            partition.share(places, rows, hard(rows, self.natural))
        self.sweep(_FIRST_SWEEPS)

    def sweep(self, limit: int = _SWEEPS) -> None:
        """Go from epoch to epoch until they stand still."""
        assert self.natural is not None
        places = [partition.seen for partition in self.partitions]
        rows = [part.features[seen] for part, seen in zip(self.partitions, places, strict=True)]
        trail: Trail = ()
        for number in range(1, limit + 1):
            found = m_step(self.statistics).natural
            step = onward(self.natural, trail, found, last=number == limit)
            self.natural, trail, settled = step
            for partition, seen, held in zip(self.partitions, places, rows, strict=True):
                partition.share(seen, held, responsibilities(held, self.natural))
            self.epochs.append(self.natural)
            if settled:
                break

    def gathered(self) -> tuple[Ints, Ints]:
        """Return features and shares of all customers, in their order."""
        parts = len(self.partitions)
        size = sum(len(partition.features) for partition in self.partitions)
        features, shares = np.zeros((size, D), np.int64), np.zeros((size, K), np.int64)
        for number, partition in enumerate(self.partitions):
            features[number::parts], shares[number::parts] = partition.features, partition.shares
        return features, shares

    def to_json(self) -> dict[str, Any]:
        """Return what a restart has: rows and epoch; shares and sums follow from them."""
        assert self.natural is not None
        features, shares = self.gathered()
        seen = np.flatnonzero(shares.any(axis=1))
        return {
            "natural": self.natural.tolist(),
            "size": len(features),
            "seen": seen.tolist(),
            "features": features[seen].tolist(),
        }


def restored(fields: dict[str, Any], partitions: int) -> Fleet:
    """Return a fleet from what `Fleet.to_json` wrote."""
    fleet = Fleet(fields["size"], partitions)
    fleet.natural = np.array(fields["natural"])
    fleet.learn(np.array(fields["seen"]), np.array(fields["features"], np.int64))
    return fleet


class Batch(NamedTuple):
    """Events up to a checkpoint: each customer's last state once, and when the last happened."""

    customers: Ints
    features: Ints
    month: float


def batches(base: Base, size: int = BATCH, growth: int = 0) -> Iterator[Batch]:
    """Yield the base's events, so many at a time; at least 1/growth of those before."""
    first = 0
    while first < len(base.month):
        last = first + max(size, first // growth if growth else 0)
        customers, at = np.unique(base.customer[first:last][::-1], return_index=True)
        rows = base.features[first:last][::-1][at]
        yield Batch(customers, rows, float(base.month[first:last][-1]))
        first = last


def run(fleet: Fleet, batch: Batch) -> bool:
    """Learn a batch and come to the next checkpoint; False where there is none yet."""
    fleet.learn(batch.customers, batch.features)
    if fleet.natural is not None:
        fleet.sweep()
    elif fleet.statistics.size >= LEAST:
        fleet.start()
    return fleet.natural is not None
