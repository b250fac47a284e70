"""CSV that Excel in Portuguese opens right: semicolons, decimal commas, days first.

What a text column holds may come from outside, and Excel runs a cell that begins like a formula.
Such a cell gets an apostrophe in front; numbers are written by their kind and never touched.
"""

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final

from schemas.instant import BUSINESS_ZONE
from streams.tabular.table import Kind, Table

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CENTS: Final = 2
BETWEEN_TEXTS: Final = ", "


def write_csv(table: Table, file: BinaryIO) -> int:
    """Write a table as CSV (UTF-8 with BOM, ``;``, CRLF, times of the business zone).

    Returns the number of rows.
    """
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow([_defused(column.title) for column in table.columns])
        tellers = [_TOLD[column.kind] for column in table.columns]
        count = 0
        for count, row in enumerate(table.rows, 1):  # noqa: B007 - the last one is the answer
            writer.writerow(
                [
                    "" if cell is None else tell(cell)
                    for tell, cell in zip(tellers, row, strict=True)
                ]
            )
        return count
    finally:
        text.detach()


def day_text(day: date) -> str:
    """Return a day as people write it.

    >>> day_text(date(987, 6, 5))
    '05/06/0987'
    """
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def local(moment: datetime) -> datetime:
    """Return an instant as clocks of the business zone show it, to the second."""
    if moment.tzinfo is None:
        raise ValueError("an instant without time zone")
    return moment.astimezone(BUSINESS_ZONE).replace(tzinfo=None, microsecond=0)


def _defused(text: str) -> str:
    """Return a text that Excel shows as it is.

    >>> _defused("=1+1"), _defused("Loja = 1")
    ("'=1+1", 'Loja = 1')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def _number(value: float | Decimal) -> str:
    """Return a number with a decimal comma, every digit of it and no exponent.

    >>> _number(1234567.5), _number(-3), _number(1e-07), _number(float("nan"))
    ('1234567,5', '-3', '0,0000001', '')
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return f"{exact:f}".replace(".", ",") if exact.is_finite() else ""


def _money(value: Decimal | int) -> str:
    """Return an amount with its cents, and with what is below a cent where there is such.

    >>> _money(Decimal("1240")), _money(Decimal("0.1235")), _money(-5)
    ('1240,00', '0,1235', '-5,00')
    """
    exact = Decimal(value)
    scale = -int(exact.as_tuple().exponent)
    return _number(exact if scale > _CENTS else exact.quantize(Decimal("0.01")))


def _moment(moment: datetime) -> str:
    shown = local(moment)
    return f"{day_text(shown)} {shown:%H:%M:%S}"


_TOLD: Final[dict[Kind, Callable[[Any], str]]] = {
    "text": _defused,
    "texts": lambda texts: _defused(BETWEEN_TEXTS.join(texts)),
    "integer": lambda value: str(int(value)),
    "number": _number,
    "money": _money,
    "date": day_text,
    "instant": _moment,
    "flag": lambda value: "VERDADEIRO" if value else "FALSO",
}
