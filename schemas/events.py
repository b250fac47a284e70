"""What comes in: the business events and the control events, as frozen models."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    field_validator,
)

from schemas import json_forms
from schemas.envelope import Envelope
from schemas.instant import Refused, business_day
from schemas.reasons import reasons

_USUAL = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,4})?")
_MONEY = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_BAND = re.compile(r"FAIXA (0[0-9]|1[01])\b.*", re.IGNORECASE | re.DOTALL)
_MONEY_DIGITS = 40  # before and after the point: sums of them stay exact (customer.EXACT)
_LONGEST_DAY = 64  # with time of day, fraction and offset; days are remembered by their text
BANDS = 12
UNKNOWN_BAND = -1


def money(value: object) -> Decimal | None:
    """Return an amount as the decimal it was written as; never through a binary float."""
    if value is None:
        return None
    if type(value) is str and _USUAL.fullmatch(value):
        return Decimal(value)
    if (type(value) is str and _MONEY.fullmatch(value)) or type(value) is int:
        value = Decimal(value)
    if type(value) is not Decimal or not value.is_finite():
        raise ValueError("is not a decimal number")
    exponent = value.as_tuple().exponent
    if value.adjusted() >= _MONEY_DIGITS or int(exponent) < -_MONEY_DIGITS:
        raise ValueError(f"has more than {_MONEY_DIGITS} digits before or after the point")
    return value


def band_ordinal(value: object) -> object:
    """Return the ordinal of a revenue band given as ordinal or as text.

    >>> band_ordinal("FAIXA 11 - ACIMA DE 850 M"), band_ordinal("SEM INFORMAÇÕES")
    (11, -1)
    """
    if type(value) is str:
        if value.strip().upper() == "SEM INFORMAÇÕES":
            return UNKNOWN_BAND
        match = _BAND.fullmatch(value.strip())
        if match is None:
            raise ValueError("is not a revenue band (FAIXA 00 … FAIXA 11 or SEM INFORMAÇÕES)")
        return int(match[1])
    return value


def _day(value: object) -> date:
    if type(value) is date:
        return value
    if type(value) is not str or len(value) > _LONGEST_DAY:
        raise ValueError("is not a date (YYYY-MM-DD)")
    return business_day(value)


def _quantities(value: object) -> object:
    """Leave out missing quantities and take a whole one however it is written (14, 14.0)."""
    if not isinstance(value, Mapping):
        return value
    known = {name: quantity for name, quantity in value.items() if quantity is not None}
    for name, quantity in known.items():
        if type(quantity) is Decimal and quantity == quantity.to_integral_value():
            known[name] = int(quantity)
    return known


def _tuples(value: object) -> object:
    """Return lists, and the lists in them, as tuples."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


HeldBack = Literal["first_score", "rules", "model"]
Whole = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,40}$")]
Sums = Annotated[tuple[Whole, ...], Field(min_length=15, max_length=15)]
Text = Annotated[str, StringConstraints(min_length=1)]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema(json_forms.DAY)]
Money = Annotated[Decimal | None, BeforeValidator(money), WithJsonSchema(json_forms.MONEY)]
Quantity = Annotated[int, Field(ge=0, le=10**9)]


