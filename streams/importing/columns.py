"""The small file that names the columns of an export, and the ones that we ship."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from schemas.toml_lines import line_of
from streams.importing.fields import FIELDS, ID_OF, RECORD, What

_OTHER: Final = re.compile(r"[\W_]+")
_PRESETS: Final = files("streams.importing") / "presets"


class ColumnsError(ValueError):
    """A file of columns cannot be used: what is wrong, line by line."""


def plain(name: str) -> str:
    """Return a column's name as names are compared: no accents, no case, no punctuation.

    >>> plain(" Nr-Pedido "), plain("Situação_Contrato")
    ('nr_pedido', 'situacao_contrato')
    """
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return _OTHER.sub("_", letters).strip("_").lower()


def _several(value: object) -> object:
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_several)]


class Columns(BaseModel):
    """Which column holds what.

    Attributes
    ----------
    what
        What the rows are.
    columns
        Our field -> their column, or several names of it: the first that the file has.
    customer, attributes
        Of contracts: the columns that repeat the customer's record, crossed from the rows.
        `attributes` are quantities, by the name under which potential is counted.
    constants
        Our field -> what it is in every row.
    id_from
        The fields that a contract's or order's id is made from, where the file has none.
    identical_rows
        Whether rows that are equal in all that is read are one told again (``repeat``), or each
        is one of its own (``separate``; only with `id_from`).
    cancelled_when
        What the field `cancelled` says of an order that was cancelled.

    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: What
    columns: dict[str, Names]
    customer: dict[str, Names] = Field(default_factory=dict)
    attributes: dict[str, Names] = Field(default_factory=dict)
    constants: dict[str, str] = Field(default_factory=dict)
    id_from: Names = ()
    identical_rows: Literal["repeat", "separate"] = "repeat"
    cancelled_when: Names = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if problem := next(_problems(self), None):
            raise ValueError(problem)
        return self

    def required(self) -> Iterator[Names]:
        """Yield the names, one of which the header must have, of each column there must be."""
        for field in FIELDS[self.what]:
            if field.is_required and field.name in self.columns:
                yield self.columns[field.name]

    def every(self) -> Iterator[tuple[str, Names]]:
        """Yield each field that may be read from the file, with the names of its column."""
        yield from self.columns.items()
        yield from self.customer.items()
        yield from self.attributes.items()


def _problems(columns: Columns) -> Iterator[str]:
    """Yield what contradicts itself."""
    fields = {field.name: field for field in FIELDS[columns.what]}
    yield from _unknown(columns, set(fields))
    made = {ID_OF.get(columns.what)} if columns.id_from else set()
    for name in sorted(made & columns.columns.keys(), key=str):
        yield f"id_from: {name} has a column already"
    for name, field in fields.items():
        if field.is_required and name not in columns.columns.keys() | columns.constants | made:
            yield f"columns: {name} is missing"
    if columns.id_from and columns.what is What.CUSTOMERS:
        yield "id_from: a customer's id is never made"
    if columns.customer and columns.what is not What.CONTRACTS:
        yield "customer: only with what = contracts"
    if columns.attributes and columns.what is What.PURCHASES:
        yield "attributes: an order has none"
    if columns.identical_rows == "separate" and not columns.id_from:
        yield "identical_rows: separate needs id_from"
    if ("cancelled" in columns.columns) != bool(columns.cancelled_when):
        yield "cancelled_when: goes with the column cancelled"


def _unknown(columns: Columns, fields: set[str]) -> Iterator[str]:
    parts: Mapping[str, tuple[Sequence[str], set[str]]] = {
        "columns": (tuple(columns.columns), fields),
        "constants": (tuple(columns.constants), fields - set(columns.columns)),
        "customer": (tuple(columns.customer), {field.name for field in RECORD}),
        "id_from": (columns.id_from, columns.columns.keys() | columns.constants.keys()),
    }
    for part, (given, known) in parts.items():
        for name in given:
            if name not in known:
                yield f"{part}: {name} is not one of {', '.join(sorted(known))}"
    for name in columns.attributes:
        if name in fields | {field.name for field in RECORD}:
            yield f"attributes: {name} is the name of a field"


def read_columns(text: str, name: str) -> Columns:
    """Return the columns that a TOML text names.

    Raises
    ------
    ColumnsError
        File, line where there is one, key and reason.

    """
    try:
        given: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ColumnsError(f"{name}: not TOML: {error}") from None
    try:
        return Columns.model_validate(given)
    except ValidationError as error:
        raise ColumnsError("\n".join(_told(error, text, name))) from None


def _told(error: ValidationError, text: str, name: str) -> Iterator[str]:
    for problem in error.errors(include_url=False, include_input=False):
        reason = "unknown key" if problem["type"] == "extra_forbidden" else problem["msg"]
        reason = reason.removeprefix("Value error, ")
        where = problem["loc"] or tuple(reason.replace(":", "").split()[:2])
        line = line_of(text, where)
        place = f"{name}, line {line}" if line else name
        key = f"{'.'.join(map(str, problem['loc']))}: " if problem["loc"] else ""
        yield f"{place}: {key}{reason}"


def load_columns(path: Path) -> Columns:
    """Return the columns that a file names (ColumnsError, OSError)."""
    try:
        return read_columns(path.read_text("utf-8"), str(path))
    except UnicodeDecodeError:
        raise ColumnsError(f"{path}: not UTF-8") from None


def presets(what: What) -> dict[str, Columns]:
    """Return the columns that we ship for what a file's rows are, by name."""
    read = {
        file.name.removesuffix(".toml"): read_columns(file.read_text("utf-8"), file.name)
        for file in _PRESETS.iterdir()
        if file.name.endswith(".toml")
    }
    return {name: columns for name, columns in sorted(read.items()) if columns.what is what}
