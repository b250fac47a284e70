"""Epochs: the numbered states of the mixture, and how one follows from the other.

Between two epochs every partition gives each of its customers responsibilities by the epoch in
use; the exact sums of all partitions lead to the next one. A round is a run of epochs up to the
one at which EM stands still: that one is a checkpoint, at which labels are published.
"""

from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from nyxter_online.figures import Ints
from nyxter_online.gmm import (
    GRID,
    Components,
    Floats,
    Statistics,
    Step,
    Trail,
    hard,
    m_step,
    onward,
    responsibilities,
)
from nyxter_online.profiles import PROFILES, matched_names, relative_start

LEAST: Final = 500  # customers with contracts, below which nobody has a profile
K: Final = len(PROFILES)

_FIRST_STEPS: Final = 200
_STEPS: Final = 60


class Epoch(NamedTuple):
    """One state of the mixture.

    Attributes
    ----------
    number
        Rising from 1 over the life of the system.
    model
        Which model this belongs to: 1 is the one started from the published profiles, each model
        that a person accepts is one more.
    checkpoint
        How many checkpoints there were so far, this one included where it is one; labels are
        published from the first one on.
    step
        Place in the round under way; 0: the epoch ends a round.
    nearest
        Whether customers belong whole to the likeliest component (before the first M-step).
    natural
        Parameters to evaluate by (15, 4), component k being the k-th profile.
    components
        Mixing weights, means and covariances behind them, None where there was no M-step yet.
    customers
        How many customers it was learned from.
    accepted
        Offset on the control topic (partition 0) of the event by which somebody accepted the
        model, -1 for the one started from the published profiles.
    started
        Means (4, 4) at the model's first checkpoint, to tell drift from; None before it.
    trail
        The way of EM within the round, as `gmm.onward` wants it.

    """

    number: int
    model: int
    checkpoint: int
    step: int
    nearest: bool
    natural: Floats
    components: Components | None
    customers: int
    accepted: int = -1
    started: list[list[float]] | None = None
    trail: Trail = ()

    @property
    def names_customers(self) -> bool:
        """Whether customers have a profile by it."""
        return self.checkpoint > 0

    def shares(self, features: Ints) -> Ints:
        """Return the responsibilities (n, 4) of rows of clipped features, in units of 2⁻²⁰."""
        share = hard if self.nearest else responsibilities
        return share(features, self.natural)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON values; floats come back bit for bit."""
        components = self.components
        return self._asdict() | {
            "natural": self.natural.tolist(),
            "trail": [natural.tolist() for natural in self.trail],
            "components": components
            and {
                "weights": components.weights.tolist(),
                "means": components.means.tolist(),
                "covariances": components.covariances.tolist(),
                "degenerate": list(components.degenerate),
            },
        }


def read_epoch(fields: dict[str, Any]) -> Epoch:
    """Return the epoch that `Epoch.to_json` wrote."""
    natural = np.array(fields["natural"], np.float64)
    found = fields["components"]
    components = found and Components(
        np.array(found["weights"], np.float64),
        np.array(found["means"], np.float64),
        np.array(found["covariances"], np.float64),
        natural,
        tuple(found["degenerate"]),
    )
    trail = tuple(np.array(one, np.float64) for one in fields["trail"])
    return Epoch(**(fields | {"natural": natural, "components": components, "trail": trail}))


def before_all(features: Ints) -> Ints:
    """Return the responsibilities before the first epoch: everyone is of the first component."""
    shares = np.zeros((len(features), K), np.int64)
    shares[:, 0] = GRID
    return shares


def first_epoch(statistics: Statistics) -> Epoch:
    """Return the epoch that everything starts with, from the sums of at least `LEAST` customers.

    Customers go to the nearest published profile by tenure and number of contracts, standardised.
    """
    natural = relative_start(statistics)
    return Epoch(
        1, 1, 0, 1, nearest=True, natural=natural, components=None, customers=statistics.size
    )


def accepted_epoch(before: Epoch | None, components: Components, offset: int) -> Epoch:
    """Return the epoch that a model begins with which somebody accepted: a checkpoint at once."""
    number, model, checkpoint = (0, 0, 0) if before is None else before[:3]
    return Epoch(
        number + 1,
        model + 1,
        checkpoint + 1,
        1,
        nearest=False,
        natural=components.natural,
        components=components,
        customers=before.customers if before is not None else 0,
        accepted=offset,
        started=components.means.tolist(),
    )


def following(epoch: Epoch, statistics: Statistics) -> Epoch:
    """Return the epoch after this one, from the sums by this one.

    It ends the round where EM stands still, or after the most steps. At the first checkpoint of
    all the components take the order of the profiles they resemble, once and for all.
    """
    components = m_step(statistics)
    step = _step(epoch, components)
    natural = step.natural
    if step.settled and epoch.checkpoint == 0:
        components = _ordered(components, matched_names(components))
        natural = components.natural
    starts = step.settled and epoch.started is None
    return Epoch(
        epoch.number + 1,
        epoch.model,
        epoch.checkpoint + step.settled,
        0 if step.settled else epoch.step + 1,
        nearest=False,
        natural=natural,
        components=components,
        customers=statistics.size,
        accepted=epoch.accepted,
        started=components.means.tolist() if starts else epoch.started,
        trail=step.trail,
    )


def _step(epoch: Epoch, components: Components) -> Step:
    if epoch.nearest:
        return Step(components.natural, (), settled=False)
    limit = _FIRST_STEPS if epoch.checkpoint == 0 else _STEPS
    last = epoch.step >= limit
    return onward(epoch.natural, epoch.trail, components.natural, last=last)


def _ordered(components: Components, names: tuple[int, ...]) -> Components:
    """Return components such that the k-th is the k-th profile; `names[j]` is what j is now."""
    order = np.argsort(np.array(names))
    return Components(
        components.weights[order],
        components.means[order],
        components.covariances[order],
        components.natural[:, order],
        tuple(components.degenerate[j] for j in order.tolist()),
    )


def learned(mixture: "Learner") -> None:
    """Bring a mixture that is whole by itself from nothing to its first checkpoint.

    Nothing happens below `LEAST` customers.
    """
    if mixture.statistics.size < LEAST:
        return
    epoch = first_epoch(mixture.statistics)
    while True:
        mixture.adopt(epoch)
        if epoch.names_customers:
            return
        epoch = following(epoch, mixture.statistics)


class Learner(Protocol):
    """What `learned` needs of a mixture."""

    statistics: Statistics

    def adopt(self, epoch: Epoch) -> object:
        """Evaluate everyone by an epoch."""
