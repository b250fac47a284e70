"""The customers of the base, as columns, and the record of each."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from nyxter_online.simulate.cloudevent import Data, day_text
from nyxter_online.simulate.columns import MONTH, Bools, Floats, Ints, apportioned, scaled
from nyxter_online.simulate.words import (
    BAND_TEXTS,
    CITIES,
    INDICATORS,
    INDUSTRIES,
    PROFILES,
    Profile,
)

UNKNOWN = -1
_LONGEST = 239.0  # months
_SHORTEST = 0.2
_AS_TEXT = 0.7
_UNTYPED = 0.02


@dataclass(frozen=True, slots=True)
class Customers:
    """One row a customer; `UNKNOWN` where nobody knows.

    Attributes
    ----------
    profile
        Position in `PROFILES`.
    tenure
        Days since the first contract, at least 1.
    contracts
        How many contracts they ever signed, at least 1.
    band
        Revenue band, 0 to 11.
    industry, city
        Positions in `INDUSTRIES` and `CITIES`.
    branches, sellers
        The quantities of the two `INDICATORS` of potential.
    spend
        What an order of theirs typically costs, in BRL.
    as_text, untyped
        Whose band is written as text where it can be; whose customer type is missing.

    """

    profile: Ints
    tenure: Ints
    contracts: Ints
    band: Ints
    industry: Ints
    city: Ints
    branches: Ints
    sellers: Ints
    spend: Floats
    as_text: Bools
    untyped: Bools

    def record(self, row: int, today: date) -> Data:
        """Return the data of a customer's record."""
        industry, kind, _ = INDUSTRIES[self.industry[row]]
        state, city = CITIES[self.city[row]]
        data: Data = {} if self.untyped[row] else {"customer_type": kind}
        data |= {"segment": industry, "customer_since": day_text(today, int(self.tenure[row]))}
        return data | {"state": state, "city": city} | self._band(row) | self._attributes(row)

    def _band(self, row: int) -> Data:
        band = int(self.band[row])
        if self.as_text[row] and band in BAND_TEXTS:
            return {"revenue_band": BAND_TEXTS[band]}
        return {} if band == UNKNOWN else {"revenue_band": band}

    def _attributes(self, row: int) -> Data:
        quantities = zip(INDICATORS, (self.branches[row], self.sellers[row]), strict=True)
        known = {name: int(quantity) for name, quantity in quantities if quantity != UNKNOWN}
        return {"attributes": known} if known else {}


def subject(row: int) -> str:
    """Return the id of the customer in a row.

    >>> subject(122)
    'T000123'
    """
    return f"T{row + 1:06d}"


def draw_customers(g: np.random.Generator, count: int) -> Customers:
    """Return `count` customers in the proportions and around the means of the profiles."""
    profile = g.permutation(
        np.repeat(np.arange(4), apportioned(count, [p.customers for p in PROFILES]))
    )
    months, contracts, band = np.empty(count), np.empty(count, np.int64), np.empty(count, np.int64)
    for k, published in enumerate(PROFILES):
        members = profile == k
        months[members] = _months(g, published, int(members.sum()))
        contracts[members] = _contracts(g, published, months[members])
        band[members] = _bands(g, published, contracts[members])
    weights = np.array([weight for *_, weight in INDUSTRIES], dtype=np.float64)
    return Customers(
        profile=profile,
        tenure=np.maximum(1, np.rint(months * MONTH)).astype(np.int64),
        contracts=contracts,
        band=band,
        industry=g.choice(len(INDUSTRIES), count, p=weights / weights.sum()),
        city=g.integers(len(CITIES), size=count),
        branches=_known(g, 1 + np.floor(np.exp(g.normal(0.15 * band, 0.8))), 0.85),
        sellers=_known(g, np.floor(np.exp(g.normal(0.9 + 0.12 * band, 0.7))), 0.75),
        spend=np.exp(g.normal(7.2 + 0.18 * np.maximum(band, 0), 0.5)),
        as_text=g.random(count) < _AS_TEXT,
        untyped=g.random(count) < _UNTYPED,
    )


def _months(g: np.random.Generator, published: Profile, count: int) -> Floats:
    shape = published.tenure_spread**-2
    months = g.gamma(shape, published.tenure / shape, count)
    for _ in range(5):  # each clipping moves the mean a little less
        months = np.clip(scaled(months, published.tenure), _SHORTEST, _LONGEST)
    return months


def _contracts(g: np.random.Generator, published: Profile, months: Floats) -> Ints:
    """Return contracts that grow with the months one has been a customer."""
    rate = g.gamma(published.volume_shape, months / published.tenure)
    return 1 + g.poisson(scaled(rate, published.contracts - 1))


def _bands(g: np.random.Generator, published: Profile, contracts: Ints) -> Ints:
    middle = published.band + 0.6 * np.log(contracts / published.contracts)
    band = np.clip(np.rint(g.normal(middle, 1.8)), 0, 11).astype(np.int64)
    return np.where(g.random(band.size) < published.band_unknown, UNKNOWN, band)


def _known(g: np.random.Generator, quantity: Floats, share: float) -> Ints:
    """Return whole quantities, `UNKNOWN` outside a random `share` of them."""
    return np.where(g.random(quantity.size) < share, quantity, UNKNOWN).astype(np.int64)
