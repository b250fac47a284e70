"""A run's new rows, put by in a file for each day until all are there."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final

from streams.exporting.schema import Schema
from streams.tabular import Column
from streams.tabular.lines import line_maker

OFFSET: Final = "_offset"
_MOST_OPEN: Final = 64
_AFTER_ALL: Final = 2**62


class Spool:
    """New rows of one table.

    Parameters
    ----------
    table
        Whose rows.
    place
        A directory of the spool's own; it is made.

    Attributes
    ----------
    counts
        By day (None: the table has no days), how many rows there are.
    columns
        Of the lines: those of the table, then `OFFSET`, where a row was on its partition.

    """

    def __init__(self, table: Schema, place: Path) -> None:
        place.mkdir()
        self.table = table
        self.counts: Counter[date | None] = Counter()
        self.columns: Sequence[Column] = (*table.columns, Column(OFFSET, OFFSET, "integer"))
        self._place = place
        self._line = line_maker(self.columns)
        self._open: dict[date | None, BinaryIO] = {}

    def add(self, day: date | None, row: Sequence[Any], offset: int = _AFTER_ALL) -> None:
        """Put a row by; without an offset it is newer than any erasure."""
        self._file(day).write(self._line((*row, offset)))
        self.counts[day] += 1

    def begin(self, day: date | None) -> None:
        """Let there be rows of a day, or none, in place of those that there were."""
        self._file(day)
        self.counts[day] += 0

    def lines(self, day: date | None) -> Path:
        """Return the file of a day; what was added is in it once the spool is closed."""
        return self._place / f"{day}.jsonl"

    def close(self) -> None:
        """Write what is still to be written; more may be added afterwards."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _file(self, day: date | None) -> BinaryIO:
        if day not in self._open:
            if len(self._open) >= _MOST_OPEN:
                self.close()
            self._open[day] = self.lines(day).open("ab")
        return self._open[day]
