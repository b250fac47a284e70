"""The mixture over a simulated base, by the pieces that the live system runs it with."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np

from bench.model.simulated import Base
from nyxter_online.epochs import LEAST, Epoch, first_epoch, following, read_epoch
from nyxter_online.gmm import Components, Floats, Ints, Statistics, m_step
from nyxter_online.mixture import Mixture, is_inside

BATCH: Final = 1_000


class Fleet:
    """Partitions and what leads them: every M-step is of all partitions' sums together."""

    def __init__(self, customers: int, partitions: int = 1) -> None:
        self.partitions = [Mixture() for _ in range(partitions)]
        for part, partition in enumerate(self.partitions):
            partition.grow(len(range(part, customers, partitions)))
        self.epoch: Epoch | None = None
        self.epochs: list[Floats] = []

    @property
    def statistics(self) -> Statistics:
        """Sums over all partitions."""
        return Statistics.merged(partition.statistics for partition in self.partitions)

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
            partition.replace(customers[mine] // parts, rows, partition.evaluated(rows))

    def adopt(self, epoch: Epoch) -> None:
        """Go over to an epoch everywhere."""
        self.epoch = epoch
        for partition in self.partitions:
            partition.adopt(epoch)

    def round(self) -> None:
        """Go from epoch to epoch up to the next checkpoint."""
        while True:
            statistics, before = self.statistics, self.epoch
            self.adopt(following(before, statistics) if before else first_epoch(statistics))
            assert self.epoch is not None
            self.epochs.append(self.epoch.natural)
            if self.epoch.step == 0:
                break

    def gathered(self) -> tuple[Ints, Ints]:
        """Return features and shares of all customers, in their order."""
        parts = len(self.partitions)
        size = sum(len(partition.features) for partition in self.partitions)
        _, wide = self.partitions[0].features.shape
        _, many = self.partitions[0].shares.shape
        features, shares = np.zeros((size, wide), np.int64), np.zeros((size, many), np.int64)
        for number, partition in enumerate(self.partitions):
            features[number::parts], shares[number::parts] = partition.features, partition.shares
        return features, shares

    def to_json(self) -> dict[str, Any]:
        """Return what a restart has: rows and epoch; shares and sums follow from them."""
        assert self.epoch is not None
        features, _ = self.gathered()
        seen = np.flatnonzero(is_inside(features))
        return {
            "epoch": self.epoch.to_json(),
            "size": len(features),
            "seen": seen.tolist(),
            "features": features[seen].tolist(),
        }


def restored(fields: dict[str, Any], partitions: int) -> Fleet:
    """Return a fleet from what `Fleet.to_json` wrote."""
    fleet = Fleet(fields["size"], partitions)
    fleet.learn(np.array(fields["seen"]), np.array(fields["features"], np.int64))
    fleet.adopt(read_epoch(fields["epoch"]))
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
    if fleet.epoch is None and fleet.statistics.size < LEAST:
        return False
    fleet.round()
    return True
