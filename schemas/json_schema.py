"""JSON Schema (2020-12) of our models: what pydantic says of them, mended where it is not so.

`schemas.documents` makes documents of it.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

Schema = dict[str, Any]

_SECTION: Final = "\n\nAttributes\n----------\n"
_GROUP: Final = re.compile(r"^(\S.*)\n((?:(?: .*)?\n?)+)", re.MULTILINE)
_OF_LISTS: Final = {"minLength": "minItems", "maxLength": "maxItems"}
_OF_NUMBERS: Final = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


class _Generator(GenerateJsonSchema):
    """Decimals are numbers, and fields have no titles made of their names."""

    def field_title_should_be_set(self, _: Any) -> bool:
        """Leave titles to models."""
        return False

    def decimal_schema(self, _: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Return the schema of a decimal."""
        return {"type": "number"}

    def encode_default(self, dft: Any) -> Any:
        """Return a default as JSON has it."""
        if isinstance(dft, Decimal):
            return int(dft) if dft == dft.to_integral_value() else float(dft)
        return super().encode_default(dft)


def schema_of(model: type[BaseModel], mode: JsonSchemaMode = "validation") -> Schema:
    """Return the schema of a model: what it takes (validation) or what it writes (serialization).

    Docstrings become descriptions, of the model and of the fields under "Attributes".
    """
    schema = model.model_json_schema(schema_generator=_Generator, mode=mode)
    for node in nodes(schema):
        _mend(node)
        _describe(node)
    return schema


def nodes(schema: Any) -> Iterator[Schema]:
    """Yield all objects of a schema, the inner ones first."""
    inner = schema.values() if isinstance(schema, dict) else schema
    if isinstance(schema, dict | list):
        for value in list(inner):
            yield from nodes(value)
    if isinstance(schema, dict):
        yield schema


def without_null(schema: Schema) -> Schema:
    """Take null out of a schema, of what has none, such as TOML; return it."""
    for node in nodes(schema):
        kept = [one for one in node.get("anyOf", ()) if one != {"type": "null"}]
        if len(kept) == 1:
            del node["anyOf"]
            node.update(kept[0])
    return schema


def _mend(node: Schema) -> None:
    """Rename limits that pydantic leaves as they are behind a validator of our own."""
    names = _OF_LISTS if node.get("type") == "array" else _OF_NUMBERS
    for name, its in names.items():
        if name in node:
            node[its] = node.pop(name)
    if node.get("default", ...) is None or isinstance(node.get("default"), dict):
        del node["default"]


def _describe(node: Schema) -> None:
    told = node.get("description")
    if not isinstance(told, str):
        return
    summary, _, attributes = told.partition(_SECTION)
    node["description"] = _joined(summary)
    for names, text in _GROUP.findall(attributes):
        for name in names.split(", "):
            if isinstance(field := node.get("properties", {}).get(name), dict):
                field["description"] = _joined(text)


def _joined(text: str) -> str:
    """Return a text without the ends of lines that only make it fit a file."""
    return re.sub(r"\s*\n\s*", " ", text.strip())
