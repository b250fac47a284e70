"""Every kind of input that is refused, with what its reason must say."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from poisoned_worker import MARK

from schemas.instant import business_today
from streams import topics
from streams.clock import now_ms


def purchase(subject: str = "bad", **changes: Any) -> dict[str, Any]:
    """An order; a change to None takes a member away, from the event or from its data."""
    today = business_today(now_ms())
    data = {"order_id": "o1", "ordered_on": str(today), "operation_nature": "5102", "value": "10"}
    event = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/erp",
        "type": "nyxter.purchase.recorded.v1",
        "subject": subject,
        "time": in_hours(-1),
        "data": data,
    }
    for name, value in changes.items():
        holder = data if name in {*data, "margin"} else event
        holder[name] = value
        if value is None:
            del holder[name]
    return event


def in_hours(hours: int) -> str:
    """The time so many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def text(**changes: Any) -> bytes:
    return json.dumps(purchase(**changes)).encode()


def customer(**data: Any) -> bytes:
    return text(type="nyxter.customer.recorded.v1", data=data)


def binary(**changes: bytes | None) -> list[tuple[str, bytes | None]]:
    event = {name: str(value).encode() for name, value in purchase().items() if name != "data"}
    merged = {**event, **changes}
    return [(f"ce_{name}", value) for name, value in merged.items() if value != b""]


class Bad(NamedTuple):
    """A record that cannot be taken in, and what its reason must say."""

    reason: str
    value: bytes | None
    topic: str = topics.PURCHASES
    key: bytes | None = None
    headers: Any = None


