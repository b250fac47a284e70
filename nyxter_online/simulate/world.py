"""Everything drawn from one seed: customers, their contracts and their orders."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nyxter_online.simulate.buying import draw_orders
from nyxter_online.simulate.contracts import Contracts, draw_contracts
from nyxter_online.simulate.customers import Customers, draw_customers
from nyxter_online.simulate.orders import Orders

FORMER: Final = 900_000  # row of the first former customer, beyond any base

_CUSTOMERS, _CONTRACTS, _ORDERS, _FORMER, _DELIVERY, _LIVE = range(6)
_LEFT = 0.001  # former customers for each customer


@dataclass(frozen=True, slots=True)
class World:
    """A base in days before today, whichever day that is."""

    seed: int
    customers: Customers
    contracts: Contracts
    orders: Orders
    former: Customers

    def delivery(self) -> np.random.Generator:
        """Return the chance that decides instants, and what arrives late or twice."""
        return _chance(self.seed, _DELIVERY)

    def live(self) -> np.random.Generator:
        """Return the chance that decides what happens next."""
        return _chance(self.seed, _LIVE)


def draw_world(seed: int, customers: int) -> World:
    """Return the base of `customers` customers that `seed` stands for.

    Raises
    ------
    ValueError
        Where there are no customers or more than there are numbers for, or the seed is negative.

    """
    if not 0 < customers < FORMER:
        raise ValueError(f"customers must be at least 1 and below {FORMER}")
    people = draw_customers(_chance(seed, _CUSTOMERS), customers)
    contracts = draw_contracts(_chance(seed, _CONTRACTS), people)
    orders = draw_orders(_chance(seed, _ORDERS), people)
    former = draw_customers(_chance(seed, _FORMER), max(1, round(_LEFT * customers)))
    return World(seed, people, contracts, orders, former)


def _chance(seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng([seed, purpose])
