"""What no limit can refuse without depending on the order of arrival: told, not refused.

Whether an order is the thousand-and-first of a day, or a customer the first of a group too many,
depends on who came before. So the events are applied, and somebody is told.
"""

from collections.abc import Iterable
from typing import Final

import structlog

from nyxter_online.customers import Change, Customers
from nyxter_online.population import Population
from nyxter_online.registers import NEVER, Order
from schemas.limits import EventLimits
from streams.segmenter.summaries import fits

log = structlog.get_logger()

_REMEMBERED: Final = 10_000  # days of customers of which somebody was told


class GroupAlarm:
    """Whether a population has more groups than can be told, as of the last look.

    Parameters
    ----------
    limits
        The limits in force.
    where
        Who looks, for the log.

    """

    def __init__(self, limits: EventLimits, **where: int) -> None:
        self.is_on = False
        self._most = limits.groups
        self._where = where

    def lets_tell(self, population: Population) -> bool:
        """Tell whether a population may be told; say so in the log when that changes."""
        was_on, self.is_on = self.is_on, not fits(population, self._most)
        if self.is_on and not was_on:
            log.error(
                "more groups than limits.groups, or names too long: the last snapshot stays in use",
                **self._where,
                groups=len({group for _, group in population}),
                limit=self._most,
            )
        if was_on and not self.is_on:
            log.info("few enough groups again", **self._where)
        return not self.is_on


class OrderAlarm:
    """Tells of customers who have more sales on a day than `limits.orders_a_day`.

    Attributes
    ----------
    seen
        How many changes were made to such days.

    """

    def __init__(self, limits: EventLimits, customers: Customers) -> None:
        self.seen = 0
        self._most = limits.orders_a_day
        self._customers = customers
        self._told: set[tuple[str, int]] = set()

    def watch(self, changes: Iterable[Change]) -> None:
        """Look at the days of orders that changed."""
        for customer_id, _, _, register in changes:
            if isinstance(register, Order) and register.day != NEVER:
                customer = self._customers.get(customer_id)
                if customer is not None and len(customer.orders) > self._most:
                    self._look(customer_id, register.day, customer.sales.get(register.day))

    def _look(self, customer_id: str, day: int, sales: tuple[int, object] | None) -> None:
        if sales is None or sales[0] <= self._most:
            return
        self.seen += 1
        if (customer_id, day) in self._told:
            return
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        self._told.add((customer_id, day))
        log.warning("more orders a day than limits.orders_a_day", customer=customer_id)