ORDER = json.dumps(purchase()["data"]).encode()
NESTED = b'{"specversion":"1.0","data":' + b"[" * 60_000 + b"]" * 60_000 + b"}"
BAD = {
    "not JSON": Bad("not JSON", b"order;5102;10,00"),
    "not UTF-8": Bad("not JSON", b'{"specversion":"1.0","id":"\xff\xfe"}'),
    "cut off": Bad("not JSON", text()[:-9]),
    "nested without end": Bad("not JSON", NESTED),
    "half a surrogate": Bad("not JSON", text().replace(b'"e1"', b'"\\ud800"')),
    "NaN": Bad("not JSON", text().replace(b'"10"', b"NaN")),
    "NaN as a text": Bad("data.value: is not a decimal", text(value="NaN")),
    "infinite": Bad("data.margin: is not a decimal", text(margin="-Infinity")),
    "empty": Bad("not JSON", b""),
    "null value": Bad("no value", None),
    "an array": Bad("not a JSON object", b"[1,2]"),
    "a number": Bad("not a JSON object", b"17"),
    "not a CloudEvent": Bad("specversion", ORDER),
    "another version": Bad("specversion", text(specversion="0.3")),
    "unknown type": Bad("type is not one of", text(type="nyxter.purchase.recorded.v2")),
    "a control event among purchases": Bad("type is not one of", text(type=topics.CONTROL)),
    "no subject": Bad("subject is missing", text(subject=None)),
    "empty subject": Bad("subject is missing", text(subject="")),
    "subject a number": Bad("subject is not a text", text(subject=7)),
    "no time": Bad("time is missing", text(time=None)),
    "no id": Bad("id is missing", text(id=None)),
    "no source": Bad("source is missing", text(source=None)),
    "a time without offset": Bad("not an RFC 3339", text(time="2026-11-22T12:00:00")),
    "a time that does not exist": Bad("does not exist", text(time="2026-02-30T12:00:00Z")),
    "a time in 9999": Bad("24 hours ahead", text(time="9999-12-31T23:59:59Z")),
    "a time two days ahead": Bad(
        "24 hours ahead", text(time=in_hours(48))
    ),
    "another key": Bad("not the subject", text(), key=b"somebody else"),
    "data a text": Bad("data is not a JSON object", text(data="o1")),
    "no order": Bad("data.order_id: is missing", text(order_id=None)),
    "order a number": Bad("data.order_id", text(order_id=5)),
    "a date that does not exist": Bad(
        "data.ordered_on: is a date that does not exist", text(ordered_on="2026-02-30")
    ),
    "a date of another style": Bad("data.ordered_on", text(ordered_on="22/11/2026")),
    "money of another style": Bad("data.value", text(value="1.234,56")),
    "money of too many digits": Bad("data.value", text(value="1e300")),
    "two at once": Bad(
        "data.order_id: is missing; data.ordered_on", text(order_id=None, ordered_on=1)
    ),
    "a negative quantity": Bad(
        "data.attributes", customer(attributes={"filiais": -1}), topics.CUSTOMERS
    ),
    "half a quantity": Bad(
        "data.attributes", customer(attributes={"filiais": 1.5}), topics.CUSTOMERS
    ),
    "a band beyond the last": Bad("data.revenue_band", customer(revenue_band=12), topics.CUSTOMERS),
    "a band of another style": Bad(
        "data.revenue_band", customer(revenue_band="grande"), topics.CUSTOMERS
    ),
    "a contract of nothing": Bad(
        "data.contract_id: is missing",
        text(type="nyxter.contract.recorded.v1", data={}),
        topics.CONTRACTS,
    ),
    "an erasure of nobody": Bad(
        "subject is missing", text(type="nyxter.customer.erased.v1", subject=None), topics.CUSTOMERS
    ),
    "control: not JSON": Bad("not JSON", b"turn!", topics.CONTROL),
    "control: null": Bad("no value", None, topics.CONTROL),
    "control: a purchase": Bad("type is not one of", text(), topics.CONTROL),
    "control: no day": Bad(
        "data.day: is missing", text(type="nyxter.day.turned.v1", data={}), topics.CONTROL
    ),
    "control: a day that does not exist": Bad(
        "data.day", text(type="nyxter.day.turned.v1", data={"day": "2026-02-30"}), topics.CONTROL
    ),
    "re-partitioned: not JSON": Bad("not JSON", b"\x00", topics.REPARTITION),
    "binary: no type": Bad("type is missing", ORDER, headers=binary(type=b"")),
    "binary: no subject": Bad("subject is missing", ORDER, headers=binary(subject=b"")),
    "binary: data not JSON": Bad("data is not JSON", b"o1;10", headers=binary()),
    "binary: no data": Bad("data.order_id: is missing", b"", headers=binary()),
    "binary: another format": Bad(
        "only JSON", ORDER, headers=[*binary(), ("content-type", b"application/avro")]
    ),
    "binary: a header not UTF-8": Bad("header is not UTF-8", ORDER, headers=binary(id=b"\xff")),
    "binary: a header without value": Bad("id is missing", ORDER, headers=binary(id=None)),
    "a long customer id": Bad("limits.customer_id_bytes", text(subject="é" * 257)),
    "a customer id of two lines": Bad("subject has a control character", text(subject="a\nb")),
    "a customer id with NUL": Bad("subject has a control character", text(subject="a\0")),
    "a customer id in no hash tag": Bad("subject begins with a closing", text(subject="}a")),
    "a long event id": Bad("id has more than 1024 bytes (limits", text(id="x" * 1_025)),
    "a long source": Bad("source has more than 1024 bytes", text(source="x" * 1_025)),
    "a time of many digits": Bad(
        "time has more than 1024", text(time=f"2026-11-22T12:00:00.{'1' * 1_025}Z")
    ),
    "a long order id": Bad("limits.order_id_bytes", text(order_id="x" * 513)),
    "a long nature": Bad("limits.text_bytes", text(operation_nature="x" * 1_025)),
    "a long city": Bad("data.city has more than", customer(city="x" * 1_025), topics.CUSTOMERS),
    "a long name of an attribute": Bad(
        "limits.attribute_name_bytes", customer(attributes={"x" * 257: 1}), topics.CUSTOMERS
    ),
    "many things wrong": Bad(
        "and 95 more", customer(attributes=dict.fromkeys(map(str, range(100)), -1)),
        topics.CUSTOMERS,
    ),
    "poison": Bad("the step failed on it: ArithmeticError", text(operation_nature=MARK)),
    "more poison": Bad(
        "the step failed on it: ArithmeticError",
        text(type="nyxter.contract.recorded.v1", data={"contract_id": MARK, "product": "p",
             "brand": "b", "status": "ATIVO", "signed_on": "2020-01-01"}),
        topics.CONTRACTS,
    ),
}  # fmt: skip
