"""A base as the published means tell of it: who is of which profile, and every contract event."""

from typing import Final, NamedTuple

import numpy as np

from nyxter_online.gmm import Floats, Ints
from nyxter_online.profiles import PROFILES

NOW: Final = 682  # month of the last events, from January 1970
CUSTOMERS: Final = tuple(profile.customers for profile in PROFILES)
_YEAR: Final = 12
_LONGEST: Final = 239  # months of tenure
_NO_BAND: Final = -1


class Kind(NamedTuple):
    """What is not published of a profile, chosen so that what is published comes out.

    Attributes
    ----------
    tenure_spread
        Standard deviation of tenure, in means.
    evenness
        Shape of the gamma distribution of contracts: low is uneven.
    brands
        How readily a contract is of a new brand (a Chinese restaurant's α).
    band
        Mean of the revenue band.
    no_band
        How many never tell theirs.

    """

    tenure_spread: float
    evenness: float
    brands: float
    band: float
    no_band: float


KINDS: Final = (
    Kind(0.60, 1.6, 0.9, 3.5, 0.20),
    Kind(0.35, 3.0, 4.0, 5.0, 0.10),
    Kind(0.30, 4.0, 6.0, 8.0, 0.03),
    Kind(0.35, 2.5, 1.8, 7.0, 0.05),
)


class Base(NamedTuple):
    """Customers and what happened, in order of time.

    Attributes
    ----------
    truth
        The profile that each customer was drawn from.
    month
        When each event happened, in months from January 1970 (with fractions).
    customer
        Whose it is.
    features
        The customer's features after it, shape (events, 4).

    """

    truth: Ints
    month: Floats
    customer: Ints
    features: Ints


def simulate(seed: int, customers: int = sum(CUSTOMERS)) -> Base:
    """Return a base of about 22 contract events a customer."""
    chance = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(KINDS)), _sizes(customers))
    tenure = np.concatenate([_tenures(chance, k, (truth == k).sum()) for k in range(len(KINDS))])
    contracts = np.concatenate(
        [_contracts(chance, k, tenure[truth == k]) for k in range(len(KINDS))]
    )
    customer = np.repeat(np.arange(customers), contracts)
    place = np.arange(len(customer)) - np.repeat(np.cumsum(contracts) - contracts, contracts)
    month = NOW + _months(chance, truth, tenure, contracts, customer, place)
    features = np.column_stack(
        [
            _brands(chance, truth[customer], customer, place),
            np.floor(NOW - tenure).astype(np.int64)[customer],
            _bands(chance, truth, contracts)[customer],
            place + 1,
        ]
    )
    features[place < _told_late(chance, truth, contracts)[customer], 2] = _NO_BAND
    order = np.argsort(month, kind="stable")
    limits = ((0, 255), (0, 1_023), (_NO_BAND, 11), (0, 4_095))
    clipped = np.column_stack(
        [column.clip(*limit) for column, limit in zip(features.T, limits, strict=True)]
    )
    return Base(truth, month[order], customer[order], clipped[order])


def _sizes(customers: int) -> Ints:
    ends = np.rint(np.cumsum(CUSTOMERS) * customers / sum(CUSTOMERS)).astype(np.int64)
    return np.diff(ends, prepend=0)


def _tenures(chance: np.random.Generator, k: int, size: int) -> Floats:
    mean, spread = PROFILES[k].tenure_months, KINDS[k].tenure_spread
    tenure = chance.gamma(spread**-2, mean * spread**2, size)
    for _ in range(5):  # what is cut off at the end is made up for
        tenure = np.clip(tenure * mean / tenure.mean(), 0, _LONGEST)
    return tenure


def _contracts(chance: np.random.Generator, k: int, tenure: Floats) -> Ints:
    """One and more, the more the longer someone is a customer."""
    rest, shape = PROFILES[k].contracts - 1, KINDS[k].evenness
    pull = np.exp(0.35 * (tenure - tenure.mean()) / tenure.std())
    rate = chance.gamma(shape, rest * pull / pull.mean() / shape)
    return 1 + chance.poisson(rate * rest / rate.mean())


def _months(
    chance: np.random.Generator,
    truth: Ints,
    tenure: Floats,
    contracts: Ints,
    customer: Ints,
    place: Ints,
) -> Floats:
    """Months of events before now (≤ 0), rising within a customer; the first is the start."""
    recent_share = np.array([one.hired / one.contracts for one in PROFILES])[truth]
    recent = np.minimum(chance.poisson(recent_share * contracts), contracts - 1)
    recent[tenure <= _YEAR] = 0
    old = np.where(tenure <= _YEAR, 0, _YEAR)[customer]
    since = tenure[customer]
    drawn = chance.random(len(customer))
    month = -since + drawn * (since - old)
    month = np.where(place >= (contracts - recent)[customer], -_YEAR * drawn, month)
    month[place == 0] = -tenure
    return month[np.lexsort((month, customer))]


def _brands(chance: np.random.Generator, truth: Ints, customer: Ints, place: Ints) -> Ints:
    readiness = np.array([kind.brands for kind in KINDS])[truth]
    new = chance.random(len(place)) < readiness / (readiness + place)
    running = np.cumsum(new | (place == 0))
    first = np.flatnonzero(place == 0)
    return running - running[first][customer] + 1


def _bands(chance: np.random.Generator, truth: Ints, contracts: Ints) -> Ints:
    size = 0.6 * np.log(contracts / np.array([one.contracts for one in PROFILES])[truth])
    middle = np.array([kind.band for kind in KINDS])[truth] + size
    return np.rint(chance.normal(middle, 1.8)).clip(0, 11).astype(np.int64)


def _told_late(chance: np.random.Generator, truth: Ints, contracts: Ints) -> Ints:
    """At which contract a customer's band becomes known: some tell it later, some never."""
    late = np.where(
        chance.random(len(contracts)) < 0.15, chance.random(len(contracts)) * contracts, 0
    )
    never = chance.random(len(contracts)) < np.array([kind.no_band for kind in KINDS])[truth]
    return np.where(never, contracts, np.floor(late)).astype(np.int64)
