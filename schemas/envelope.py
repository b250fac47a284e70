"""CloudEvents 1.0: structured JSON and Kafka binary mode in, structured JSON out.

The one place where bytes become Python values and back, and the only user of orjson.
"""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
import rfc8785

from schemas.instant import Refused, instant

Headers = Iterable[tuple[str, bytes]]

_REQUIRED = ("id", "source", "type", "subject", "time")
_TEXTS = frozenset({str})
STRUCTURED = "application/cloudevents+json"
_DEEPEST = 64
_PLAIN = frozenset({str, bool, type(None)})
_LARGEST_EXACT = 2**53 - 1  # beyond it RFC 8785 writes an integer as the double nearest to it


class Envelope(NamedTuple):
    """One CloudEvent as read.

    Attributes
    ----------
    time
        The instant as a sortable UTC text (`schemas.instant`).
    id, source
        As sent; with `time` and `canonical` they order the versions of a register.
    canonical
        `data` as canonical JSON (RFC 8785), UTF-8.
    data
        The event's object; a number with a fraction is a `Decimal`, digit for digit as sent.

    """

    time: str
    id: str
    source: str
    canonical: bytes
    type: str
    subject: str
    data: Mapping[str, Any]


def loads(raw: bytes | str) -> Any:
    """Return the value of a JSON text; ValueError where it is not JSON."""
    return orjson.loads(raw)


def dumps(value: object) -> bytes:
    """Return compact UTF-8 JSON of `value`; `Raw` parts are put in as they are."""
    return orjson.dumps(value)


def readable(value: object) -> bytes:
    """Return indented UTF-8 JSON of `value`, for people and for files under version control."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def raw_json(canonical: bytes) -> orjson.Fragment:
    """Return JSON bytes in a shape that `dumps` puts in unchanged."""
    return orjson.Fragment(canonical)


def read_json(raw: bytes | str) -> Envelope:
    """Return the event of one structured JSON text.

    Raises
    ------
    Refused
        With the reason, never with a value of the event.

    """
    event = _object(raw, "the event")
    data = event.get("data")
    canonical = canonical_json(data)
    if not _is_plain(data) and _has_fraction(data):
        data = _exact(raw)["data"]
    return _envelope(event, data, canonical)


def read_kafka(value: bytes | None, headers: Headers | None) -> Envelope:
    """Return the event of one Kafka record, in binary mode where its headers say so.

    Raises
    ------
    Refused
        With the reason; a record without value is refused too.

    """
    if value is None:
        raise Refused("the record has no value")
    if headers:
        named = {name.lower(): content for name, content in headers if content is not None}
        if "ce_specversion" in named and not _is_structured(named):
            return _read_binary(value, named)
    return read_json(value)


def structured(event: Mapping[str, object]) -> bytes:
    """Return the structured JSON of an event whose attributes are `event`, `data` among them."""
    return orjson.dumps({"specversion": "1.0", "datacontenttype": "application/json", **event})


def canonical_json(data: object) -> bytes:
    """Return RFC 8785 canonical JSON of a parsed value.

    >>> canonical_json({"b": 1e21, "a": [10, 1.50]})
    b'{"a":[10,1.5],"b":1e+21}'
    """
    if _is_plain(data):
        return _sorted_json(data)
    if _is_too_deep(data):
        raise Refused(f"data is nested more than {_DEEPEST} deep")
    if _sorts_alike(data):
        return _sorted_json(data)
    try:
        return rfc8785.dumps(_as_doubles(data))
    except rfc8785.CanonicalizationError as error:
        raise Refused("data: a number is out of range") from error


def _sorted_json(data: object) -> bytes:
    """Return sorted JSON as bytes of their own size: orjson's own keep 4 KB, and registers last."""
    return bytes(memoryview(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)))


def _is_structured(headers: Mapping[str, bytes]) -> bool:
    return headers.get("content-type", b"").startswith(STRUCTURED.encode())


def _read_binary(value: bytes, headers: Mapping[str, bytes]) -> Envelope:
    kind = headers.get("content-type", b"application/json").split(b";")[0].strip()
    if kind != b"application/json" and not kind.endswith(b"+json"):
        raise Refused("datacontenttype: only JSON is read")
    try:
        event = {k[3:]: v.decode() for k, v in headers.items() if k.startswith("ce_")}
    except UnicodeDecodeError as error:
        raise Refused("a header is not UTF-8") from error
    data = _object(value, "data") if value and value.strip() != b"null" else None
    canonical = canonical_json(data)
    if _has_fraction(data):
        data = _exact(value)
    return _envelope(event, data, canonical)


def _exact(raw: bytes | str) -> Any:
    """Return JSON with its fractions as decimals, digit for digit."""
    try:
        return json.loads(raw, parse_float=Decimal)
    except ArithmeticError as error:
        raise Refused("data: a number is out of range") from error


def _object(raw: bytes | str, what: str) -> dict[str, Any]:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(f"{what} is not JSON: {error.msg} at character {error.pos}") from error
    if type(value) is not dict:
        raise Refused(f"{what} is not a JSON object")
    return value


def _envelope(event: Mapping[str, Any], data: Any, canonical: bytes) -> Envelope:
    if event.get("specversion") != "1.0":
        raise Refused("specversion: this is not a CloudEvents 1.0 event")
    if data is None:
        data = {}
    elif type(data) is not dict:
        raise Refused("data is not a JSON object")
    event_id, source, kind, subject, time = map(event.get, _REQUIRED)
    if not (event_id and source and kind and subject and time) or not _TEXTS.issuperset(
        map(type, (event_id, source, kind, subject, time))
    ):
        raise Refused(_what_is_wrong(event))
    return Envelope(instant(time), event_id, source, canonical, kind, subject, data)


def _what_is_wrong(event: Mapping[str, Any]) -> str:
    for name in _REQUIRED:
        value = event.get(name)
        if value is None or value == "":
            return f"{name} is missing"
        if type(value) is not str:
            return f"{name} is not a text"
    raise AssertionError("asked about an event that is in order")


def _is_plain(data: object) -> bool:
    """Tell at one look whether an object holds only texts under plain names, as most do."""
    return (
        type(data) is dict
        and _PLAIN.issuperset(map(type, data.values()))
        and "".join(data).isascii()
    )


def _is_too_deep(data: object) -> bool:
    level = [data]
    for _ in range(_DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(value, dict | list) for value in level)


def _has_fraction(data: object) -> bool:
    if type(data) is dict:
        return any(type(value) is float or _has_fraction(value) for value in data.values())
    return type(data) is list and any(type(v) is float or _has_fraction(v) for v in data)


def _sorts_alike(data: object) -> bool:
    """Tell whether orjson's sorted text is the canonical one: plain keys, no doubles."""
    if isinstance(data, dict):
        return all(k.isascii() and _sorts_alike(v) for k, v in data.items())
    if isinstance(data, list):
        return all(map(_sorts_alike, data))
    if type(data) is int:
        return -_LARGEST_EXACT <= data <= _LARGEST_EXACT
    return type(data) is not float


def _as_doubles(data: Any) -> Any:
    if type(data) is dict:
        return {key: _as_doubles(value) for key, value in data.items()}
    if type(data) is list:
        return [_as_doubles(value) for value in data]
    if type(data) is int and not -_LARGEST_EXACT <= data <= _LARGEST_EXACT:
        return float(data)
    return data
