"""Live purchases: orders placed, invoiced, amended, cancelled, given away, reported late."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from math import exp

from nyxter_online.simulate.buying import (
    MARGIN,
    MARGIN_KNOWN,
    MARGIN_SPREAD,
    OUT_OF_STATE,
    VALUE_SPREAD,
)
from nyxter_online.simulate.chance import Chance
from nyxter_online.simulate.cloudevent import (
    PURCHASE_CANCELLED,
    PURCHASE_RECORDED,
    Happening,
    local_day,
)
from nyxter_online.simulate.orders import Order
from nyxter_online.simulate.people import People
from nyxter_online.simulate.words import DONATION, SALE_IN_STATE, SALE_OUT_OF_STATE

_REMEMBERED = 500  # settled orders that may still be amended or cancelled
_INVOICED_LATER = 0.25  # fewer than the invoices that come, so open orders do not pile up
_LATE_HOURS = (1, 480)
_LAST_DAY_AHEAD = 45


class Trade:
    """Draws purchase events; each method returns what happens `now`.

    Parameters
    ----------
    chance, people
        Who decides, and who buys.
    names
        Order ids no order has yet.
    waiting
        Orders that wait for their invoice.

    """

    def __init__(
        self, chance: Chance, people: People, names: Iterator[str], waiting: Iterable[Order]
    ) -> None:
        self._chance = chance
        self._people = people
        self._names = names
        self._waiting = deque(waiting)
        self._settled: deque[Order] = deque(maxlen=_REMEMBERED)

    def order(self, now: datetime) -> Happening:
        """Return a new order, which may wait for its invoice."""
        order = self._new(now, self._sale())
        invoiced = not self._chance.happens(_INVOICED_LATER)
        (self._settled if invoiced else self._waiting).append(order)
        return _recorded(order, now, invoiced=invoiced)

    def invoice(self, now: datetime) -> Happening:
        """Return the invoice of the order that has waited longest."""
        if not self._waiting:
            return self.order(now)
        order = self._waiting.popleft()
        self._settled.append(order)
        return _recorded(order, now)

    def amendment(self, now: datetime) -> Happening:
        """Return a settled order recorded again with half to one and a half of its value."""
        if not self._settled:
            return self.order(now)
        order = self._taken()
        order = replace(order, value=round(order.value * (0.5 + self._chance.uniform())))
        self._settled.append(order)
        return _recorded(order, now)

    def cancellation(self, now: datetime) -> Happening:
        """Return the cancellation of a settled order."""
        if not self._settled:
            return self.order(now)
        order = self._taken()
        return Happening(PURCHASE_CANCELLED, order.subject, now, {"order_id": order.order_id})

    def donation(self, now: datetime) -> Happening:
        """Return an order that is no sale."""
        return _recorded(self._new(now, DONATION), now)

    def late(self, now: datetime) -> Happening:
        """Return an order placed hours or days ago that is reported only now."""
        first, last = _LATE_HOURS
        then = now - timedelta(hours=first + (last - first) * self._chance.uniform())
        return _recorded(self._new(then, self._sale()), then)

    def ahead(self, now: datetime) -> Happening:
        """Return an order dated after today."""
        days = 1 + int(_LAST_DAY_AHEAD * self._chance.uniform())
        return _recorded(self._new(now + timedelta(days=days), self._sale()), now)

    def _new(self, moment: datetime, nature: str) -> Order:
        buyer, chance = self._people.buyer(), self._chance
        value = round(100 * buyer.spend * exp(VALUE_SPREAD * chance.normal()))
        margin = round(value * (MARGIN + MARGIN_SPREAD * chance.normal()))
        known = margin if chance.happens(MARGIN_KNOWN) else None
        return Order(buyer.subject, next(self._names), local_day(moment), nature, value, known)

    def _sale(self) -> str:
        return SALE_OUT_OF_STATE if self._chance.happens(OUT_OF_STATE) else SALE_IN_STATE

    def _taken(self) -> Order:
        place = int(self._chance.uniform() * len(self._settled))
        order = self._settled[place]
        del self._settled[place]
        return order


def _recorded(order: Order, moment: datetime, *, invoiced: bool = True) -> Happening:
    return Happening(PURCHASE_RECORDED, order.subject, moment, order.data(invoiced=invoiced))