class Event(BaseModel):
    """What every event has in common: frozen, exact types, unknown fields passed over."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class PurchaseRecorded(Event):
    """An order was placed, amended or invoiced.

    Attributes
    ----------
    order_id
        Names the order of the customer: recorded again, it is amended.
    ordered_on
        Its day; with a time of day and an offset, the day in São Paulo.
    operation_nature
        CFOP (natureza de operação): the rules tell which are sales.
    value
        Invoice total in BRL; absent until invoiced, negative for a return.
    margin
        Contribution margin in BRL.

    """

    order_id: Text
    ordered_on: Day
    operation_nature: Text
    value: Money = None
    margin: Money = None


class PurchaseCancelled(Event):
    """An order was cancelled.

    Attributes
    ----------
    order_id
        The order's, as it was recorded.

    """

    order_id: Text


class ContractRecorded(Event):
    """A contract was signed or changed.

    Attributes
    ----------
    contract_id
        Names the contract of the customer: recorded again, it is changed.
    product
        Its name in free text; the first word is its category.
    brand
        The product's brand.
    status
        ATIVO, CANCELADO, TROCADO, GRATUITO, …
    signed_on
        The day it was signed.
    hosting
        ON PREMISES, TOTVS CLOUD, or none.

    """

    contract_id: Text
    product: Text
    brand: Text
    status: Text
    signed_on: Day
    hosting: str | None = None


class CustomerRecorded(Event):
    """A customer's record, whole: it replaces the one before.

    Attributes
    ----------
    customer_type, segment, state, city
        What customers may be compared by (`compare_by` of the rules).
    revenue_band
        Ordinal 0–11, -1 unknown, or its text such as "FAIXA 00 - ATE 4,5 M".
    customer_since
        The day they became a customer.
    attributes
        Whole quantities by name, such as branches: the indicators of potential.

    """

    customer_type: str | None = None
    segment: str | None = None
    revenue_band: Annotated[
        Annotated[int, Field(ge=UNKNOWN_BAND, lt=BANDS)] | None,
        BeforeValidator(band_ordinal),
        WithJsonSchema(json_forms.REVENUE_BAND),
    ] = None
    customer_since: Day | None = None
    state: str | None = None
    city: str | None = None
    attributes: Annotated[
        dict[str, Quantity] | None,
        BeforeValidator(_quantities),
        WithJsonSchema(json_forms.ATTRIBUTES),
    ] = None


class CustomerErased(Event):
    """A customer asked to be forgotten."""


class DayTurned(Event):
    """A business day began (control topic).

    Attributes
    ----------
    day
        The day that began.

    """

    day: Day


class ModelAccepted(Event):
    """Somebody accepted a model: from now on it gives customers their profiles (control topic).

    Attributes
    ----------
    sums
        The statistics of the mixture that it is computed from: 4 components, the k-th being the
        k-th profile, of 15 whole numbers each, as text.

    """

    sums: Annotated[tuple[Sums, Sums, Sums, Sums], BeforeValidator(_tuples)]

    @field_validator("sums")
    @classmethod
    def _of_somebody(cls, value: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        counts = [int(row[0]) for row in value]
        if min(counts) < 0 or not sum(counts):
            raise ValueError("are of nobody")
        return value


class TriggersReleased(Event):
    """Somebody released triggers that were held back (control topic).

    Attributes
    ----------
    reasons
        Why they had been held back.

    """

    reasons: Annotated[tuple[HeldBack, ...], BeforeValidator(_tuples)]


BUSINESS: Final[Mapping[str, type[Event]]] = {
    "nyxter.purchase.recorded.v1": PurchaseRecorded,
    "nyxter.purchase.cancelled.v1": PurchaseCancelled,
    "nyxter.contract.recorded.v1": ContractRecorded,
    "nyxter.customer.recorded.v1": CustomerRecorded,
    "nyxter.customer.erased.v1": CustomerErased,
}
DAY_TURNED: Final = "nyxter.day.turned.v1"
MODEL_ACCEPTED: Final = "nyxter.model.accepted.v1"
TRIGGERS_RELEASED: Final = "nyxter.triggers.released.v1"
CONTROL: Final[Mapping[str, type[Event]]] = {
    DAY_TURNED: DayTurned,
    MODEL_ACCEPTED: ModelAccepted,
    TRIGGERS_RELEASED: TriggersReleased,
}


def event_of(envelope: Envelope, kinds: Mapping[str, type[Event]] = BUSINESS) -> Event:
    """Return the event that an envelope carries.

    Raises
    ------
    Refused
        Unknown type, or the fields that are missing or wrong, by name and without their values.

    """
    kind = kinds.get(envelope.type)
    if kind is None:
        raise Refused("type is not one of: " + ", ".join(kinds))
    try:
        return kind.model_validate(envelope.data)
    except ValidationError as error:
        raise Refused(reasons(error)) from None
