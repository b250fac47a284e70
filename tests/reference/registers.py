"""Which events count: the greatest version of every order, contract and customer record."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from reference.reading import DAY, canonical_json, end_of_day, instant_of, without_nulls

Event = dict[str, Any]
Register = tuple[str, str, str]

ORDER, CANCELLATION = "nyxter.purchase.recorded.v1", "nyxter.purchase.cancelled.v1"
CONTRACT = "nyxter.contract.recorded.v1"
RECORD, ERASURE = "nyxter.customer.recorded.v1", "nyxter.customer.erased.v1"


@dataclass
class Customer:
    """What survives of a customer: fields of the record (null ones left out) and of the orders."""

    record: Event = field(default_factory=dict)
    orders: list[Event] = field(default_factory=list)


def customers_of(events: list[Event], as_of: date) -> dict[str, Customer]:
    """Whoever has a record, a contract or an uncancelled order left at the end of `as_of`."""
    customers: dict[str, Customer] = {}
    for (subject, _, _), event in _winners(_surviving(_accepted(events, as_of))).items():
        if event["type"] == CANCELLATION:
            continue
        customer = customers.setdefault(subject, Customer())
        if event["type"] == RECORD:
            customer.record = without_nulls(event.get("data"))
        if event["type"] == ORDER:
            customer.orders.append(without_nulls(event["data"]))
    return customers


def _accepted(events: list[Event], as_of: date) -> list[Event]:
    """All but those stamped more than 24 hours after the end of the day."""
    limit = end_of_day(as_of) + DAY
    return [event for event in events if instant_of(event["time"]) <= limit]


def _surviving(events: list[Event]) -> list[Event]:
    """Versions later than every erasure of their customer."""
    erased: dict[str, Fraction] = {}
    for event in events:
        if event["type"] == ERASURE:
            time = instant_of(event["time"])
            erased[event["subject"]] = max(time, erased.get(event["subject"], time))
    return [
        event
        for event in events
        if event["type"] != ERASURE
        and (event["subject"] not in erased or instant_of(event["time"]) > erased[event["subject"]])
    ]


def _winners(events: list[Event]) -> dict[Register, Event]:
    winners: dict[Register, Event] = {}
    for event in events:
        register = _register(event)
        if register not in winners or _version(event) > _version(winners[register]):
            winners[register] = event
    return winners


def _register(event: Event) -> Register:
    if event["type"] in {ORDER, CANCELLATION}:
        return event["subject"], "order", event["data"]["order_id"]
    if event["type"] == CONTRACT:
        return event["subject"], "contract", event["data"]["contract_id"]
    if event["type"] == RECORD:
        return event["subject"], "record", ""
    raise ValueError(f"not an event of the domain: {event['type']}")


def _version(event: Event) -> tuple[Fraction, bytes, bytes, bytes, bool]:
    """By time, id, source, data; the type decides only between a twin order and cancellation."""
    return (
        instant_of(event["time"]),
        event["id"].encode(),
        event["source"].encode(),
        canonical_json(event.get("data")),
        event["type"] == CANCELLATION,
    )
