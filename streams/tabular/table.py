"""What is written: columns of known kinds and rows that come one by one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "texts", "integer", "number", "money", "date", "instant", "flag"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        For programs: what Parquet calls it.
    title
        For people: the heading in CSV and XLSX.
    kind
        What its cells hold, None aside: ``text`` a str, ``texts`` a sequence of str, ``integer``
        an int, ``number`` an int or a float, ``money`` a Decimal or an int (BRL), ``date`` a date,
        ``instant`` a datetime with a time zone, ``flag`` a bool.

    """

    name: str
    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns.

    Parameters
    ----------
    name
        What it is called: a sheet's name in XLSX.
    columns
        From left to right.
    rows
        One cell a column each; read once, one at a time, so a generator does.

    """

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
