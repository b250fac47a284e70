"""What a table of the export is, as data; docs/power-bi.md is made from it, the files too."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, Final

from schemas.instant import BUSINESS_ZONE
from streams.tabular import Column, Kind

CUSTOMER: Final = "customer_id"
_FOUR_PLACES: Final = Decimal("0.0001")
_TOO_MUCH: Final = Decimal(10) ** 14


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    Parameters
    ----------
    name
        Of the column, in every format.
    kind
        Of its cells (`streams.tabular.Column`).
    told
        What it holds, for docs/power-bi.md.
    of
        Gives the cell of what a row is made of.

    """

    name: str
    kind: Kind
    told: str
    of: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Schema:
    """One table.

    Parameters
    ----------
    name
        Of the table, and of its directory.
    grain
        What one row is.
    fields
        The columns.
    order
        Columns that its rows are sorted by; they tell rows apart.
    is_dated
        Whether it lies in a file a day (its column `day`), or in one.

    """

    name: str
    grain: str
    fields: tuple[Field, ...]
    order: tuple[str, ...]
    is_dated: bool = True

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns as `streams.tabular` takes them."""
        return tuple(Column(field.name, field.name, field.kind) for field in self.fields)

    @property
    def has_customers(self) -> bool:
        """Whether its rows are about customers."""
        return any(field.name == CUSTOMER for field in self.fields)

    def row(self, source: Any) -> tuple[Any, ...]:
        """Return the cells of a row."""
        return tuple(field.of(source) for field in self.fields)


@lru_cache(maxsize=4_096)
def moment(text: str) -> datetime:
    """Return the instant of an RFC 3339 text, to the microsecond."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


@lru_cache(maxsize=4_096)
def day_of(text: str) -> date:
    """Return the business day of an RFC 3339 text.

    >>> day_of("2026-11-23T02:59:59Z")
    datetime.date(2026, 11, 22)
    """
    return moment(text).astimezone(BUSINESS_ZONE).date()


@lru_cache(maxsize=4_096)
def calendar_day(text: str | None) -> date | None:
    """Return the day of an ISO date."""
    return None if text is None else date.fromisoformat(text)


def amount(text: str | None) -> Decimal | None:
    """Return an amount of BRL to four places; None for one that no column of money holds.

    >>> amount("2990.50"), amount("1e14")
    (Decimal('2990.5000'), None)
    """
    if text is None or abs(exact := Decimal(text)) >= _TOO_MUCH:
        return None
    return exact.quantize(_FOUR_PLACES, ROUND_HALF_EVEN)


def key_of(kind: str, segment: str | None) -> str | None:
    """Return the key of a segment in `dim_segment`.

    >>> key_of("tier", "vip"), key_of("tier", None)
    ('tier:vip', None)
    """
    return None if segment is None else f"{kind}:{segment}"
