"""One customer: the registers, and the figures kept beside them.

What an event costs does not grow with the customer's past.
"""

from bisect import bisect_left, bisect_right, insort
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

from nyxter_online.features import NO_CONTRACTS, Portfolio
from nyxter_online.keeping import Contracts, Orders
from nyxter_online.registers import NEVER, Contract, Order, Record
from schemas.rules import Rules

# Amounts have at most 40 digits on either side of the point: sums of 10**20 of them are exact.
EXACT: Final = Context(prec=110, traps=[Inexact, InvalidOperation])
ZERO: Final = Decimal(0)


class Customer:
    """The registers of one customer, and the sales by day that follow from them.

    Attributes
    ----------
    id
        The customer's id.
    slot
        The customer's row in the partition's columns.
    record, orders, contracts
        The last version of each register; orders and contracts by id, wherever they are kept.
    portfolio
        What the contracts come to.
    days
        Days with a sale, rising (proleptic ordinals), future ones included.
    sales
        By day: the number of sales and the exact sum of their amounts.
    orders_in_period, value_in_period
        The sales of the period that ends today.
    uncancelled
        How many orders are not cancelled.
    erased
        Time of the latest erasure, "" where there was none: nothing up to it counts.

    """

    __slots__ = (
        "contracts",
        "days",
        "erased",
        "id",
        "orders",
        "orders_in_period",
        "portfolio",
        "record",
        "sales",
        "slot",
        "uncancelled",
        "value_in_period",
    )

    def __init__(self, customer_id: str, slot: int, orders: Orders, contracts: Contracts) -> None:
        self.id = customer_id
        self.slot = slot
        self.record: Record | None = None
        self.orders = orders
        self.contracts = contracts
        self.portfolio = NO_CONTRACTS
        self.days: list[int] = []
        self.sales: dict[int, tuple[int, Decimal]] = {}
        self.orders_in_period = 0
        self.value_in_period = ZERO
        self.uncancelled = 0
        self.erased = ""

    @property
    def exists(self) -> bool:
        """Whether a record, a contract or an uncancelled order survives."""
        return bool(self.uncancelled or self.contracts or self.record is not None)

    def put_order(self, order_id: str, order: Order | None, period: "Period") -> None:
        """Set (or, with None, unset) an order and correct the figures by the difference."""
        old = self.orders.get(order_id)
        if old is not None:
            self.count_order(old, -1, period)
        if order is not None:
            self.orders[order_id] = order
            self.count_order(order, 1, period)
        elif old is not None:
            del self.orders[order_id]

    def put_contract(self, contract_id: str, contract: Contract | None) -> None:
        """Set (or, with None, unset) a contract and correct the counts by the difference."""
        old = self.contracts.get(contract_id)
        if old is not None:
            self.portfolio.count(old, -1)
        if contract is not None:
            self.contracts[contract_id] = contract
            self.count_contract(contract)
        elif old is not None:
            del self.contracts[contract_id]

    def count_contract(self, contract: Contract) -> None:
        """Add what a contract comes to."""
        if self.portfolio is NO_CONTRACTS:
            self.portfolio = Portfolio()
        self.portfolio.count(contract, 1)

    def count_order(self, order: Order, sign: int, period: "Period") -> None:
        """Add (1) or take away (-1) what an order comes to."""
        if order.day == NEVER:
            return
        self.uncancelled += sign
        if not period.sells(order.nature):
            return
        amount = (order.margin if period.by_margin else order.value) or ZERO
        amount = amount if sign > 0 else amount.copy_negate()  # `-amount` would round
        self._count_day(order.day, sign, amount)
        if period.start <= order.day <= period.day:
            self.orders_in_period += sign
            self.value_in_period = EXACT.add(self.value_in_period, amount)

    def _count_day(self, day: int, sign: int, amount: Decimal) -> None:
        before = self.sales.get(day)
        if before is None:
            insort(self.days, day)
            self.sales[day] = sign, amount
        elif before[0] + sign == 0:
            del self.sales[day]
            del self.days[bisect_left(self.days, day)]
        else:
            self.sales[day] = before[0] + sign, EXACT.add(before[1], amount)

    def first_sale(self, today: int) -> int:
        """Return the day of the first sale up to today, or `NEVER`."""
        days = self.days
        return days[0] if days and days[0] <= today else NEVER

    def last_sale(self, period: "Period") -> int:
        """Return the day of the last sale in the period, or `NEVER`."""
        if not self.orders_in_period:
            return NEVER
        return self.days[bisect_right(self.days, period.day) - 1]

    def turn(self, old: "Period", new: "Period") -> None:
        """Move the figures of the period from `old` to `new`: days leave and days come in."""
        for day in self._between(old.start, min(new.start - 1, old.day)):
            self._shift(day, -1)
        for day in self._between(max(old.day + 1, new.start), new.day):
            self._shift(day, 1)

    def _between(self, first: int, last: int) -> list[int]:
        if first > last or not self.days:
            return []
        return self.days[bisect_left(self.days, first) : bisect_right(self.days, last)]

    def _shift(self, day: int, sign: int) -> None:
        orders, amount = self.sales[day]
        self.orders_in_period += sign * orders
        amount = amount if sign > 0 else amount.copy_negate()
        self.value_in_period = EXACT.add(self.value_in_period, amount)

    def recount(self, period: "Period") -> None:
        """Build every figure of the orders anew, from all of them."""
        self.days, self.sales = [], {}
        self.orders_in_period = self.uncancelled = 0
        self.value_in_period = ZERO
        for order in self.orders.values():
            self.count_order(order, 1, period)


class Period:
    """Today, the first day of the period, and the rules both are read by.

    Attributes
    ----------
    day, start
        Proleptic ordinals; `day` is `NEVER` before the first day is known: nothing is due yet.
    ideal_days
        Days between orders of a customer who orders as often as is ideal, in thousandths.

    """

    __slots__ = ("_sells", "by_margin", "day", "ideal_days", "rules", "start")

    def __init__(self, day: int, rules: Rules) -> None:
        self.day = day
        self.rules = rules
        self.start = rules.analysis.period_start(day)
        self.ideal_days = int(rules.analysis.ideal_frequency_weeks * 7000)
        self._sells: dict[str, bool] = {}
        self.by_margin = rules.analysis.value_basis == "margin"

    def sells(self, nature: str) -> bool:
        """Tell whether orders of an operation nature are sales."""
        known = self._sells.get(nature)
        if known is None:
            known = self._sells[nature] = self.rules.moves_account(nature)
        return known
