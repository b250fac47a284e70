"""The events: exact money, days, bands and quantities, and reasons without values."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from driving import event, line_of, purchase
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.envelope import read_json
from schemas.events import (
    BUSINESS,
    CONTROL,
    ContractRecorded,
    CustomerErased,
    CustomerRecorded,
    DayTurned,
    Event,
    PurchaseCancelled,
    PurchaseRecorded,
    band_ordinal,
    event_of,
    money,
)
from schemas.instant import Refused


def read(one: dict[str, Any]) -> Event:
    return event_of(read_json(line_of(one)))


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("10", "10"),
        ("10.00", "10.00"),
        ("-3.5", "-3.5"),
        ("+3.5", "3.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e3", "1000"),
        ("1.5E-3", "0.0015"),
        ("12345678901234567890.123456789", "12345678901234567890.123456789"),
        ("0.0000000000000000000000000000000000000001", "1e-40"),
        ("9" * 40, "9" * 40),
        ("-0", "0"),
    ],
)
def test_money_is_the_decimal_as_written(text: str, amount: str) -> None:
    assert money(text) == Decimal(amount)


@settings(deadline=None)
@given(st.integers(-(10**40), 10**40).map(lambda digits: Decimal(f"{digits}e-20")))
def test_money_is_exact_as_text_and_as_number(amount: Decimal) -> None:
    for value in (f"{amount:f}", amount):
        recorded = read(purchase(value=value, margin=value))
        assert isinstance(recorded, PurchaseRecorded)
        assert recorded.value == recorded.margin == amount


def test_tenths_add_up() -> None:
    amounts = [read(purchase(value=value)) for value in ("0.1", "0.2", 0.1, 0.2)]
    values = [one.value for one in amounts if isinstance(one, PurchaseRecorded)]
    assert sum(filter(None, values)) == Decimal("0.6")


@pytest.mark.parametrize(
    "value",
    [
        "",
        " 1",
        "1 ",
        "1,5",
        "1.234,56",
        "R$ 1",
        "0x10",
        "1_000",
        "١",
        "NaN",
        "inf",
        "--1",
        "1e",
        ".",
    ],
)
def test_what_is_no_money_as_text(value: str) -> None:
    with pytest.raises(ValueError, match="is not a decimal number"):
        money(value)


@pytest.mark.parametrize("value", [True, 0.1, [], {}, b"1", Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_money_at_all(value: object) -> None:
    with pytest.raises(ValueError, match="is not a decimal number"):
        money(value)


@pytest.mark.parametrize("value", ["1e41", "1e-41", "9" * 42, "0." + "0" * 40 + "1", 10**41])
def test_money_has_at_most_40_digits_a_side(value: object) -> None:
    with pytest.raises(ValueError, match="more than 40 digits"):
        money(value)


@pytest.mark.parametrize(
    ("band", "ordinal"),
    [
        ("FAIXA 00 - ATE 4,5 M", 0),
        ("FAIXA 11 - ACIMA DE 850 M", 11),
        ("faixa 07 - x", 7),
        (" FAIXA 10 ", 10),
        ("SEM INFORMAÇÕES", -1),
        ("sem informações", -1),
        (3, 3),
        (-1, -1),
    ],
)
def test_a_band_is_its_ordinal(band: object, ordinal: int) -> None:
    assert band_ordinal(band) == ordinal
    recorded = read(event("customer.recorded", revenue_band=band))
    assert isinstance(recorded, CustomerRecorded)
    assert recorded.revenue_band == ordinal


WHOLE = {
    "purchase.recorded": (
        {"order_id": "o", "ordered_on": "2026-11-22T01:00:00Z", "operation_nature": "5102"},
        PurchaseRecorded(order_id="o", ordered_on=date(2026, 11, 21), operation_nature="5102"),
    ),
    "purchase.cancelled": ({"order_id": "o"}, PurchaseCancelled(order_id="o")),
    "contract.recorded": (
        {
            "contract_id": "k",
            "product": "RH FOLHA",
            "brand": "RM",
            "status": "ATIVO",
            "signed_on": "2026-01-31",
            "hosting": None,
        },
        ContractRecorded(
            contract_id="k",
            product="RH FOLHA",
            brand="RM",
            status="ATIVO",
            signed_on=date(2026, 1, 31),
        ),
    ),
    "customer.recorded": (
        {"customer_type": "varejo", "attributes": {"filiais": 14.0, "lojas": None}, "city": None},
        CustomerRecorded(customer_type="varejo", attributes={"filiais": 14}),
    ),
    "customer.erased": ({"further": 1}, CustomerErased()),
}


@pytest.mark.parametrize(("kind", "case"), WHOLE.items(), ids=WHOLE.keys())
def test_every_type_is_read(kind: str, case: tuple[dict[str, Any], Event]) -> None:
    assert read(event(kind, **case[0])) == case[1]


def test_each_type_has_its_case() -> None:
    assert {f"nyxter.{kind}.v1" for kind in WHOLE} == set(BUSINESS)


def test_events_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        PurchaseCancelled(order_id="o").order_id = "p"


def test_control_events_are_read_only_where_they_are_asked_for() -> None:
    turned = read_json(line_of(event("day.turned", day="2026-11-22")))
    assert event_of(turned, CONTROL) == DayTurned(day=date(2026, 11, 22))
    with pytest.raises(Refused, match="type is not one of"):
        event_of(turned)
    with pytest.raises(Refused, match="type is not one of"):
        event_of(read_json(line_of(purchase())), CONTROL)
