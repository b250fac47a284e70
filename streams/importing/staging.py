"""A file's records in duckdb, one column each of theirs; those that cannot be read, told apart."""

from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from duckdb import DuckDBPyConnection

from streams.importing.layout import Layout
from streams.importing.outcome import Outcome
from streams.importing.records import SPACES, Flaw, Reading, Record, records

_TOLD: Final = 10_000  # lines from one sign of progress to the next
_REASONS: Final = {
    "TOO MANY COLUMNS": "has more columns than the header",
    "MISSING COLUMNS": "has fewer columns than the header",
}


class Staged(NamedTuple):
    """What was read.

    Attributes
    ----------
    rows
        Records, those that cannot be read among them; blank lines are none.
    blank
        Blank lines below the header.
    flaws
        The records that cannot be read.

    """

    rows: int
    blank: int
    flaws: list[Flaw]


class _Sorting:
    """Writes records that may be read as numbered lines; notes the others."""

    def __init__(self, reading: Reading, most_bytes: int) -> None:
        self.blank = 0
        self.flaws: list[Flaw] = []
        self.sent = array("q")
        self._separator = "\t" if reading.separator == SPACES else reading.separator
        self._is_spaced = reading.separator == SPACES
        self._most = most_bytes

    def line(self, record: Record) -> str:
        """Return a record as a line for duckdb; empty where it is not to be read."""
        if not record.raw or record.raw.isspace():
            self.blank += 1
            return ""
        if record.problem:
            self.flaws.append(Flaw(record.line, "", Outcome.UNREADABLE, record.problem))
            return ""
        if len(record.raw) * 4 > self._most and len(record.raw.encode()) > self._most:
            reason = f"has more than {self._most} bytes (limits.message_bytes)"
            self.flaws.append(Flaw(record.line, "", Outcome.OVER_LIMIT, reason))
            return ""
        self.sent.append(record.line)
        text = "\t".join(record.raw.split()) if self._is_spaced else record.raw.replace("\n", " ")
        return f"{record.line}{self._separator}{text}\n"


def stage(
    db: DuckDBPyConnection,
    source: Path,
    layout: Layout,
    reading: Reading,
    most_bytes: int,
    directory: Path,
    tick: Callable[[int], None],
) -> Staged:
    """Read a file into the table ``raw``: ``line`` and ``c0``, ``c1``, … as text.

    `tick` is told on which line it is. Raises ``OSError``.
    """
    sorting = _Sorting(reading, most_bytes)
    numbered = directory / "numbered.csv"
    with numbered.open("w", encoding="utf-8", newline="") as file:
        for record in _ticked(records(source, reading, layout.header, len(layout.names)), tick):
            file.write(sorting.line(record))
    _read(db, numbered, reading, len(layout.names))
    numbered.unlink()
    flaws = [*sorting.flaws, *_lost(db, sorting.sent)]
    return Staged(len(sorting.sent) + len(sorting.flaws), sorting.blank, flaws)


def _ticked(read: Iterator[Record], tick: Callable[[int], None]) -> Iterator[Record]:
    for count, record in enumerate(read):
        if count % _TOLD == 0:
            tick(record.line)
        yield record


def _read(db: DuckDBPyConnection, numbered: Path, reading: Reading, columns: int) -> None:
    named = {"line": "VARCHAR"} | {f"c{place}": "VARCHAR" for place in range(columns)}
    separator = "\t" if reading.separator == SPACES else reading.separator
    cells = ", ".join(f"c{place}" for place in range(columns))
    db.execute(
        f"""create table raw as select line::bigint as line, {cells} from read_csv(
            $file, delim = $separator, quote = $quote, escape = $quote, columns = {named},
            header = false, auto_detect = false, new_line = '\\n', comment = '', nullstr = '',
            strict_mode = true, null_padding = false,
            store_rejects = true, rejects_table = 'unread', rejects_scan = 'unread_files')""",  # noqa: S608
        {"file": str(numbered), "separator": separator, "quote": reading.quote},
    )


def _lost(db: DuckDBPyConnection, sent: "array[int]") -> Iterator[Flaw]:
    """Yield the records that duckdb did not read: whatever it makes of them, none is forgotten."""
    db.register("sent", {"line": np.frombuffer(sent, dtype=np.int64)})
    rows = db.execute(
        """select sent.line, why.kind from sent anti join raw using (line)
           left join (select try_cast(regexp_extract(csv_line, '^\\s*(\\d+)', 1) as bigint) as line,
                             min(error_type::varchar) as kind from unread group by 1) why
           on why.line = sent.line order by 1"""
    ).fetchall()
    db.unregister("sent")
    for line, kind in rows:
        yield Flaw(line, "", Outcome.UNREADABLE, _REASONS.get(kind, "cannot be cut into cells"))
