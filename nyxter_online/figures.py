"""The raw figures of a customer, as integers that compare as the figures do.

A row of figures (`int64`) has the columns named here; arrays of them have the shape (n, 6).
"""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nyxter_online.customer import Customer, Period
from nyxter_online.registers import NEVER, Record
from schemas.rules import Rules

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

GROUP: Final = 0  # number of the comparison group in this partition
POTENTIAL: Final = 1  # points in thousandths; UNKNOWN where no attribute of the rules is known
LAST: Final = 2  # day of the last sale in the period, or NEVER
FIRST: Final = 3  # day of the first sale ever, or NEVER
ORDERS: Final = 4  # sales in the period
VALUE: Final = 5  # their sum as `four_digits` writes it; 0 for sums ≤ 0
WIDTH: Final = 6

UNKNOWN: Final = -1
NOWHERE: Final = -1  # the group of who does not exist
NOBODY: Final = (NOWHERE, UNKNOWN, NEVER, NEVER, 0, 0)

_FOUR: Final = Context(prec=4, rounding=ROUND_HALF_UP)
_LIFT: Final = 64  # amounts start at 10**-40: exponents are lifted above 0
_MANTISSA: Final = 10_000

Group = tuple[str, ...]


def four_digits(amount: Decimal) -> int:
    """Return an amount rounded half up to 4 significant digits as an integer of the same order.

    >>> amount_of(four_digits(Decimal("123455.00")))
    Decimal('123500')
    """
    if amount <= 0:
        return 0
    rounded = _FOUR.plus(amount)
    exponent = rounded.adjusted()
    return (exponent + _LIFT) * _MANTISSA + int(rounded.scaleb(3 - exponent))


def amount_of(figure: int) -> Decimal:
    """Return the amount that `four_digits` wrote."""
    lifted, mantissa = divmod(figure, _MANTISSA)
    return Decimal(f"{Decimal(mantissa).scaleb(lifted - _LIFT - 3):f}")


def potential(record: Record | None, rules: Rules) -> int:
    """Return the points of a record in thousandths; `UNKNOWN` where the rules know no attribute."""
    if record is None:
        return UNKNOWN
    points = [
        rule.points(record.attributes[rule.attribute])
        for rule in rules.potential
        if rule.attribute in record.attributes
    ]
    return int(sum(points, Decimal(0)) * 1000) if points else UNKNOWN


def group_of(record: Record | None, rules: Rules) -> Group:
    """Return the comparison group: the fields of `compare_by`, a missing one as ""."""
    fields = record.fields if record is not None else {}
    return tuple(fields.get(name, "") for name in rules.analysis.compare_by)


def figures_of(customer: Customer, group: int, period: Period) -> tuple[int, ...]:
    """Return the row of figures of a customer under a period."""
    orders = customer.orders_in_period
    return (
        group,
        potential(customer.record, period.rules),
        customer.last_sale(period),
        customer.first_sale(period.day),
        orders,
        four_digits(customer.value_in_period) if orders else 0,
    )


def frequency(figures: Ints, period: Period) -> Ints:
    """Return orders ÷ (expected + 1) in thousandths, half up, for rows of figures.

    With W = 7 × ideal weeks, expected = max(1, days ÷ W), so F = orders × W ÷ (W + max(W, days)).
    """
    days = period.day - np.maximum(period.start, figures[:, FIRST]) + 1
    denominator = period.ideal_days + np.maximum(period.ideal_days, 1000 * days)
    numerator = 2000 * figures[:, ORDERS] * period.ideal_days + denominator
    thousandths: Ints = numerator // (2 * denominator)
    return thousandths


def ranked(figures: Ints, period: Period) -> dict[str, tuple[Mask, Ints]]:
    """Return, per indicator, who has something to rank and the figure to rank by.

    V's figures include sums ≤ 0 (as 0): the RFM segments count them, the ranks pass over them.
    """
    bought = figures[:, ORDERS] > 0
    return {
        "P": (figures[:, POTENTIAL] > 0, figures[:, POTENTIAL]),
        "R": (bought, figures[:, LAST]),
        "F": (bought, frequency(figures, period)),
        "V": (bought, figures[:, VALUE]),
    }
