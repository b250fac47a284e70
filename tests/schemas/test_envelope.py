"""CloudEvents in both modes, canonical JSON, and numbers kept digit for digit."""

import json
from decimal import Decimal
from typing import Any

import orjson
import pytest
import rfc8785
from driving import event, line_of, purchase
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reading
from strategies import Event, World, as_json, worlds

from schemas.envelope import (
    STRUCTURED,
    canonical_json,
    dumps,
    loads,
    raw_json,
    read_json,
    read_kafka,
    structured,
)
from schemas.instant import Refused, instant

Headers = list[tuple[str, bytes]]

TEXT = st.text(max_size=8) | st.sampled_from(["\u20ac", "\r", "\U0001f600", "\ufb33", "\u0080"])
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
LONG = st.integers(-(10**300), 10**300) | st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, 2**64])
PLAIN = st.none() | st.booleans() | TEXT
JSON = st.recursive(
    PLAIN | DOUBLES | LONG,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(TEXT, PLAIN | JSON, max_size=5) | JSON)
def test_canonical_json_is_that_of_rfc_8785(data: Any) -> None:
    text = orjson.dumps(data) if _small(data) else json.dumps(data)
    assert canonical_json(loads(text)) == reading.canonical_json(json.loads(text))


def _small(data: Any) -> bool:
    try:
        orjson.dumps(data)
    except orjson.JSONEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('{"b": 1e21, "a": [10, 1.50]}', '{"a":[10,1.5],"b":1e+21}'),
        ("[-0, -0.0, 0e5, 1E2, 100.0]", "[0,0,0,100,100]"),
        ("[9007199254740993, 18446744073709551616]", "[9007199254740992,18446744073709552000]"),
        ("[1e-7, 0.000001, 5e-324, 0.1e1]", "[1e-7,0.000001,5e-324,1]"),
        (r'"\u00e7\u0009\u001f\/\u007f"', '"ç\\t\\u001f/\u007f"'),
        (r'{"\ufb33": 1, "\ud83d\ude00": 2}', '{"😀":2,"\ufb33":1}'),
        ('{"a": {"d": 1, "c": 2}, "A": true}', '{"A":true,"a":{"c":2,"d":1}}'),
        ("null", "null"),
    ],
)
def test_canonical_json(text: str, canonical: str) -> None:
    assert canonical_json(loads(text)).decode() == canonical
    assert rfc8785.dumps(json.loads(text, parse_int=float)).decode() == canonical


