"""One simulated base from its first event to its last."""

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from bench.model.holding import SETTINGS, Look, Published, Trade
from bench.model.online import BATCH, Batch, Fleet, batches, run
from bench.model.peers import Agreement, Fit, agreement, fits
from bench.model.rivers import Streamed, streamed
from bench.model.simulated import Base, simulate
from nyxter_online.gmm import Ints
from nyxter_online.profiles import Hysteresis, matched_names


class Plan(NamedTuple):
    """How much of everything.

    Attributes
    ----------
    seed, customers
        Of the simulation.
    batch, growth
        Events between two checkpoints; with `growth` at least 1/growth of all before.
    compared
        At how many checkpoints scikit-learn is run to convergence.
    peers
        Whether other ways of clustering are measured.
    river_events, river_seconds
        What each of river's clusterers gets at most.

    """

    seed: int
    customers: int
    batch: int = BATCH
    growth: int = 0
    compared: int = 10
    peers: bool = True
    river_events: int = 23_600
    river_seconds: float = 10.0


class Course(NamedTuple):
    """What was found.

    Attributes
    ----------
    ari
        Of the likeliest components at the end, and the truth.
    published_ari
        Of the labels published by the default setting.
    agreements
        With scikit-learn, at checkpoints.
    sweeps
        Epochs a round, on average.
    swapped
        Checkpoints at which other names would have kept more customers at theirs.
    renamed
        Checkpoints at which matching names anew would have given others than the checkpoint before.
    trades
        What every setting of hysteresis led to.
    fits, streams
        What others found.
    means
        Of the components at the end, shape (4, 4).
    largest
        The largest sum, in bits.
    degenerate
        Why components were degenerate at checkpoints, and how often.

    """

    plan: Plan
    events: int
    checkpoints: int
    ari: float
    published_ari: float
    agreements: tuple[Agreement, ...]
    sweeps: float
    swapped: int
    renamed: int
    trades: dict[Hysteresis, Trade]
    fits: tuple[Fit, ...]
    streams: tuple[Streamed, ...]
    means: Ints
    largest: int
    degenerate: dict[str, int]


def follow(plan: Plan) -> Course:
    """Simulate a base and run the mixture over it, on one core."""
    with threadpool_limits(1):
        base = simulate(plan.seed, plan.customers)
        return _Follower(plan, base).course()


class _Follower:
    def __init__(self, plan: Plan, base: Base) -> None:
        self._plan, self._base = plan, base
        self._fleet = Fleet(len(base.truth))
        self._published = {each: Published(len(base.truth), each) for each in _settings()}
        self._agreements: list[Agreement] = []
        self._degenerate: dict[str, int] = {}
        self._labels: Ints | None = None
        self._names: tuple[int, ...] | None = None
        self._checkpoints = self._swapped = self._renamed = 0

    def course(self) -> Course:
        listed = list(batches(self._base, self._plan.batch, self._plan.growth))
        every = max(1, len(listed) // self._plan.compared)
        for number, batch in enumerate(listed, 1):
            if run(self._fleet, batch):
                self._checkpoint(batch)
                if number % every == 0 or number == len(listed):
                    self._agreements.append(agreement(*self._now(), self._fleet.components))
        return self._told()

    def _now(self) -> tuple[Ints, Ints]:
        """Features and labels of who is there."""
        features, shares = self._fleet.gathered()
        there = np.flatnonzero(shares.any(axis=1))
        return features[there], shares[there].argmax(axis=1)

    def _checkpoint(self, batch: Batch) -> None:
        self._checkpoints += 1
        _, shares = self._fleet.gathered()
        for published in self._published.values():
            published.look(Look(shares, batch.customers, batch.month))
        components = self._fleet.components
        for why in filter(None, components.degenerate):
            self._degenerate[why] = self._degenerate.get(why, 0) + 1
        names = matched_names(components)
        self._renamed += self._names not in {None, names}
        self._swapped += self._labels is not None and _is_swapped(self._labels, shares)
        self._names = names
        self._labels = np.where(shares.any(axis=1), shares.argmax(axis=1), -1)

    def _told(self) -> Course:
        base, components = self._base, self._fleet.components
        rows, labels = self._now()
        return Course(
            plan=self._plan,
            events=len(base.month),
            checkpoints=self._checkpoints,
            ari=adjusted_rand_score(base.truth, labels),
            published_ari=adjusted_rand_score(base.truth, self._published[Hysteresis()].labels),
            agreements=tuple(self._agreements),
            sweeps=len(self._fleet.epochs) / self._checkpoints,
            swapped=self._swapped,
            renamed=self._renamed,
            trades={each: published.trade for each, published in self._published.items()},
            fits=tuple(
                fits(rows, base.truth, components, self._plan.seed) if self._plan.peers else ()
            ),
            streams=tuple(self._streamed() if self._plan.peers else ()),
            means=components.means,
            largest=max(max(row) for row in self._fleet.statistics.sums).bit_length(),
            degenerate=self._degenerate,
        )

    def _streamed(self) -> Iterator[Streamed]:
        plan = self._plan
        return streamed(self._base, plan.river_events, plan.river_seconds, plan.seed)


def _settings() -> Sequence[Hysteresis]:
    return list(dict.fromkeys([*SETTINGS, Hysteresis()]))


def _is_swapped(before: Ints, shares: Ints) -> bool:
    """Tell whether other names would keep more customers at the name they had before."""
    after, width = shares.argmax(axis=1), shares.shape[1]
    both = before >= 0
    overlap = np.bincount(before[both] * width + after[both], minlength=width**2)
    table, own = overlap.reshape(width, width), np.arange(width)
    kept = [int(table[own, list(names)].sum()) for names in permutations(range(width))]
    return max(kept) > kept[0]  # the first is every component's own
