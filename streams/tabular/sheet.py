"""XLSX: real numbers and days, shown as the reader's Excel shows them."""

import math
from collections.abc import Callable
from datetime import date
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from streams.tabular.delimited import BETWEEN_TEXTS, day_text, local
from streams.tabular.table import Kind, Table

MOST_ROWS: Final = 1_048_575
"""Rows of a sheet beside its heading."""

_MOST_CHARACTERS: Final = 32_767
_FIRST_DAY: Final = date(1900, 3, 1)  # before it Excel's calendar has a day that never was
_NAME: Final = 31
_FORBIDDEN: Final = str.maketrans("[]:*?/\\'", "        ")
_SHOWN: Final[dict[Kind, str]] = {
    "integer": "#,##0",
    "number": "#,##0.00##",
    "money": "[$R$-416] #,##0.00",
    "date": "dd/mm/yyyy",
    "instant": "dd/mm/yyyy hh:mm:ss",
}
_WIDTHS: Final[dict[Kind, int]] = {"text": 24, "texts": 32, "instant": 19, "money": 18}
_OTHER_WIDTH: Final = 12
_Put = Callable[[int, int, Any], None]


class TooManyRows(ValueError):  # noqa: N818 - it names what is the case
    """A sheet does not hold so many rows."""


def write_xlsx(table: Table, file: BinaryIO) -> int:
    """Write a table as the one sheet of a workbook; return the number of rows.

    Raises ``TooManyRows``, and ``ValueError`` for a text longer than a cell holds.
    """
    with TemporaryDirectory() as parts:
        # Everything but strings as they are would let a customer's text become formula or link.
        book = Workbook(file, {"constant_memory": True, "tmpdir": parts, "use_zip64": True})
        sheet = book.add_worksheet(table.name.translate(_FORBIDDEN).strip()[:_NAME] or None)
        _put_heading(table, book, sheet)
        try:
            count = _put_rows(table, sheet, _shown(book))
        except Exception:
            sheet.row_data_fh.close()  # as the book would, were it to be closed
            raise
        sheet.autofilter(0, 0, count, max(0, len(table.columns) - 1))
        book.close()
    return count


def _put_heading(table: Table, book: Workbook, sheet: Worksheet) -> None:
    """Put the columns' titles in bold, and hold them in sight."""
    bold = book.add_format({"bold": True})
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(table.columns):
        width = max(_WIDTHS.get(column.kind, _OTHER_WIDTH), len(column.title) + 3)
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, column.title, bold)


def _shown(book: Workbook) -> dict[Kind, Format]:
    return {kind: book.add_format({"num_format": shown}) for kind, shown in _SHOWN.items()}


def _put_rows(table: Table, sheet: Worksheet, shown: dict[Kind, Format]) -> int:
    puts = [_put(sheet, column.kind, shown) for column in table.columns]
    count = 0
    for count, row in enumerate(table.rows, 1):
        if count > MOST_ROWS:
            raise TooManyRows(
                f"{table.name}: a sheet of XLSX holds {MOST_ROWS:,} rows and there are more: "
                "take csv or parquet, or fewer rows"
            )
        for at, (put, cell) in enumerate(zip(puts, row, strict=True)):
            if cell is not None:
                put(count, at, cell)
    return count


def _put(sheet: Worksheet, kind: Kind, shown: dict[Kind, Format]) -> _Put:
    """Return what puts a cell of a kind."""
    if kind == "flag":
        return lambda row, at, cell: _done(sheet.write_boolean(row, at, cell))
    if kind in ("text", "texts"):
        return lambda row, at, cell: _put_text(sheet, row, at, cell)
    if kind in ("date", "instant"):
        return lambda row, at, cell: _put_moment(sheet, row, at, cell, shown[kind])
    return lambda row, at, cell: _put_number(sheet, row, at, cell, shown[kind])


def _put_text(sheet: Worksheet, row: int, at: int, cell: Any) -> None:
    text = cell if isinstance(cell, str) else BETWEEN_TEXTS.join(cell)
    if len(text) > _MOST_CHARACTERS:
        raise ValueError(
            f"row {row}, column {at + 1}: a cell of XLSX holds {_MOST_CHARACTERS:,} characters"
        )
    if text:
        _done(sheet.write_string(row, at, text))


def _put_number(sheet: Worksheet, row: int, at: int, cell: Any, shown: Format) -> None:
    number = float(cell)
    if math.isfinite(number):
        _done(sheet.write_number(row, at, number, shown))


def _put_moment(sheet: Worksheet, row: int, at: int, cell: Any, shown: Format) -> None:
    """Put a day or an instant; one from before Excel's calendar as a text."""
    moment = local(cell) if hasattr(cell, "tzinfo") else cell
    if (moment.year, moment.month) < (_FIRST_DAY.year, _FIRST_DAY.month):
        _done(sheet.write_string(row, at, day_text(moment)))
    else:
        _done(sheet.write_datetime(row, at, moment, shown))


def _done(code: int) -> None:
    """Raise where xlsxwriter says that it left a cell out."""
    if code:
        raise ValueError(f"XlsxWriter left a cell out ({code})")
