"""From the text of a cell to what an event says, or why not.

Cells repeat: each different text of a column is converted once.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from schemas.customer_id import problem_of
from schemas.events import band_ordinal, money
from schemas.instant import BUSINESS_ZONE, Refused, business_day, instant
from schemas.limits import EventLimits
from streams.importing.fields import Reading


class Decimals(StrEnum):
    """What parts the decimals of an amount; the other one groups its thousands."""

    COMMA = "comma"
    POINT = "point"


class Dates(StrEnum):
    """In which order a date with slashes is written. Year first is read in any case."""

    DMY = "dmy"
    MDY = "mdy"


class TooLarge(Refused):
    """A text is over a limit of the rules."""


class Dialect(NamedTuple):
    """What cells are read by."""

    decimals: Decimals
    dates: Dates
    limits: EventLimits


Convert = Callable[[str], str | None]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_GAPS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u00a0\u200b\ufeff]+")
_NOTHING: Final = frozenset(
    {"", "-", "NULL", "NONE", "NAN", "NAT", "N/A", "#N/D", "#N/A", r"\N", "?"}
)
_NO_BAND: Final = frozenset({"SEM INFORMACOES", "SEM INFORMACAO"})
_SLASHED: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[T ]+([\d:.]{4,15}))?")
_YEAR_FIRST: Final = re.compile(r"(\d{4})([/.-]?)(\d{2})\2(\d{2})")
_CLOCK: Final = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?")
_CENTURY: Final = 70  # two digits from here on are of the 1900s
_SIGNED: Final = re.compile(r"(?P<minus>-?)(?P<digits>[^-()]+)|\((?P<less>[^-()]+)\)")
_GROUPED: Final = {
    Decimals.COMMA: re.compile(r"(\d{1,3}(?:\.\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:,(\d*))?|(),(\d+)"),
    Decimals.POINT: re.compile(
        r"(\d{1,3}(?:,\d{3})+|\d{1,3}(?: \d{3})+|\d+)(?:\.(\d*))?|()\.(\d+)"
    ),
}
_AS_IT_IS: Final = frozenset({Reading.CUSTOMER, Reading.ID})
_MOST_QUANTITY: Final = 10**9


def cleaned(text: str) -> str:
    r"""Return a text with one space where there is any gap or control character, none around.

    >>> cleaned("\x00 RH\t Folha ")
    'RH Folha'
    """
    return _GAPS.sub(" ", text).strip()


def is_nothing(text: str) -> bool:
    """Tell whether a cell that is cleaned says that there is nothing.

    >>> is_nothing("null"), is_nothing("Nulo Ltda")
    (True, False)
    """
    return text.upper() in _NOTHING


def _bare(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()


def _customer(text: str, dialect: Dialect) -> str:
    if problem := problem_of(text):
        raise Refused(problem)
    return _within(text, dialect.limits.customer_id_bytes, "customer_id_bytes")


def _id(text: str, dialect: Dialect) -> str:
    if _CONTROL.search(text):
        raise Refused("has a control character")
    return _within(text, dialect.limits.order_id_bytes, "order_id_bytes")


def _text(text: str, dialect: Dialect) -> str:
    return _within(text, dialect.limits.text_bytes, "text_bytes")


def _name(text: str, dialect: Dialect) -> str:
    return _within(text.upper(), dialect.limits.text_bytes, "text_bytes")


def _within(text: str, most: int, limit: str) -> str:
    if len(text.encode("utf-8", "surrogatepass")) > most:
        raise TooLarge(f"has more than {most} bytes (limits.{limit})")
    return text


def day_of(text: str, dates: Dates) -> date:
    """Return the day of a cell: year first, or as slashed dates are written; a clock may follow.

    >>> day_of("03/11/2026", Dates.DMY).isoformat(), day_of("20261103", Dates.MDY).isoformat()
    ('2026-11-03', '2026-11-03')
    """
    if match := _SLASHED.fullmatch(text):
        if match[4] and not _CLOCK.fullmatch(match[4]):
            raise Refused("is not a date")
        first, second = int(match[1]), int(match[2])
        day, month = (first, second) if dates is Dates.DMY else (second, first)
        return _existing(_year(match[3]), month, day)
    if match := _YEAR_FIRST.fullmatch(text):
        return _existing(int(match[1]), int(match[3]), int(match[4]))
    try:
        return business_day(text)
    except ValueError as error:
        raise Refused(str(error).replace(" (YYYY-MM-DD)", "")) from None


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:  # noqa: PLR2004 - digits of a year
        return year
    return year + (1900 if year >= _CENTURY else 2000)


def _existing(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise Refused("is a date that does not exist") from None


def _day(text: str, dialect: Dialect) -> str:
    return day_of(text, dialect.dates).isoformat()


def _moment(text: str, dialect: Dialect) -> str:
    """Return an RFC 3339 instant; a time without an offset is local, a day is its beginning."""
    try:
        return instant(text.replace(" ", "T", 1)) + "Z"
    except Refused:
        pass
    day = day_of(text, dialect.dates)
    clock = text.rpartition(" ")[2] if ":" in text else "00:00"
    clock = clock.rpartition("T")[2]
    try:
        time = datetime.fromisoformat(f"{day}T{clock.zfill(5)}").replace(tzinfo=BUSINESS_ZONE)
    except ValueError:
        raise Refused("is not a date with a time") from None
    return instant(time.isoformat()) + "Z"


def plain_number(text: str, decimals: Decimals) -> str:
    """Return a number as plain digits with a point.

    >>> plain_number("R$ 1.234,50-", Decimals.COMMA), plain_number("(1,234)", Decimals.POINT)
    ('-1234.50', '-1234')
    """
    bare = re.sub(r"^([-+(]?) ?R\$ ?", r"\1", text).removeprefix("+").replace("\u2212", "-")
    if bare.endswith("-"):
        bare = f"-{bare[:-1].rstrip()}"
    match = _SIGNED.fullmatch(bare)
    digits = _GROUPED[decimals].fullmatch((match["digits"] or match["less"]) if match else "")
    if match is None or digits is None or not bare.isascii():
        raise Refused(f"is not a number with a decimal {decimals}")
    whole = re.sub(r"[., ]", "", digits[1] or "") or "0"
    fraction = digits[2] or digits[4]
    minus = "-" if match["minus"] or match["less"] else ""
    return f"{minus}{whole}.{fraction}" if fraction else f"{minus}{whole}"


def _amount(text: str, dialect: Dialect) -> str:
    number = plain_number(text, dialect.decimals)
    try:
        money(number)
    except ValueError as error:
        raise Refused(str(error)) from None
    return number


def _quantity(text: str, dialect: Dialect) -> str:
    whole, _, fraction = plain_number(text, dialect.decimals).partition(".")
    number = int(whole)
    if fraction.strip("0") or whole.startswith("-"):
        raise Refused("is not a whole number from 0 on")
    if number > _MOST_QUANTITY:
        raise TooLarge(f"is more than {_MOST_QUANTITY}")
    return str(number)


def _band(text: str, _: Dialect) -> str:
    """Return the ordinal of a revenue band, however it is written."""
    bare = _bare(text)
    if bare in _NO_BAND:
        return "-1"
    if re.fullmatch(r"-1|[0-9]|1[01]", bare):
        return bare
    try:
        return str(band_ordinal(bare))
    except ValueError as error:
        raise Refused(str(error)) from None


_CONVERT: Final[Mapping[Reading, Callable[[str, Dialect], str]]] = {
    Reading.CUSTOMER: _customer,
    Reading.ID: _id,
    Reading.TEXT: _text,
    Reading.NAME: _name,
    Reading.DAY: _day,
    Reading.MOMENT: _moment,
    Reading.AMOUNT: _amount,
    Reading.BAND: _band,
    Reading.QUANTITY: _quantity,
}


def conversion(reading: Reading, dialect: Dialect) -> Convert:
    """Return what converts the cells of a column: to a text, None where there is nothing.

    What it returns raises ``Refused``, or ``TooLarge``, for a cell that cannot be.
    """
    convert = _CONVERT[reading]
    clean_of = str.strip if reading in _AS_IT_IS else cleaned  # another id is another customer

    def converted(text: str) -> str | None:
        clean = clean_of(text)
        return None if is_nothing(clean) else convert(clean, dialect)

    return converted
