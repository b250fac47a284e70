"""Messages taken in or refused: key, time, value and headers of a Kafka record."""

from typing import NamedTuple

import pytest
from driving import event, line_of, purchase
from strategies import Event

from nyxter_online.intake import take_in
from schemas.envelope import Headers, read_json

NOON = 1_795_348_800_000  # 2026-11-22T12:00:00Z


class Record(NamedTuple):
    """A Kafka record as the consumer gives it."""

    value: bytes | None
    key: bytes | None = b"K1"
    headers: Headers | None = None
    timestamp: int = NOON
    topic: str = "nyxter.purchases.v1"
    offset: int = 0


def record(one: Event, **changes: object) -> Record:
    return Record(line_of(one))._replace(**changes)  # type: ignore[arg-type]


REFUSED = {
    "no value": (Record(None), "no value"),
    "another key": (record(purchase(), key=b"K2"), "the key of the record is not the subject"),
    "an empty key": (record(purchase(), key=b""), "the key of the record is not the subject"),
    "a key that is not UTF-8": (record(purchase(), key=b"\xff"), "the key of the record"),
    "a moment too far ahead": (
        record(purchase(time="2026-11-23T12:00:00.000001Z")),
        "24 hours ahead",
    ),
    "half a second too far ahead": (
        record(purchase(time="2026-11-23T12:00:00.5Z")),
        "24 hours ahead",
    ),
    "an erasure too far ahead": (
        record(event("customer.erased", time="2026-11-24T00:00:00Z")),
        "24 hours ahead",
    ),
    "9999": (record(purchase(time="9999-12-31T23:59:59Z")), "24 hours ahead"),
    "an unknown type": (record(event("purchase.invoiced")), "type is not one of"),
    "fields missing": (record(event("purchase.recorded")), "data.order_id: is missing"),
    "not JSON": (Record(b"\x00"), "not JSON"),
    "empty": (Record(b""), "not JSON"),
    "binary mode without id": (
        Record(b"{}", headers=[("ce_specversion", b"1.0"), ("ce_type", b"x")]),
        "id is missing",
    ),
    "a header without value": (
        Record(b"{}", headers=[("ce_specversion", b"1.0"), ("ce_id", None)]),  # type: ignore[list-item]
        "",
    ),
}


@pytest.mark.parametrize(("bad", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_message_is_refused_and_its_neighbours_are_taken(bad: Record, reason: str) -> None:
    good = [record(purchase(number=number)) for number in ("o1", "o2")]
    arrived, strays, refused = take_in([good[0], bad, good[1]])
    assert strays == []
    assert [envelope for envelope, _ in arrived] == [read_json(one.value or b"") for one in good]
    [refusal] = refused
    assert refusal.message is bad
    assert reason in refusal.reason


TAKEN = {
    "no key": record(purchase(), key=None),
    "a key in UTF-8": record(purchase("Ação"), key="Ação".encode()),
    "exactly 24 hours ahead": record(purchase(time="2026-11-23T12:00:00Z")),
    "24 hours after the millisecond it came": record(
        purchase(time="2026-11-23T12:00:00.999Z"), timestamp=NOON + 999
    ),
    "years late": record(purchase(time="1999-01-01T00:00:00Z")),
    "a cancellation": record(event("purchase.cancelled", order_id="o1")),
    "an erasure": record(event("customer.erased")),
}


@pytest.mark.parametrize("good", TAKEN.values(), ids=TAKEN.keys())
def test_a_message_is_taken(good: Record) -> None:
    intake = take_in([good])
    assert [len(part) for part in intake] == [1, 0, 0]


def test_the_order_of_arrival_is_kept() -> None:
    numbers = [f"o{number}" for number in (3, 1, 2, 1)]
    arrived = take_in(record(purchase(number=number)) for number in numbers).arrived
    assert [envelope.data["order_id"] for envelope, _ in arrived] == numbers


def test_nothing_is_nothing() -> None:
    assert take_in([]) == ([], [], [])


def test_events_of_customers_at_home_elsewhere_are_set_aside() -> None:
    here, there = record(purchase()), record(purchase("K2"), key=None)
    bad = record(event("purchase.recorded", "K2"), key=None)
    intake = take_in([here, there, bad], lambda envelope: envelope.subject == "K1")
    assert [envelope.subject for envelope, _ in intake.arrived] == ["K1"]
    assert intake.strays == [(there, read_json(there.value or b""))]
    assert [refusal.message for refusal in intake.refused] == [bad]
