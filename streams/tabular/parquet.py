"""Parquet with the columns' own types, by duckdb.

Rows go through a file of JSON lines, which duckdb reads in pieces: a million of them never stand
in memory together.
"""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

import duckdb

from schemas.envelope import dumps
from streams.tabular.table import Kind, Table

_TYPES: Final[dict[Kind, str]] = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "money": "DECIMAL(18, 4)",  # below a cent: sums are kept to four significant digits
    "date": "DATE",
    "instant": "TIMESTAMPTZ",
    "flag": "BOOLEAN",
}


def write_parquet(table: Table, file: BinaryIO) -> int:
    """Write a table as Parquet (zstd); return the number of rows.

    Raises ``ValueError`` for a cell that its column's type does not hold.
    """
    with TemporaryDirectory() as place:
        lines, made = Path(place, "rows.jsonl"), Path(place, "table.parquet")
        count = _put_lines(table, lines)
        _convert(table, lines, made)
        with made.open("rb") as source:
            shutil.copyfileobj(source, file)
    return count


def _put_lines(table: Table, to: Path) -> int:
    """Write the rows as JSON arrays keyed by position; return how many."""
    tellers = [_TOLD.get(column.kind, _same) for column in table.columns]
    names = [f"c{at}" for at in range(len(tellers))]
    count = 0
    with to.open("wb") as lines:
        for count, row in enumerate(table.rows, 1):  # noqa: B007 - the last one is the answer
            cells = [
                None if cell is None else tell(cell)
                for tell, cell in zip(tellers, row, strict=True)
            ]
            lines.write(dumps(dict(zip(names, cells, strict=True))) + b"\n")
    return count


def _convert(table: Table, lines: Path, made: Path) -> None:
    types = ", ".join(f"c{at}: '{_TYPES[c.kind]}'" for at, c in enumerate(table.columns))
    chosen = ", ".join(f"c{at} AS {_quoted(c.name)}" for at, c in enumerate(table.columns))
    with duckdb.connect(config={"threads": 2, "temp_directory": str(made.parent)}) as database:
        try:
            database.execute(
                f"COPY (SELECT {chosen} FROM read_json(?, format='newline_delimited', "  # noqa: S608
                f"columns={{{types}}}, ignore_errors=false)) "
                "TO ? (FORMAT parquet, COMPRESSION zstd)",
                [str(lines), str(made)],
            )
        except duckdb.Error as error:
            raise ValueError(f"{table.name}: {error}") from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


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
