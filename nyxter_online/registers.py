"""Registers: the last version of an order, a contract or a customer's record, and who wins."""

from collections.abc import Mapping
from decimal import Decimal
from sys import intern
from typing import NamedTuple

from schemas.envelope import Envelope
from schemas.events import (
    ContractRecorded,
    CustomerRecorded,
    PurchaseRecorded,
)

NEVER = 0  # a day before all days (proleptic ordinals start at 1)


class Order(NamedTuple):
    """The last version of an order; a cancelled one has the day `NEVER`.

    `day` is a proleptic ordinal; amounts are exact decimals in BRL or None.
    """

    time: str
    id: str
    source: str
    canonical: bytes
    day: int
    nature: str
    value: Decimal | None
    margin: Decimal | None


class Contract(NamedTuple):
    """The last version of a contract; `signed_on` is a proleptic ordinal."""

    time: str
    id: str
    source: str
    canonical: bytes
    brand: str
    product: str
    status: str
    signed_on: int
    hosting: str | None


class Record(NamedTuple):
    """The last version of a customer's record: the fields that groups and points read."""

    time: str
    id: str
    source: str
    canonical: bytes
    fields: Mapping[str, str]
    attributes: Mapping[str, int]


Register = Order | Contract | Record


def supersedes(new: Register, old: Register | None) -> bool:
    """Tell whether `new` replaces `old`: the greatest version wins, an equal one changes nothing.

    Texts compare by code point, which is the order of their UTF-8 bytes. Where all of that is
    equal and the content is not (canonical JSON rounds long numbers to doubles; the type is not in
    it), a cancellation wins, then the content that reads greater: so the order never matters.
    """
    if old is None or new[:4] > old[:4]:
        return True
    return new[:4] == old[:4] and new != old and _content(new) > _content(old)


def _content(register: Register) -> tuple[bool, str]:
    cancelled = isinstance(register, Order) and register.day == NEVER
    return cancelled, repr(register[4:])


def order_of(envelope: Envelope, event: PurchaseRecorded | None) -> Order:
    """Return the register of a recorded order, or of a cancelled one where `event` is None."""
    if event is None:
        return Order(*envelope[:4], NEVER, "", None, None)
    return Order(
        *envelope[:4],
        event.ordered_on.toordinal(),
        intern(event.operation_nature),
        event.value,
        event.margin,
    )


def contract_of(envelope: Envelope, event: ContractRecorded) -> Contract:
    """Return the register of a recorded contract."""
    return Contract(
        *envelope[:4],
        intern(event.brand),
        intern(event.product),
        intern(event.status),
        event.signed_on.toordinal(),
        event.hosting,
    )


def record_of(envelope: Envelope, event: CustomerRecorded) -> Record:
    """Return the register of a customer's record."""
    named = {
        "customer_type": event.customer_type,
        "segment": event.segment,
        "revenue_band": event.revenue_band,
        "customer_since": event.customer_since,
        "state": event.state,
        "city": event.city,
    }
    fields = {name: intern(str(value)) for name, value in named.items() if value is not None}
    return Record(*envelope[:4], fields, event.attributes or {})
