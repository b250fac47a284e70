"""What the rows say, cell by cell converted, and the first thing that is wrong with each."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from duckdb import DuckDBPyConnection

from schemas.instant import Refused
from streams.importing.columns import Columns
from streams.importing.conversion import Convert, Dialect, TooLarge, conversion
from streams.importing.fields import FIELDS, ID_OF, RECORD, Field, Reading, What
from streams.importing.layout import Layout
from streams.importing.outcome import Outcome
from streams.importing.records import Flaw

_AMOUNTS: Final = frozenset({Reading.AMOUNT, Reading.QUANTITY})
_DAYS: Final = frozenset({Reading.DAY, Reading.MOMENT})


class Bound(NamedTuple):
    """A field and where it is read.

    Attributes
    ----------
    field
        What it is.
    name
        Of its column in the table ``typed``.
    place
        Number of the column in the file; None: it is the constant.
    constant
        What it is in every row.
    part
        Whose it is: the ``event``'s, the customer's ``record`` or their ``attributes``.

    """

    field: Field
    name: str
    place: int | None
    constant: str | None
    part: str


def bound_fields(layout: Layout) -> list[Bound]:
    """Return the fields that a file tells, and where."""
    columns = layout.columns
    made = ID_OF.get(columns.what) if columns.id_from else None
    parts = {field.name: (field, "event") for field in FIELDS[columns.what] if field.name != made}
    if columns.what is What.CUSTOMERS:
        parts |= {field.name: (field, "record") for field in RECORD}
    else:
        parts |= {
            field.name: (field, "record") for field in RECORD if field.name in columns.customer
        }
    parts |= {name: (Field(name, Reading.QUANTITY), "attributes") for name in columns.attributes}
    found = []
    for number, (name, (field, part)) in enumerate(parts.items()):
        place, constant = layout.places.get(name), columns.constants.get(name)
        if place is not None or constant is not None:
            found.append(Bound(field, f"f{number}", place, constant, part))
    return found


def texts_of(db: DuckDBPyConnection, bound: Sequence[Bound], kind: str) -> Iterator[str]:
    """Yield the different texts of all ``amounts``, or of all ``days``, of a file."""
    readings = _AMOUNTS if kind == "amounts" else _DAYS
    for one in bound:
        if one.field.reading in readings and one.place is not None:
            yield from _distinct(db, one.place)


def _distinct(db: DuckDBPyConnection, place: int) -> Iterator[str]:
    column = f"c{place}"
    query = f"select distinct {column} from raw where {column} is not null"  # noqa: S608
    return (text for (text,) in db.execute(query).fetchall())


def convert(
    db: DuckDBPyConnection, bound: Sequence[Bound], layout: Layout, dialect: Dialect
) -> list[Flaw]:
    """Make the table ``typed`` of ``raw``; return what is wrong, one flaw a row.

    ``typed`` has ``line``, each bound field under its name as text, and ``is_good``. Raises
    ``Refused`` where a constant cannot be.
    """
    values, joins, problems = ["raw.line"], [], []
    for number, one in enumerate(bound):
        translate = conversion(one.field.reading, dialect)
        if one.place is None:
            values.append(f"{_literal(translate(one.constant or ''))} as {one.name}")
            continue
        _dictionary(db, one, translate)
        values.append(f"{one.name}.value as {one.name}")
        joins.append(f"left join {one.name} on {one.name}.text = raw.c{one.place}")
        problems.append(_problem(one, number))
    db.execute(
        f"""create table typed as select {", ".join(values)},
            coalesce({", ".join([*problems, "null"])}) as problem from raw {" ".join(joins)}"""  # noqa: S608
    )
    return _flaws(db, bound, layout)


def _dictionary(db: DuckDBPyConnection, one: Bound, translate: Convert) -> None:
    """Make a table of a column's different texts and what they are."""
    assert one.place is not None
    texts: list[str | None] = [*_distinct(db, one.place)]
    rows = [_translated(text, translate) for text in texts if text] or [(None, None, None)]
    names = ("text", "value", "outcome", "reason")
    columns = (texts or [None], *zip(*rows, strict=True))
    db.register("translated", dict(zip(names, map(_array, columns), strict=True)))
    told = ", ".join(f"{name}::varchar as {name}" for name in names)
    db.execute(f"create table {one.name} as select {told} from translated")  # noqa: S608
    db.unregister("translated")


def _array(values: Sequence[str | None]) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def _translated(text: str, translate: Convert) -> tuple[str | None, str | None, str | None]:
    try:
        return translate(text), None, None
    except TooLarge as problem:
        return None, Outcome.OVER_LIMIT, str(problem)
    except Refused as problem:
        return None, Outcome.WRONG_VALUE, str(problem)


def _problem(one: Bound, number: int) -> str:
    """Return what a column's problem in a row is, in SQL; null: none."""
    wrong = (
        f"when {one.name}.outcome is not null then "
        f"{{'at': {number}, 'outcome': {one.name}.outcome, 'reason': {one.name}.reason}}"
    )
    if not one.field.is_required:
        return f"case {wrong} end"
    missing = Outcome.MISSING_KEY if one.field.is_key else Outcome.MISSING_VALUE
    none = f"{{'at': {number}, 'outcome': '{missing}', 'reason': 'is missing'}}"
    return f"case {wrong} when {one.name}.value is null then {none} end"


def _flaws(db: DuckDBPyConnection, bound: Sequence[Bound], layout: Layout) -> list[Flaw]:
    rows = db.execute(
        """select line, problem.at, problem.outcome, problem.reason from typed
           where problem is not null order by line"""
    ).fetchall()
    return [
        Flaw(line, layout.names[bound[at].place or 0], Outcome(outcome), reason)
        for line, at, outcome, reason in rows
    ]


def _literal(text: str | None) -> str:
    """Return a text as SQL.

    >>> _literal("D'Or"), _literal(None)
    ("'D''Or'", 'null::varchar')
    """
    return "null::varchar" if text is None else "'" + text.replace("'", "''") + "'"


def key_fields(columns: Columns, bound: Sequence[Bound]) -> list[str]:
    """Return the names in ``typed`` of what an id is made from."""
    named = {one.field.name: one.name for one in bound}
    return [named[field] for field in columns.id_from]
