"""The purchase orders of a base, as columns, and the versions that are recorded of each."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np

from nyxter_online.simulate.cloudevent import Data, day_text, money_text
from nyxter_online.simulate.columns import Bools, Ints
from nyxter_online.simulate.customers import subject
from nyxter_online.simulate.words import DONATION, SALE_IN_STATE, SALE_OUT_OF_STATE

NATURES: Final = (SALE_IN_STATE, SALE_OUT_OF_STATE, DONATION)
DONATED: Final = 2  # position in NATURES
NO_MARGIN: Final = np.iinfo(np.int64).min

# What becomes of an order after it was first recorded.
PLAIN, INVOICED, AMENDED, CANCELLED = range(4)

_FIRST_VALUE = 1.15  # of an amended order, for each BRL it costs in the end


@dataclass(frozen=True, slots=True)
class Order:
    """An order: whose, and its fields; amounts in cents, no margin where nobody worked it out.

    >>> Order("T000001", "P1", "2026-11-02", "5102", 123_405, None).data(invoiced=True)
    {'order_id': 'P1', 'ordered_on': '2026-11-02', 'operation_nature': '5102', 'value': '1234.05'}
    """

    subject: str
    order_id: str
    day: str
    nature: str
    value: int
    margin: int | None

    def data(self, *, invoiced: bool) -> Data:
        """Return the data of its recording: without amounts until it is invoiced."""
        data: Data = {
            "order_id": self.order_id,
            "ordered_on": self.day,
            "operation_nature": self.nature,
        }
        if invoiced:
            data["value"] = money_text(self.value)
        if invoiced and self.margin is not None:
            data["margin"] = money_text(self.margin)
        return data


@dataclass(frozen=True, slots=True)
class Orders:
    """One row an order.

    Attributes
    ----------
    customer
        Row of the customer.
    age
        Days from `ordered_on` to today; negative for an order of a day to come.
    nature
        Position in `NATURES`.
    value, margin
        Cents of BRL, as last recorded; `NO_MARGIN` where nobody worked it out.
    fate
        `PLAIN`; `INVOICED`: without value at first; `AMENDED`: with another value at first;
        `CANCELLED`.
    placed, settled
        Seconds of the first version and, but for `PLAIN`, of the last, from today's midnight in
        UTC. Where `settled` is not negative the last version is still to come.

    """

    customer: Ints
    age: Ints
    nature: Ints
    value: Ints
    margin: Ints
    fate: Ints
    placed: Ints
    settled: Ints

    def sold(self) -> Bools:
        """Tell of each order whether it is a sale of a day before today."""
        sold: Bools = (self.fate != CANCELLED) & (self.nature != DONATED) & (self.age > 0)
        return sold

    def waiting(self, today: date) -> list[Order]:
        """Return the orders that still wait for their invoice."""
        rows = np.flatnonzero((self.fate == INVOICED) & (self.settled >= 0))
        return [self.order(row, today) for row in rows.tolist()]

    def order(self, row: int, today: date) -> Order:
        """Return the order of a row as it stands in the end."""
        margin = int(self.margin[row])
        return Order(
            subject(int(self.customer[row])),
            f"P{row + 1:07d}",
            day_text(today, int(self.age[row])),
            NATURES[self.nature[row]],
            int(self.value[row]),
            None if margin == NO_MARGIN else margin,
        )

    def first(self, row: int, today: date) -> Data:
        """Return the data of an order's first version."""
        order, fate = self.order(row, today), self.fate[row]
        if fate == AMENDED:
            order = replace(order, value=round(order.value * _FIRST_VALUE))
        return order.data(invoiced=bool(fate != INVOICED))

    def last(self, row: int, today: date) -> Data:
        """Return the data of an order's last version, the invoiced or amended one."""
        return self.order(row, today).data(invoiced=True)

    def cancellation(self, row: int, today: date) -> Data:
        """Return the data of an order's cancellation."""
        return {"order_id": self.order(row, today).order_id}