def binary_of(event: Event) -> tuple[bytes, Headers]:
    """The event as a record in binary mode: attributes in headers, the data in the value."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    headers = [(f"ce_{name}", value.encode()) for name, value in attributes.items()]
    value = b"" if event["data"] is None else as_json(event["data"]).encode()
    return value, [*headers, ("content-type", b"application/json")]


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_both_modes_say_the_same(world: World) -> None:
    for one in world.events:
        read = read_json(line_of(one))
        assert read_kafka(*binary_of(one)) == read
        assert read_kafka(line_of(one), []) == read
        assert read_kafka(line_of(one), None) == read
        assert read.canonical == reading.canonical_json(one["data"])
        assert dict(read.data) == (one["data"] or {})


def with_headers(*changes: tuple[str, bytes | None], drop: str = "") -> tuple[bytes, Any]:
    value, headers = binary_of(purchase(value=Decimal("10.10")))
    return value, [(n, v) for n, v in headers if n != drop] + list(changes)


BINARY = {
    "headers in capitals": (binary_of(purchase(value=Decimal("10.10")))[0], None),
    "a charset": with_headers(("content-type", b"application/json; charset=utf-8")),
    "a kind of JSON": with_headers(("content-type", b"application/vnd.erp+json")),
    "no content type": with_headers(drop="content-type"),
    "headers of others": with_headers(("traceparent", b"00-x-y-00"), ("x", b"\xff")),
    "a header of others without value": with_headers(("x-empty", None)),
}


@pytest.mark.parametrize(("value", "headers"), BINARY.values(), ids=BINARY.keys())
def test_binary_mode_is_read_however_it_is_written(value: bytes, headers: Any) -> None:
    if headers is None:
        headers = [(name.upper(), text) for name, text in binary_of(purchase())[1]]
    expected = read_json(line_of(purchase(value=Decimal("10.10"))))
    assert read_kafka(value, headers) == expected


@pytest.mark.parametrize("kind", [STRUCTURED, f"{STRUCTURED}; charset=UTF-8"])
def test_structured_mode_is_told_by_its_content_type(kind: str) -> None:
    headers = [("content-type", kind.encode()), ("ce_specversion", b"1.0"), ("ce_id", b"other")]
    assert read_kafka(line_of(purchase()), headers) == read_json(line_of(purchase()))


REFUSED = {
    "no value": (None, [], "no value"),
    "no value in binary mode": (None, binary_of(purchase())[1], "no value"),
    "empty": (b"", [], "not JSON"),
    "data of another type": (*with_headers(("content-type", b"text/xml")), "datacontenttype"),
    "data that are not JSON": (b"x", with_headers()[1], "data is not JSON"),
    "data that are a list": (b"[]", with_headers()[1], "data is not a JSON object"),
    "a header that is not UTF-8": (*with_headers(("ce_id", b"\xff")), "not UTF-8"),
    "a header missing": (*with_headers(drop="ce_subject"), "subject is missing"),
    "an empty header": (*with_headers(("ce_id", b"")), "id is missing"),
    "a header without value": (*with_headers(("ce_id", None), drop="ce_id"), ".+"),
    "a version without value": (
        *with_headers(("ce_specversion", None), drop="ce_specversion"),
        ".+",
    ),
    "another version": (*with_headers(("ce_specversion", b"0.3")), "CloudEvents 1.0"),
    "a time without offset": (*with_headers(("ce_time", b"2026-11-22T12:00:00")), "RFC 3339"),
}


@pytest.mark.parametrize(("value", "headers", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_refused(value: Any, headers: Any, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read_kafka(value, headers)


def test_a_content_type_without_value_is_none() -> None:
    value, headers = with_headers(("content-type", None))
    assert read_kafka(value, headers).subject == "K1"


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("0.1", "0.1"),
        ("10.10", "10.10"),
        ("1234567890.12345678901234567890", "1234567890.12345678901234567890"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-9007199254740993", "-9007199254740993"),
        ("1e2", "1E+2"),
        ("1E-7", "1E-7"),
    ],
)
def test_numbers_are_kept_digit_for_digit(text: str, exact: str) -> None:
    line = line_of(purchase(value=0)).replace(b'"value": 0', b'"value": ' + text.encode())
    value = read_json(line).data["value"]
    assert type(value) is not float
    assert str(value) == exact
    assert read_json(line.decode()).data == read_json(line).data


def is_taken(line: bytes, frames: int) -> bool:
    """Whether an event is read by a caller that stands so many calls deep."""
    if frames:
        return is_taken(line, frames - 1)
    try:
        read_json(line)
    except Refused:
        return False
    return True


@pytest.mark.parametrize("leaf", [b"1", b"0.5", b'"\xc3\xa7"'], ids=["whole", "fraction", "text"])
@pytest.mark.parametrize("begin", [b"[", b'{"a":'], ids=["lists", "objects"])
def test_how_deep_is_too_deep_does_not_depend_on_who_asks(begin: bytes, leaf: bytes) -> None:
    """Else replay, live and recovery could each decide otherwise about one event."""
    plain, end = line_of(purchase(further="HERE")), b"]" if begin == b"[" else b"}"
    lines = [plain.replace(b'"HERE"', begin * d + leaf + end * d) for d in range(40, 700, 20)]
    taken = [is_taken(line, 0) for line in lines]
    assert [is_taken(line, 150) for line in lines] == taken
    assert taken == sorted(taken, reverse=True)
    assert True in taken
    assert False in taken


def test_the_time_is_the_instant() -> None:
    read = read_json(line_of(purchase(time="2026-11-22T12:00:00.50-03:00")))
    assert read.time == instant("2026-11-22T15:00:00.5Z") == "2026-11-22T15:00:00.5"


def test_an_event_without_data_has_none() -> None:
    erased = event("customer.erased")
    for one in (erased | {"data": None}, {k: v for k, v in erased.items() if k != "data"}):
        assert read_json(line_of(one)).data == {}


def test_what_is_written_structured_is_read_back() -> None:
    sent = {name: v for name, v in purchase().items() if name != "specversion"}
    written = structured(sent)
    assert json.loads(written) == purchase() | {"datacontenttype": "application/json"}
    assert read_json(written) == read_json(line_of(purchase()))


def test_raw_parts_go_in_as_they_are() -> None:
    assert dumps(["ç", raw_json(b'{"a":1.50}')]) == '["ç",{"a":1.50}]'.encode()


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", "01", "'a'", "{", b"\xff", ""])
def test_loads_takes_only_json(text: bytes | str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        loads(text)
