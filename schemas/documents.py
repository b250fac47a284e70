"""The published JSON Schemas: a document for each event in and out, the headers and the rules.

`nyxter schemas` writes them, docs/schemas/ holds them as of the defaults of the rules.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, get_args

from pydantic import BaseModel

from schemas import json_forms
from schemas.events import BUSINESS, CONTROL, CustomerErased, CustomerRecorded, Event
from schemas.json_schema import Schema, schema_of, without_null
from schemas.limits import IDS, EventLimits
from schemas.outputs import (
    JOURNEY_TRIGGERED,
    SEGMENT_CHANGED,
    DeadLetterHeaders,
    JourneyTriggered,
    Profile,
    SegmentChanged,
)
from schemas.rules_schema import rules_schema

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_ID: Final = "urn:nyxter-online:"
_ENVELOPE: Final = ("specversion", "id", "source", "type", "subject", "time")
_WITHOUT_DATA: Final = (CustomerErased, CustomerRecorded)
_BINARY: Final = "In binary mode the attributes are `ce_` headers, and the value is as `data`."


class Document(NamedTuple):
    """A published schema.

    Attributes
    ----------
    name
        Of the file, without ``.json``; with it the ``$id`` ends.
    where
        Where what it describes is found, in words.
    schema
        The whole document.

    """

    name: str
    where: str
    schema: Schema


def documents(limits: EventLimits) -> Iterator[Document]:
    """Yield all schemas; those of events in by the limits of some rules."""
    for kind, model in BUSINESS.items():
        where = f"{kind.split('.')[1]}s, in"
        yield _document(kind, where, _event_schema(kind, model, limits))
    for kind, model in CONTROL.items():
        yield _document(kind, "control, in", _event_schema(kind, model, limits))
    for name, where, output in _OUTPUTS:
        yield _document(name, where, schema_of(output, "serialization"))
    letter = without_null(schema_of(DeadLetterHeaders))
    yield _document("nyxter.dead-letter.headers.v1", "dead letters, out: headers as text", letter)
    yield _document("nyxter.rules.v1", "the rules file, TOML read as JSON", rules_schema())


_OUTPUTS: Final[tuple[tuple[str, str, type[BaseModel]], ...]] = (
    (SEGMENT_CHANGED, "segment events, out", SegmentChanged),
    (JOURNEY_TRIGGERED, "segment events, out", JourneyTriggered),
    ("nyxter.profile.v1", "profiles, out: the value of a record", Profile),
)


def _document(name: str, where: str, schema: Schema) -> Document:
    first = {"$schema": DIALECT, "$id": f"{_ID}{name}", "title": name}
    told = {"description": schema["description"]}
    return Document(name, where, first | told | {**schema, **first})


def _event_schema(kind: str, model: type[Event], limits: EventLimits) -> Schema:
    """Return the schema of a structured CloudEvent that carries an event."""
    data = schema_of(model)
    _limit(data, model, limits)
    shared = data.pop("$defs", {})
    reference: Schema = {"$ref": f"#/$defs/{model.__name__}"}
    may_lack = model in _WITHOUT_DATA
    return {
        "description": f"{data['description']} {_BINARY}",
        "type": "object",
        "required": [*_ENVELOPE, *(() if may_lack else ("data",))],
        "properties": {
            **_attributes(kind, limits),
            "data": {"anyOf": [reference, {"type": "null"}]} if may_lack else reference,
        },
        "$defs": {**shared, model.__name__: data},
    }


def _attributes(kind: str, limits: EventLimits) -> Mapping[str, Any]:
    """Return the schemas of a CloudEvent's own attributes."""
    name = {"type": "string", "minLength": 1, "maxLength": limits.event_id_bytes}
    customer = {**json_forms.CUSTOMER_ID, "maxLength": limits.customer_id_bytes}
    return {
        "specversion": {"const": "1.0"},
        "id": {**name, "description": "With `time` and `source` it orders versions."},
        "source": name,
        "type": {"const": kind},
        "subject": {**customer, "description": "The customer's id, which is the Kafka key too."},
        "time": {**json_forms.INSTANT, "description": "When it happened; it orders versions."},
    }


def _limit(data: Schema, model: type[Event], limits: EventLimits) -> None:
    """Set how long texts may be: in characters, of which each is a byte at least."""
    for name, field in model.model_fields.items():
        if str in (field.annotation, *get_args(field.annotation)):
            most = limits.order_id_bytes if name in IDS else limits.text_bytes
            _text_in(data["properties"][name])["maxLength"] = most
    if model is CustomerRecorded:
        named = _first(data["properties"]["attributes"], "object")
        too_long = f"^[\\s\\S]{{{limits.attribute_name_bytes + 1},}}$"
        named["patternProperties"] = {too_long: {"type": "null"}}


def _text_in(field: Schema) -> Schema:
    return field if "type" in field else _first(field, "string")


def _first(field: Schema, kind: str) -> Schema:
    """Return the one of a field's alternatives that is of a type."""
    found: Schema = next(one for one in field["anyOf"] if one["type"] == kind)
    return found
