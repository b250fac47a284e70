"""Parquet with the columns' own types, by duckdb: tables in, and their rows out again."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

import duckdb

from streams.tabular.lines import copied, line_maker, lines_query, literal, opened, quoted
from streams.tabular.table import Column, Table

_AT_ONCE: Final = 2_000
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_parquet(table: Table, file: BinaryIO) -> int:
    """Write a table as Parquet (zstd); return the number of rows.

    Raises ``ValueError`` for a cell that its column's type does not hold.
    """
    with TemporaryDirectory() as place:
        lines, made = Path(place, "rows.jsonl"), Path(place, "table.parquet")
        count = _put_lines(table, lines)
        with opened(Path(place)) as database:
            copied(database, lines_query(table.columns, lines), made)
        with made.open("rb") as source:
            shutil.copyfileobj(source, file)
    return count


def _put_lines(table: Table, to: Path) -> int:
    line, count = line_maker(table.columns), 0
    with to.open("wb") as lines:
        for count, row in enumerate(table.rows, 1):  # noqa: B007 - the last one is the answer
            lines.write(line(row))
    return count


def read_parquet(
    database: duckdb.DuckDBPyConnection, columns: Sequence[Column], file: Path
) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a file in its order, each cell as `Column` says of its kind."""
    chosen = ", ".join(_chosen(column) for column in columns)
    instants = [at for at, column in enumerate(columns) if column.kind == "instant"]
    found = database.cursor().execute(
        f"SELECT {chosen} FROM read_parquet({literal(file)}, hive_partitioning = false)"  # noqa: S608
    )
    while rows := found.fetchmany(_AT_ONCE):
        yield from map(_with_instants(instants), rows)


def _chosen(column: Column) -> str:
    # duckdb's own way to make a datetime of it needs a package that nothing else here needs.
    name = quoted(column.name)
    return f"epoch_us({name})" if column.kind == "instant" else name


def _with_instants(instants: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    def row(cells: tuple[Any, ...]) -> tuple[Any, ...]:
        told = list(cells)
        for at in instants:
            if told[at] is not None:
                told[at] = _START + timedelta(microseconds=told[at])
        return tuple(told)

    return row
