"""Raw figures: four digits half up, frequency, and sums that stay exact."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from driving import TODAY, arrived, event, nobody, purchase, replayed, settled, turned
from hypothesis import given, settings
from hypothesis import strategies as st

from nyxter_online.customer import Period
from nyxter_online.figures import FIRST, ORDERS, WIDTH, amount_of, four_digits, frequency
from schemas.rules import read_rules

LONG = "12345678901234567890.1234567890"  # 30 digits: more than Python's decimals keep unasked


def slow_four_digits(amount: Decimal) -> Fraction:
    """4 significant digits, half up, by exact fractions."""
    exact, power = Fraction(amount), Fraction(1)
    while exact >= power * 10:
        power *= 10
    while exact < power:
        power /= 10
    return floor(exact / power * 1000 + Fraction(1, 2)) * power / 1000


AMOUNTS = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(1, 10**12) | st.sampled_from([99_995, 12_345, 99_994, 10_005, 9_999_500_001]),
    st.integers(-40, 25),
)


@settings(max_examples=300, deadline=None)
@given(AMOUNTS, AMOUNTS)
def test_four_digits_half_up_and_in_order(one: Decimal, other: Decimal) -> None:
    ours, others = four_digits(one), four_digits(other)
    exact, exacts = slow_four_digits(one), slow_four_digits(other)
    assert Fraction(amount_of(ours)) == exact
    assert (ours < others, ours == others) == (exact < exacts, exact == exacts)


@pytest.mark.parametrize(
    ("amount", "figure"),
    [
        ("1234.5", "1235"),
        ("1234.4999999999999999999999999999999", "1234"),
        ("99994.9999", "99990"),
        ("99995", "100000"),
        ("0.00012345", "0.0001235"),
        ("12345678901234567890.12", "12350000000000000000"),
        ("1e-40", "1e-40"),
        ("0", "0"),
        ("-0.01", "0"),
    ],
)
def test_four_digits(amount: str, figure: str) -> None:
    found = four_digits(Decimal(amount))
    assert (amount_of(found) if found else 0) == Decimal(figure)


def slow_frequency(orders: int, days: int, weeks: Decimal) -> int:
    expected = max(Fraction(1), days / (7 * Fraction(weeks)))
    return floor(1000 * orders / (expected + 1) + Fraction(1, 2))


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 10**6),
    st.integers(0, 40_000),
    st.sampled_from(["4", "1", "1.5", "0.1", "0.001", "4.333", "5000"]),
    st.integers(1, 30_000),
)
def test_frequency_is_exact(orders: int, ago: int, weeks: str, window: int) -> None:
    text = f"[analysis]\nideal_frequency_weeks = {weeks}\nwindow_days = {window}"
    period = Period(TODAY.toordinal(), read_rules(text))
    row = np.zeros((1, WIDTH), np.int64)
    row[0, FIRST], row[0, ORDERS] = TODAY.toordinal() - ago, orders
    days = min(ago + 1, window)
    assert frequency(row, period).tolist() == [slow_frequency(orders, days, Decimal(weeks))]


SUMS = {
    "tenths": (["0.1", "0.2"], "0.30"),
    "tenths as numbers": ([Decimal("0.1"), Decimal("0.2")], "0.30"),
    "one cent many times": (["0.01"] * 100, "1.00"),
    "returns": (["10.00", "-12.50"], "-2.50"),
    "nothing left": (["10.00", "-10.00"], "0.00"),
    "cents that are none": (["1.500", "2.5"], "4.00"),
    "a thousandth": (["1.001"], "1.001"),
    "20 digits as text": (["12345678901234567890.12"], "12345678901234567890.12"),
    "20 digits as number": ([Decimal("12345678901234567890.12")], "12345678901234567890.12"),
    "a long whole number": ([123456789012345678901234567890], "123456789012345678901234567890.00"),
    "30 digits": ([LONG], "12345678901234567890.123456789"),
    "far apart": (["1e30", "1e-30"], f"1{'0' * 30}.{'0' * 29}1"),
    "40 digits before the point": (["9" * 40], "9" * 40 + ".00"),
    "40 digits after the point": (["1e-40"], "0." + "0" * 39 + "1"),
    "no value yet": ([None, "5"], "5.00"),
    "a power": ([Decimal("1E+3")], "1000.00"),
    "zero": (["0", "-0", 0], "0.00"),
}


@pytest.mark.parametrize("basis", ["value", "margin"])
@pytest.mark.parametrize(("amounts", "total"), SUMS.values(), ids=SUMS.keys())
def test_sums_are_exact(amounts: list[Any], total: str, basis: str) -> None:
    orders = [purchase(number=f"o{i}", **{basis: v}) for i, v in enumerate(amounts)]
    rules = f'[analysis]\nvalue_basis = "{basis}"'
    assert replayed(orders, rules).profiles["K1"]["raw"]["value"] == total


LONG_ONES = st.integers(-(10**38), 10**38).map(lambda digits: Decimal(f"{digits}e-15"))


@settings(max_examples=100, deadline=None)
@given(st.lists(LONG_ONES | AMOUNTS, min_size=1, max_size=6))
def test_what_is_given_and_taken_back_leaves_nothing(amounts: list[Decimal]) -> None:
    customers = nobody()
    rest = purchase(number="rest", value="1")
    orders = [purchase(number=f"o{i}", value=str(v)) for i, v in enumerate(amounts)]
    later = {"time": "2026-11-22T13:00:00Z"}
    void = [event("purchase.cancelled", order_id=f"o{i}", **later) for i in range(len(amounts))]
    settled(customers, arrived([rest, *orders]))
    one = customers.get("K1")
    assert one is not None
    assert Fraction(one.value_in_period) == 1 + sum(map(Fraction, amounts))
    settled(customers, arrived(void))
    assert (one.value_in_period, one.orders_in_period) == (1, 1)


def test_long_amounts_leave_the_period_as_they_came() -> None:
    customers = nobody("[analysis]\nwindow_days = 3")
    orders = [purchase(number="a", value=LONG), purchase(number="b", value="1e-30")]
    settled(customers, arrived([*orders, purchase(number="c", value="1", ordered_on="2026-11-24")]))
    turned(customers, TODAY + timedelta(days=4))
    one = customers.get("K1")
    assert one is not None
    assert (one.value_in_period, one.orders_in_period) == (1, 1)


LIVES = [
    # the day, what the window of 3 days holds of orders on 20, 22 and 24 November
    ("2026-11-19", 0, None, None),
    ("2026-11-20", 1, "2026-11-20", "2026-11-20"),
    ("2026-11-22", 2, "2026-11-22", "2026-11-20"),
    ("2026-11-23", 1, "2026-11-22", "2026-11-20"),
    ("2026-11-24", 2, "2026-11-24", "2026-11-20"),
    ("2026-11-27", 0, None, "2026-11-20"),
]


@pytest.mark.parametrize(("day", "orders", "last", "first"), LIVES)
def test_sales_come_due_and_leave(
    day: str, orders: int, last: str | None, first: str | None
) -> None:
    days = ("2026-11-20", "2026-11-22", "2026-11-24")
    events = [purchase(number=bought, ordered_on=bought) for bought in days]
    early = [one | {"time": "2026-11-18T00:00:00Z"} for one in events]
    rules = "[analysis]\nwindow_days = 3"
    raw = replayed(early, rules, date.fromisoformat(day)).profiles["K1"]["raw"]
    assert (raw["orders"], raw["last_sale"], raw["first_sale"]) == (orders, last, first)
