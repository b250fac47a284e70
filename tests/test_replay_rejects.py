"""Bad lines through `nyxter replay`: each is told with its reason, its neighbours are unharmed."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from command import Replayed, replay_command
from driving import event, line_of, purchase

MARK = "K1-SEGREDO"
GOOD = [line_of(purchase("A")), line_of(purchase("B", value="20"))]
RECORD, CONTRACT = "customer.recorded", "contract.recorded"
SIGNED = {"contract_id": "k", "product": "p", "brand": "b", "status": "s", "signed_on": "x"}


def outside(**changes: Any) -> bytes:
    """An order with attributes changed; those set to `...` left out."""
    changed = purchase(MARK) | changes
    return line_of({name: value for name, value in changed.items() if value is not ...})


def inside(kind: str = "purchase.recorded", **changes: Any) -> bytes:
    """An event with fields of its data changed; those set to `...` left out."""
    whole = purchase(MARK)["data"] if kind == "purchase.recorded" else {}
    data = {name: value for name, value in (whole | changes).items() if value is not ...}
    return line_of(event(kind, MARK, **data))


def number(text: str) -> bytes:
    """An order whose value is written as this JSON text."""
    return line_of(purchase(MARK, value="HERE")).replace(b'"HERE"', text.encode())


def extra(text: str) -> bytes:
    """An order with a further field in its data, written as this JSON text."""
    return line_of(purchase(MARK, further="HERE")).replace(b'"HERE"', text.encode())


NOT_JSON, NOT_EVENT = "not JSON", "CloudEvents 1.0"
LINES = {
    "not JSON": (b"K1-SEGREDO\n", NOT_JSON),
    "half a line": (line_of(purchase())[:40] + b"\n", NOT_JSON),
    "two events": (line_of(purchase(MARK)).strip() + line_of(purchase()), NOT_JSON),
    "latin-1": (line_of(purchase(MARK, further="ç")).decode().encode("latin-1"), NOT_JSON),
    "half a surrogate": (extra(r'"\ud83d"'), NOT_JSON),
    "a list": (b"[1]\n", "not a JSON object"),
    "a text": (b'"K1-SEGREDO"\n', "not a JSON object"),
    "null": (b"null\n", "not a JSON object"),
    "an object": (b'{"customer": "K1-SEGREDO"}\n', NOT_EVENT),
    "CloudEvents 0.3": (outside(specversion="0.3"), NOT_EVENT),
    "specversion is a number": (outside(specversion=1), NOT_EVENT),
    "no type": (outside(type=...), "type is missing"),
    "type is a number": (outside(type=5), "type is not a text"),
    "unknown type": (outside(type=f"nyxter.{MARK}.v1"), "type is not one of"),
    "a version to come": (outside(type="nyxter.purchase.recorded.v2"), "type is not one of"),
    "a control event": (
        outside(type="nyxter.day.turned.v1", data={"day": "2026-11-22"}),
        "type is not one of",
    ),
    "no subject": (outside(subject=...), "subject is missing"),
    "empty subject": (outside(subject=""), "subject is missing"),
    "subject is null": (outside(subject=None), "subject is missing"),
    "subject is a number": (outside(subject=7), "subject is not a text"),
    "no id": (outside(id=...), "id is missing"),
    "id is a number": (outside(id=7), "id is not a text"),
    "no source": (outside(source=...), "source is missing"),
    "source is a list": (outside(source=[]), "source is not a text"),
    "no time": (outside(time=...), "time is missing"),
    "time is a number": (outside(time=1795348800), "time is not a text"),
    "time without offset": (outside(time="2026-11-22T12:00:00"), "time is not an RFC 3339"),
    "time without a time": (outside(time="2026-11-22"), "time is not an RFC 3339"),
    "time in another form": (outside(time="22/11/2026 12:00"), "time is not an RFC 3339"),
    "time that does not exist": (outside(time="2026-02-30T12:00:00Z"), "time does not exist"),
    "the 25th hour": (outside(time="2026-11-22T25:00:00Z"), "time does not exist"),
    "time in 9999": (outside(time="9999-12-31T23:59:59Z"), "24 hours ahead"),
    "time after 9999": (outside(time="9999-12-31T23:59:59-03:00"), "time does not exist"),
    "a moment more than 24 hours ahead": (
        outside(time="2026-11-24T03:00:00.000001Z"),
        "24 hours ahead",
    ),
    "half a second more than 24 hours ahead": (
        outside(time="2026-11-24T03:00:00.5Z"),
        "24 hours ahead",
    ),
    "no data": (outside(data=...), "data.order_id: is missing"),
    "data is null": (outside(data=None), "data.order_id: is missing"),
    "data is a text": (outside(data=MARK), "data is not a JSON object"),
    "data is a list": (outside(data=[MARK]), "data is not a JSON object"),
    "order without nature": (inside(operation_nature=...), "data.operation_nature: is missing"),
    "nature is null": (inside(operation_nature=None), "data.operation_nature: "),
    "nature is a number": (inside(operation_nature=5102), "data.operation_nature: "),
    "order without number": (inside(order_id=...), "data.order_id: is missing"),
    "empty order number": (inside(order_id=""), "data.order_id: "),
    "a cancellation of nothing": (inside("purchase.cancelled"), "data.order_id: is missing"),
    "order without day": (inside(ordered_on=...), "data.ordered_on: is missing"),
    "30 February": (inside(ordered_on="2026-02-30"), "data.ordered_on: is a date that does not"),
    "29 February of no leap year": (inside(ordered_on="2026-02-29"), "data.ordered_on: "),
    "a day the other way round": (inside(ordered_on="22/11/2026"), "data.ordered_on: is not a"),
    "a day as a number": (inside(ordered_on=20261122), "data.ordered_on: is not a date"),
    "the year 0": (inside(ordered_on="0000-01-01"), "data.ordered_on: is a date that does not"),
    "a day after the last": (inside(ordered_on="0001-01-01T00:00:00Z"), "data.ordered_on: "),
    "value is a word": (inside(value=MARK), "data.value: is not a decimal number"),
    "value is empty": (inside(value=""), "data.value: is not a decimal number"),
    "value with a comma": (inside(value="1.234,56"), "data.value: is not a decimal number"),
    "value is true": (inside(value=True), "data.value: is not a decimal number"),
    "value is a list": (inside(value=["1"]), "data.value: is not a decimal number"),
    "the word NaN": (inside(value="NaN"), "data.value: is not a decimal number"),
    "the word Infinity": (inside(value="Infinity"), "data.value: is not a decimal number"),
    "NaN": (number("NaN"), NOT_JSON),
    "Infinity": (number("-Infinity"), NOT_JSON),
    "1e999": (number("1e999"), NOT_JSON),
    "1e999 as a text": (inside(value="1e999"), "data.value: has more than 40 digits"),
    "1e-999": (number("1e-999"), "data.value: has more than 40 digits"),
    "an exponent of 20 digits": (number("1e-99999999999999999999"), "number"),
    "a number of 5000 digits": (number("1" * 5000), NOT_JSON),
    "margin is a word": (inside(margin=MARK), "data.margin: is not a decimal number"),
    "negative quantity": (inside(RECORD, attributes={"filiais": -1}), "data.attributes.filiais: "),
    "half a branch": (inside(RECORD, attributes={"filiais": 1.5}), "data.attributes.filiais: "),
    "a quantity in words": (inside(RECORD, attributes={"filiais": MARK}), "attributes.filiais: "),
    "a quantity that is true": (inside(RECORD, attributes={"filiais": True}), "attributes.filiais"),
    "attributes are a list": (inside(RECORD, attributes=[MARK]), "data.attributes: "),
    "no such band": (inside(RECORD, revenue_band=12), "data.revenue_band: "),
    "band in other words": (inside(RECORD, revenue_band=MARK), "data.revenue_band: is not a "),
    "a customer since never": (inside(RECORD, customer_since=MARK), "data.customer_since: "),
    "type of customer is a number": (inside(RECORD, customer_type=3), "data.customer_type: "),
    "a state that is a list": (inside(RECORD, state=[MARK]), "data.state: "),
    "contract of nothing": (inside(CONTRACT), "data.contract_id: is missing"),
    "contract signed never": (inside(CONTRACT, **SIGNED), "data.signed_on: is not a date"),
    "hosting is a number": (
        inside(CONTRACT, **SIGNED | {"signed_on": "2026-01-01"}, hosting=1),
        "data.hosting: ",
    ),
    "lists 260 deep": (extra("[" * 260 + "]" * 260), "nested"),
    "lists 500 deep": (extra("[" * 500 + "]" * 500), "nested"),
    "objects 1000 deep": (extra('{"a":' * 1000 + "0.5" + "}" * 1000), "nested"),
    "lists 100,000 deep": (extra("[" * 10**5 + "]" * 10**5), NOT_JSON),
}


@pytest.mark.parametrize(("bad", "reason"), LINES.values(), ids=LINES.keys())
def test_a_bad_line_is_told_and_its_neighbours_are_unharmed(
    bad: bytes, reason: str, tmp_path: Path
) -> None:
    done = replay_command(tmp_path, GOOD[0] + bad + GOOD[1])
    assert done.status == 3
    assert "1 lines rejected" in done.errors
    told = done.lines_rejected()
    assert list(told) == [2]
    assert reason in told[2]
    assert MARK not in told[2]
    assert raw_of(done) == bad.removesuffix(b"\n")
    clean = replay_command(tmp_path, b"".join(GOOD))
    assert (done.profiles, done.outputs) == (clean.profiles, clean.outputs)


def raw_of(done: Replayed) -> bytes:
    """The rejected line as it was."""
    [row] = done.rejects or []
    if "raw" in row:
        return str(row["raw"]).encode()
    return base64.b64decode(row["raw_base64"]).removesuffix(b"\n")


def test_all_bad_lines_at_once(tmp_path: Path) -> None:
    bad = [line for line, _ in LINES.values()]
    done = replay_command(tmp_path, GOOD[0] + b"".join(bad) + GOOD[1])
    assert list(done.lines_rejected()) == list(range(2, len(bad) + 2))
    assert f"{len(bad) + 2} lines, 2 customers, {len(bad)} lines rejected" in done.errors
    assert [row["customer_id"] for row in done.profiles or []] == ["A", "B"]


def test_a_bad_line_in_a_file_from_windows(tmp_path: Path) -> None:
    done = replay_command(tmp_path, b"".join(GOOD).replace(b"\n", b"\r\n") + b"nonsense\r\n")
    assert done.lines_rejected().keys() == {3}
    assert len(done.profiles or []) == 2


def test_several_reasons_are_told_together(tmp_path: Path) -> None:
    done = replay_command(tmp_path, inside(order_id=..., value=MARK, ordered_on="?"))
    assert done.lines_rejected()[1].split("; ") == [
        "data.order_id: is missing",
        "data.ordered_on: is not a date (YYYY-MM-DD)",
        "data.value: is not a decimal number",
    ]


FINE = {
    "further fields": inside(further=[{"a": 1.5}]),
    "a moment before the limit": outside(time="2026-11-24T03:00:00Z"),
    "lists 50 deep": extra("[" * 50 + "]" * 50),
    "a whole quantity with a fraction": inside(RECORD, attributes={"filiais": 14.0}),
    "everything null": inside(RECORD, customer_type=None, attributes=None, revenue_band=None),
    "an attribute that is null": inside(RECORD, attributes={"filiais": None}),
    "a leap second": outside(time="2016-12-31T23:59:60Z"),
    "small letters": outside(time="2026-11-22t12:00:00z"),
    "an attribute of CloudEvents that we do not read": outside(traceparent="00-x-y-00", dataref=3),
    "1e15": number("1e15"),
    "escapes": extra(r'"\ud83d\ude00 \u0000"'),
}


@pytest.mark.parametrize("line", FINE.values(), ids=FINE.keys())
def test_what_is_unusual_but_right_is_taken(line: bytes, tmp_path: Path) -> None:
    done = replay_command(tmp_path, line)
    assert (done.status, done.lines_rejected()) == (0, {})
    assert [row["customer_id"] for row in done.profiles or []] == [MARK]


def test_the_report_has_only_line_reason_and_raw(tmp_path: Path) -> None:
    replay_command(tmp_path, b"nonsense\n\xff\n")
    report = (tmp_path / "profiles.jsonl.rejects").read_text("utf-8").splitlines()
    assert [list(json.loads(row)) for row in report] == [
        ["line", "reason", "raw"],
        ["line", "reason", "raw_base64"],
    ]
