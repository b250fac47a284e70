"""The four consumption profiles: where they start, what a component is called, when labels change.

Means are the published ones (facts of the base); a label is the number of a profile, -1 for none.
"""

from collections.abc import Sequence
from itertools import permutations
from math import fsum, sqrt
from typing import Final, NamedTuple

import numpy as np

from nyxter_online.features import CONTRACTS, START, WIDTH
from nyxter_online.figures import Ints, Mask
from nyxter_online.gmm import GRID, Components, Floats, Statistics, nearest


class Profile(NamedTuple):
    """A published profile: its name, and the means of its customers.

    Attributes
    ----------
    customers
        How many there are.
    tenure_months
        Months as a customer.
    contracts, active, hired
        Contracts of any status, those in force, and those of the last 12 months.

    """

    name: str
    customers: int
    tenure_months: int
    contracts: int
    active: int
    hired: int


PROFILES: Final = (
    Profile("Novos Clientes", 4_724, 22, 9, 6, 1),
    Profile("Clientes em Expansão", 919, 66, 22, 12, 2),
    Profile("Clientes Leais", 1_045, 100, 42, 20, 7),
    Profile("Clientes Estratégicos", 3_927, 109, 33, 18, 4),
)

_TOLD: Final = [START, CONTRACTS]  # the features that means are published of


def relative_start(statistics: Statistics) -> Floats:
    """Return parameters by which the likeliest component is the nearest published profile.

    Customers and profiles are compared by tenure and contracts, each in standard deviations from
    its own mean: of the customers that there are, and of the base that the profiles are of. So a
    base that is still young starts with four components too.

    Parameters
    ----------
    statistics
        Sums over all customers (one at least), whatever their shares.

    Returns
    -------
    Shape (15, 4), component k being the k-th profile; for `gmm.hard`.

    """
    scale, total = statistics.deviations(), statistics.total
    average = np.array([total[1 + column] / total[0] for column in _TOLD])
    means, compared = np.zeros((len(PROFILES), WIDTH)), np.zeros(WIDTH, np.bool_)
    means[:, _TOLD] = average + _standing() * scale[_TOLD]
    compared[_TOLD] = True
    return nearest(means, scale, compared)


def matched_names(components: Components) -> tuple[int, ...]:
    """Return the number of the published profile that each of four components resembles most.

    Every profile is given once, such that the squared distances sum to the least (of equals the
    first in order). Distance is that of `relative_start`.
    """
    means, weights = components.means[:, _TOLD], components.weights
    centre = weights @ means
    within = components.covariances[:, _TOLD, _TOLD]
    unit = np.sqrt(weights @ (within + (means - centre) ** 2))
    found = (means - centre) / np.where(unit > 0, unit, 1.0)
    far = ((found[:, None] - _standing()) ** 2).sum(axis=2)
    everyone = range(len(PROFILES))
    return min(
        permutations(everyone),
        key=lambda names: fsum(far[k, names[k]] for k in everyone),
    )


def _standing() -> Floats:
    """Return start and contracts of each profile in deviations from the base's mean, (4, 2)."""
    starts = [-profile.tenure_months for profile in PROFILES]
    return np.array([_standard(starts), _standard([profile.contracts for profile in PROFILES])]).T


def _standard(means: Sequence[int]) -> list[float]:
    """Return means in deviations from that of all customers of the profiles; exactly repeatable."""
    sizes = [profile.customers for profile in PROFILES]
    centre = sum(size * mean for size, mean in zip(sizes, means, strict=True)) / sum(sizes)
    away = [mean - centre for mean in means]
    squares = fsum(size * one * one for size, one in zip(sizes, away, strict=True))
    return [one / sqrt(squares / sum(sizes)) for one in away]


class Hysteresis(NamedTuple):
    """When a label that is published gives way to another.

    Attributes
    ----------
    lead
        By how much (a probability) another label must be likelier …
    checkpoints
        … at this many checkpoints in a row.
    own_lead
        By how much it must be likelier to be published at once after an event of the customer's
        own.

    """

    lead: float = 0.9
    checkpoints: int = 20
    own_lead: float = 0.9


class Held(NamedTuple):
    """Labels and what may come after them, a column each, shape (n,).

    Attributes
    ----------
    label
        The published one; -1 before the first.
    pending
        The one that leads it; -1 where none does by enough.
    since
        The checkpoint at which `pending` first led; -1 where none does.

    """

    label: Ints
    pending: Ints
    since: Ints


def hold(
    label: Ints,
    pending: Ints,
    since: Ints,
    probabilities: Ints,
    checkpoint: int,
    own: Mask,
    settings: Hysteresis,
) -> Held:
    """Return labels after a look at probabilities.

    Parameters
    ----------
    label, pending, since
        As `Held` has them.
    probabilities
        Shape (n, K), on the grid of 2⁻²⁰.
    checkpoint
        The number of the last checkpoint; looks between two checkpoints bear the same number.
    own
        Who is looked at because of an event of their own.
    settings
        When a label changes.

    """
    rows = np.arange(len(label))
    best = probabilities.argmax(axis=1)
    lead = probabilities[rows, best] - probabilities[rows, np.maximum(label, 0)]
    leads = (label != best) & (lead >= round(settings.lead * GRID))
    since = np.where(leads, np.where(pending == best, since, checkpoint), -1)
    pending = np.where(leads, best, -1)
    held = leads & (checkpoint - since >= settings.checkpoints - 1)
    at_once = own & (label != best) & (lead >= round(settings.own_lead * GRID))
    changes = held | at_once | (label < 0)
    return Held(
        np.where(changes, best, label),
        np.where(changes, -1, pending),
        np.where(changes, -1, since),
    )
