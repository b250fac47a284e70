"""The records of a file: lines, or several where a quoted cell goes on in the next.

duckdb takes everything after a quote that is never closed for one cell, and does not tell on which
line a row stood. So records are cut and numbered here, and each is one line of what duckdb reads.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple

from streams.importing.outcome import Outcome

SPACES: Final = " "
"""The separator of a file whose columns stand apart by any number of spaces."""

_MOST_LINES: Final = 64  # of one record
_BROKEN: Final = re.compile("[\udc80-\udcff]")
_LOST: Final = re.compile("\ufffd")
_ENDS: Final = "\r\n"


class Reading(NamedTuple):
    """How bytes become lines and lines become cells.

    Attributes
    ----------
    encoding
        As Python calls it.
    separator
        Between cells; `SPACES`: any number of spaces.
    quote
        Around cells; empty: none.

    """

    encoding: str
    separator: str
    quote: str


class Record(NamedTuple):
    """One record.

    Attributes
    ----------
    line
        Of the file, from 1, on which it begins.
    raw
        As it stands there, without the end of its last line.
    problem
        Why it cannot be read, or empty.

    """

    line: int
    raw: str
    problem: str = ""


class Flaw(NamedTuple):
    """What is wrong with a row: where, which sort of thing, and in words."""

    line: int
    column: str
    outcome: Outcome
    reason: str


def lines(path: Path, encoding: str) -> Iterator[str]:
    """Yield the lines of a file without their ends; what cannot be decoded stays marked in them."""
    errors = "replace" if _is_wide(encoding) else "surrogateescape"
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        for line in file:
            yield line.rstrip(_ENDS)


def _is_wide(encoding: str) -> bool:
    return encoding.startswith("utf-16")


def records(path: Path, reading: Reading, after: int, columns: int) -> Iterator[Record]:
    """Yield the records below a line, blank lines among them as empty ones.

    Only a record of so many `columns` goes on over several lines, and only over lines that are too
    short to be records themselves: a quote that is not closed costs the line it stands on, and no
    other.
    """
    numbered = enumerate(lines(path, reading.encoding), 1)
    broken = _LOST if _is_wide(reading.encoding) else _BROKEN
    cut = _Quotes(reading, columns, broken) if reading.quote else None
    ahead: list[tuple[int, str]] = []
    rest = islice(numbered, after, None)
    while True:
        line, text = ahead.pop(0) if ahead else next(rest, (0, ""))
        if not line:
            return
        if broken.search(text):
            yield Record(line, text, f"has bytes that are not {reading.encoding}")
        elif cut is None or reading.quote not in text or cut.is_whole(text):
            yield Record(line, text)
        else:
            more = _some(ahead, rest)
            taken = cut.lines_taken(text, [following for _, following in more])
            ahead = more[taken:]
            whole = "\n".join((text, *(following for _, following in more[:taken])))
            yield Record(line, whole, "" if taken else "a quote is not closed, or in a wrong place")


def _some(ahead: list[tuple[int, str]], rest: Iterator[tuple[int, str]]) -> list[tuple[int, str]]:
    return list(islice(chain(ahead, rest), max(_MOST_LINES, len(ahead))))


class _Quotes:
    """Tells whether cells in quotes are closed."""

    def __init__(self, reading: Reading, columns: int, broken: re.Pattern[str]) -> None:
        s, q = re.escape(reading.separator), re.escape(reading.quote)
        inside = rf" *{q}(?:[^{q}]|{q}{q})*+"
        closed = rf"{inside}{q} *(?={s}|\Z)"
        cell = rf"(?:{closed}|(?! *{q})[^{s}]*+)"
        self._whole = re.compile(rf"{cell}(?:{s}{cell})*+\Z")
        self._open = re.compile(rf"(?:{cell}{s})*+{inside}\Z")
        self._cell = re.compile(rf"(?:\A|{s}){cell}")
        self._columns = columns
        self._separator = reading.separator
        self._broken = broken

    def is_whole(self, text: str) -> bool:
        """Tell whether a text ends where a record may end."""
        return self._whole.match(text) is not None

    def lines_taken(self, text: str, more: list[str]) -> int:
        """Return how many of the following lines belong to a record; 0: it is none."""
        for count, line in enumerate(more, 1):
            if self._is_own(line) or self._open.match(text) is None:
                return 0
            text = f"{text}\n{line}"
            if self.is_whole(text):
                return count if len(self._cell.findall(text)) == self._columns else 0
        return 0

    def _is_own(self, line: str) -> bool:
        """Tell whether a line is long enough for a record of its own, or cannot be read."""
        count = line.count(self._separator) + 1
        return count >= self._columns or self._broken.search(line) is not None
