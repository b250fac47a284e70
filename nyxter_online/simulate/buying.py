"""Who buys, when and for how much: draws the orders of the last two years."""

from typing import Final

import numpy as np

from nyxter_online.simulate.columns import DAY, YEAR, Floats, Ints, apportioned, office_seconds
from nyxter_online.simulate.customers import Customers
from nyxter_online.simulate.orders import (
    AMENDED,
    CANCELLED,
    DONATED,
    INVOICED,
    NO_MARGIN,
    PLAIN,
    Orders,
)
from nyxter_online.simulate.words import (
    BUYERS,
    CUSTOMERS,
    ORDERS_OF_BUYERS,
)

OUT_OF_STATE: Final = 0.3  # of the sales
VALUE_SPREAD: Final = 0.6  # of the logarithm, around what the customer typically spends
MARGIN: Final = 0.30  # of the value
MARGIN_SPREAD: Final = 0.08
MARGIN_KNOWN: Final = 0.9

# The kinds of order that are drawn, and how many of the last three come with each sale.
_THIS_YEAR, _LAST_YEAR, _GIVEN, _WITHDRAWN, _AHEAD = range(5)
_PER_SALE = (0.04, 0.05, 0.005)
_MOST = len(ORDERS_OF_BUYERS)  # orders that the published counts tell apart
_BOUGHT_LAST_YEAR = 0.45  # of those who were customers then
_LAST_DAY_AHEAD = 45
_FATE_SHARES = (0.61, 0.35, 0.04)  # PLAIN, INVOICED, AMENDED
_SETTLED_WITHIN = np.array([0, 6, 20, 20]) * DAY  # by fate


def draw_orders(g: np.random.Generator, customers: Customers) -> Orders:
    """Return the sales of this year and of the one before, and what surrounds them.

    The sales of the last 365 days are spread over buyers as published. Donations, cancelled
    orders and orders of days to come are added to them and change no count of sales.
    """
    customer, kind = _who(g, customers)
    age = _ages(g, customers.tenure[customer], kind)
    fate = _fates(g, kind)
    placed, settled = _instants(g, age, fate)
    value, margin = _amounts(g, customers.spend[customer])
    sale = g.random(kind.size) < OUT_OF_STATE
    nature = np.where(kind == _GIVEN, DONATED, sale).astype(np.int64)
    return Orders(customer, age, nature, value, margin, fate, placed, settled)


def _who(g: np.random.Generator, customers: Customers) -> tuple[Ints, Ints]:
    """Return the customer and the kind of every order."""
    sales = _buyers(g, customers)
    around = [g.integers(customers.tenure.size, size=round(s * sales.size)) for s in _PER_SALE]
    parts = [sales, _earlier_buyers(g, customers), *around]
    return np.concatenate(parts), np.repeat(np.arange(len(parts)), [p.size for p in parts])


def _buyers(g: np.random.Generator, customers: Customers) -> Ints:
    """Return one row number for each sale of the year; who spends more is likelier to buy often."""
    buyers = round(customers.tenure.size * BUYERS / CUSTOMERS)
    score = np.repeat(np.arange(1, _MOST + 1), apportioned(buyers, ORDERS_OF_BUYERS))
    more = g.geometric(0.5, buyers) - 1
    orders = score + np.where(score == _MOST, more, 0)
    eagerness = 0.5 * np.log(customers.spend) + g.gumbel(size=customers.spend.size)
    keenest_last = np.argsort(eagerness)[eagerness.size - buyers :]
    return np.repeat(keenest_last, orders)


def _earlier_buyers(g: np.random.Generator, customers: Customers) -> Ints:
    """Return one row number for each sale of the year before."""
    there = np.flatnonzero(customers.tenure > YEAR)
    buyers = there[g.random(there.size) < _BOUGHT_LAST_YEAR]
    return np.repeat(buyers, 1 + g.poisson(0.3, buyers.size))


def _ages(g: np.random.Generator, tenure: Ints, kind: Ints) -> Ints:
    """Return days since the order, while they were a customer; negative for days to come."""
    newest = np.where(kind == _LAST_YEAR, YEAR, 1)
    oldest = np.where(kind == _THIS_YEAR, YEAR - 1, 2 * YEAR - 1)
    span = np.minimum(oldest, tenure) - newest + 1
    age = newest + np.floor(g.random(kind.size) * span).astype(np.int64)
    return np.where(kind == _AHEAD, -g.integers(1, _LAST_DAY_AHEAD + 1, kind.size), age)


def _fates(g: np.random.Generator, kind: Ints) -> Ints:
    fate = g.choice((PLAIN, INVOICED, AMENDED), kind.size, p=_FATE_SHARES)
    return np.where(kind == _WITHDRAWN, CANCELLED, np.where(kind == _AHEAD, PLAIN, fate))


def _instants(g: np.random.Generator, age: Ints, fate: Ints) -> tuple[Ints, Ints]:
    """Return seconds of the first and the last version; a cancellation is never still to come."""
    placed = office_seconds(g, np.where(age > 0, age, g.integers(1, 10, age.size)))
    later = np.floor(g.random(age.size) * _SETTLED_WITHIN[fate]).astype(np.int64)
    settled = placed + 1 + later
    return placed, np.where(fate == CANCELLED, np.minimum(settled, -1), settled)


def _amounts(g: np.random.Generator, spend: Floats) -> tuple[Ints, Ints]:
    """Return value and margin in cents."""
    value = np.rint(100 * spend * np.exp(g.normal(0, VALUE_SPREAD, spend.size)))
    margin = np.rint(value * g.normal(MARGIN, MARGIN_SPREAD, spend.size))
    known = g.random(spend.size) < MARGIN_KNOWN
    return value.astype(np.int64), np.where(known, margin, NO_MARGIN).astype(np.int64)
