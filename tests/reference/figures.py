"""One customer's raw figures: what is counted before anyone is compared."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact
from fractions import Fraction
from math import floor
from typing import Any

from reference.reading import business_day, decimal_of, revenue_band, without_nulls
from reference.registers import Customer
from reference.settings import Settings

EXACT = Context(prec=1_000, traps=[Inexact])
FOUR_DIGITS = Context(prec=4, rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Figures:
    """The raw figures of a customer; `points` is None where no attribute of the rules is known.

    `frequency` counts thousandths, `value` is the exact sum and `value_figure` what V compares.
    """

    group: tuple[str, ...]
    points: Decimal | None
    last_sale: date | None
    first_sale: date | None
    orders: int
    frequency: int
    value: Decimal
    value_figure: Decimal


def figures_of(customer: Customer, settings: Settings) -> Figures:
    """The raw figures of `customer` on the day of `settings`."""
    sales = [order for order in customer.orders if _is_sale(order, settings)]
    days = [business_day(order["ordered_on"]) for order in sales]
    inside = [sale for sale, day in zip(sales, days, strict=True) if day >= settings.start]
    value = _sum_of(inside, settings.value_field)
    return Figures(
        group=tuple(_field(customer.record, name) for name in settings.compare_by),
        points=_points(without_nulls(customer.record.get("attributes")), settings.potential),
        last_sale=max((day for day in days if day >= settings.start), default=None),
        first_sale=min(days, default=None),
        orders=len(inside),
        frequency=_frequency(len(inside), min(days), settings) if inside else 0,
        value=value,
        value_figure=FOUR_DIGITS.plus(value) if value > 0 else Decimal(0),
    )


def _is_sale(order: dict[str, Any], settings: Settings) -> bool:
    moves = settings.natures.get(order["operation_nature"], settings.natures["default"])
    return moves and business_day(order["ordered_on"]) <= settings.today


def _sum_of(sales: list[dict[str, Any]], name: str) -> Decimal:
    total = Decimal(0)
    for sale in sales:
        total = EXACT.add(total, decimal_of(sale.get(name, 0)))
    return total


def _frequency(orders: int, first_sale: date, settings: Settings) -> int:
    days = (settings.today - max(settings.start, first_sale)).days + 1
    expected = max(Fraction(1), days / (7 * settings.ideal_weeks))
    return floor(1_000 * orders / (expected + 1) + Fraction(1, 2))


def _field(record: dict[str, Any], name: str) -> str:
    if name not in record:
        return ""
    return str(revenue_band(record[name])) if name == "revenue_band" else record[name]


def _points(attributes: dict[str, int], potential: list[dict[str, Any]]) -> Decimal | None:
    known = [indicator for indicator in potential if indicator["attribute"] in attributes]
    total = Decimal(0)
    for indicator in known:
        total = EXACT.add(total, _points_for(attributes[indicator["attribute"]], indicator))
    return total if known else None


def _points_for(quantity: int, indicator: dict[str, Any]) -> Decimal:
    if "points_per_unit" in indicator:
        return EXACT.multiply(Decimal(quantity), decimal_of(indicator["points_per_unit"]))
    for band in indicator["bands"]:
        if band["min"] <= quantity and ("max" not in band or quantity <= band["max"]):
            return decimal_of(band["points"])
    return Decimal(0)
