"""What a day's file holds and what is new put together, without customers to forget."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from streams.exporting.schema import CUSTOMER, Schema
from streams.exporting.spool import OFFSET, Spool
from streams.tabular.lines import copied, lines_query, literal, opened, quoted
from streams.tabular.parquet import read_parquet


class Merger:
    """Makes Parquet files; see `merging`.

    Parameters
    ----------
    database
        Knows whom to forget.

    """

    def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
        self._database = database

    def forget(self, before: Mapping[str, int], held: Mapping[str, int]) -> None:
        """Leave customers out from now on.

        Parameters
        ----------
        before
            By customer, the offset up to which new events of theirs are left out.
        held
            Whose rows in files that there are leave.

        """
        for table, listed in (("before", before), ("held", held)):
            self._database.execute(f"CREATE TABLE {table} (id VARCHAR, upto BIGINT)")
            if listed:
                self._database.executemany(
                    f"INSERT INTO {table} VALUES (?, ?)",  # noqa: S608 - one of ours
                    [list(item) for item in listed.items()],
                )

    def naming(self, files: Mapping[date | None, Path]) -> list[date | None]:
        """Return the days whose files hold rows of customers to forget."""
        return [day for day, file in files.items() if self._names(file)]

    def _names(self, file: Path) -> bool:
        found = self._database.execute(
            f"SELECT count(*) FROM {_rows(file)} SEMI JOIN held ON id = {CUSTOMER}"  # noqa: S608
        ).fetchone()
        return bool(found and found[0])

    def merge(
        self, table: Schema, old: Path | None, new: tuple[Spool, Path] | None, to: Path
    ) -> None:
        """Write old rows and new lines, sorted.

        Raises ``ValueError`` for a cell that its column does not hold.
        """
        chosen = ", ".join(quoted(column.name) for column in table.columns)
        parts = []
        if old is not None:
            leave = f"ANTI JOIN held ON id = {CUSTOMER}" if table.has_customers else ""
            parts.append(f"SELECT {chosen} FROM {_rows(old)} {leave}")  # noqa: S608
        if new is not None:
            spool, lines = new
            leave = (
                f"ANTI JOIN before ON id = {CUSTOMER} AND {OFFSET} <= upto"
                if table.has_customers
                else ""
            )
            query = lines_query(spool.columns, lines)
            parts.append(f"SELECT {chosen} FROM ({query}) {leave}")  # noqa: S608
        order = ", ".join(quoted(name) for name in table.order)
        copied(self._database, f"{' UNION ALL '.join(parts)} ORDER BY {order}", to)

    def rows(self, table: Schema, file: Path | None) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a file that was made, none where there is none."""
        if file is not None:
            yield from read_parquet(self._database, table.columns, file)


@contextmanager
def merging(place: Path) -> Iterator[Merger]:
    """Give what merges; what does not fit in memory is put by under `place`."""
    with opened(place) as database:
        yield Merger(database)


def _rows(file: Path) -> str:
    return f"read_parquet({literal(file)}, hive_partitioning = false)"
