"""The customers a live stream chooses from, by how they have bought so far."""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from nyxter_online.simulate.chance import Chance
from nyxter_online.simulate.cloudevent import Data
from nyxter_online.simulate.columns import YEAR
from nyxter_online.simulate.customers import Customers, draw_customers, subject
from nyxter_online.simulate.world import World

_BLOCK = 256
_BIG = 0.005  # of the customers: those with the most external sellers
_BIG_FACTOR = 5.0  # of what their orders cost
# Who buys next: anyone below the first limit, someone dormant below the second, and so on.
_BUYERS = (0.30, 0.55, 0.70, 0.75)
_DORMANT = 1


@dataclass(slots=True)
class Person:
    """A customer: id, what an order of theirs typically costs (BRL), and their record's data."""

    subject: str
    spend: float
    record: Data


@dataclass(slots=True)
class People:
    """Customers by how they have bought, and the chance that picks among them.

    Attributes
    ----------
    everyone, active
        All of the base, and those with a sale in the last year.
    dormant
        Who bought before that and no more; each comes back once.
    big
        A few who buy much and often.
    newcomers, leaving
        Who came since, and who came and will ask to be forgotten.

    """

    chance: Chance
    everyone: list[Person]
    active: list[Person]
    dormant: list[Person]
    big: list[Person]
    newcomers: list[Person] = field(default_factory=list)
    leaving: list[Person] = field(default_factory=list)

    def buyer(self) -> Person:
        """Return who buys next."""
        kind = bisect(_BUYERS, self.chance.uniform())
        if kind == _DORMANT and self.dormant:
            return self.dormant.pop()
        groups = (self.everyone, self.everyone, self.big, self.newcomers, self.active)
        return self.chance.of(groups[kind] or self.everyone)


def people_of(world: World, g: np.random.Generator, chance: Chance, today: date) -> People:
    """Return the people of a base as they stand on `today`."""
    customers, orders, sold = world.customers, world.orders, world.orders.sold()
    everyone = [_person(customers, row, today) for row in range(customers.tenure.size)]
    active = np.unique(orders.customer[sold & (orders.age < YEAR)])
    dormant = g.permutation(np.setdiff1d(orders.customer[sold], active))
    most_sellers_last = np.argsort(customers.sellers, kind="stable")
    big = [everyone[row] for row in most_sellers_last[-max(2, round(_BIG * len(everyone))) :]]
    for person in big:
        person.spend *= _BIG_FACTOR
    return People(
        chance, everyone, [everyone[row] for row in active], [everyone[row] for row in dormant], big
    )


def newcomers(world: World, g: np.random.Generator, today: date) -> Iterator[Person]:
    """Yield people who were no customers yet, for ever; the caller says since when they are."""
    first = world.customers.tenure.size
    while True:
        block = draw_customers(g, _BLOCK)
        for row in range(_BLOCK):
            person = _person(block, row, today)
            person.subject = subject(first + row)
            yield person
        first += _BLOCK


def _person(customers: Customers, row: int, today: date) -> Person:
    return Person(subject(row), float(customers.spend[row]), customers.record(row, today))
