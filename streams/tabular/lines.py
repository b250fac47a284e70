"""Rows as lines of JSON, the way by which they come into duckdb with the columns' own types.

duckdb reads such a file in pieces: a million rows never stand in memory together.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from schemas.envelope import dumps
from streams.tabular.table import Column, Kind

TYPES: Final[dict[Kind, str]] = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "money": "DECIMAL(18, 4)",  # below a cent: sums are exact, and so may be inputs
    "date": "DATE",
    "instant": "TIMESTAMPTZ",
    "flag": "BOOLEAN",
}
"""What duckdb calls each kind, and so Parquet's type."""

_THREADS: Final = 2
_MEMORY: Final = "1GB"


@contextmanager
def opened(place: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a duckdb in memory, which may put by under `place` what does not fit."""
    told: dict[str, str | bool | int | float | list[str]] = {
        "threads": _THREADS,
        "memory_limit": _MEMORY,
        "temp_directory": str(place),
        "autoinstall_known_extensions": False,
    }
    with duckdb.connect(config=told) as database:
        yield database


def line_maker(columns: Sequence[Column]) -> Callable[[Sequence[Any]], bytes]:
    """Return what makes a line of a row; it raises ``ValueError`` for one of another length."""
    tellers = [_TOLD.get(column.kind, _same) for column in columns]
    names = [f"c{at}" for at in range(len(tellers))]

    def line(row: Sequence[Any]) -> bytes:
        cells = zip(names, tellers, row, strict=True)
        return (
            dumps({name: None if cell is None else tell(cell) for name, tell, cell in cells})
            + b"\n"
        )

    return line


def lines_query(columns: Sequence[Column], lines: Path) -> str:
    """Return the query that gives the rows of a file of lines, by the columns' names."""
    types = ", ".join(f"c{at}: '{TYPES[column.kind]}'" for at, column in enumerate(columns))
    chosen = ", ".join(f"c{at} AS {quoted(column.name)}" for at, column in enumerate(columns))
    return (
        f"SELECT {chosen} FROM read_json({literal(lines)}, "  # noqa: S608 - quoted above
        f"format='newline_delimited', columns={{{types}}})"
    )


def copied(database: duckdb.DuckDBPyConnection, query: str, to: Path) -> None:
    """Write what a query gives as Parquet (zstd).

    Raises ``ValueError`` for a cell that its column's type does not hold.
    """
    try:
        database.execute(f"COPY ({query}) TO {literal(to)} (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.ConversionException as error:
        raise ValueError(str(error)) from error
    except duckdb.InvalidInputException as error:
        raise ValueError(str(error)) from error


def quoted(name: str) -> str:
    """Return a name as SQL writes it.

    >>> quoted('a "b" c')
    '"a ""b"" c"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """Return a text as SQL writes it.

    >>> literal("d'Água")
    "'d''Água'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def _same(cell: Any) -> Any:
    return cell


def _utc(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("an instant without time zone")
    return moment.astimezone(UTC).isoformat()


_TOLD: Final[dict[Kind, Callable[[Any], Any]]] = {
    "money": str,
    "date": lambda day: day.isoformat(),
    "instant": _utc,
    "texts": list,
}
