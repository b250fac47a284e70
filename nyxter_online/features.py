"""What a customer's contracts and record tell: the mixture's four features, and the card's facts.

A row of features (`int64`) has the columns named here; arrays of them have the shape (n, 4).
"""

import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nyxter_online.registers import Contract, Record

BRANDS: Final = 0  # distinct brands
START: Final = 1  # the month in which the customer began, counted from January 1970
BAND: Final = 2  # revenue band 0-11, `UNKNOWN_BAND` where it is not known
CONTRACTS: Final = 3  # all contracts, whatever their status
WIDTH: Final = 4
NAMES: Final = ("brands", "start_month", "revenue_band", "contracts")

UNKNOWN_BAND: Final = -1
NO_FEATURES: Final = (0, 0, UNKNOWN_BAND, 0)

_MOST_BRANDS: Final = 255
_LAST_MONTH: Final = 1_023
_MOST_CONTRACTS: Final = 4_095
_ACTIVE: Final = "ATIVO"
_YEAR: Final = 12  # months
_NOTHING: Final = (0,) * _YEAR
_CATEGORIES: Final = ("RH", "GESTAO", "INFRA", "COMERCIAL", "FINANCEIRO")
_OTHER_CATEGORY: Final = "OUTROS"


def month_of(day: int) -> int:
    """Return the month of a day (proleptic ordinal), counted from January 1970."""
    return _month(date.fromordinal(day))


def _month(day: date) -> int:
    return (day.year - 1970) * _YEAR + day.month - 1


class _Traits(NamedTuple):
    """What one contract adds to the counts."""

    brand: str
    month: int
    active: bool
    hosting: str | None
    category: str


@lru_cache(maxsize=65_536)
def _traits(brand: str, product: str, status: str, signed_on: int, hosting: str | None) -> _Traits:
    active = status.strip().upper() == _ACTIVE
    return _Traits(brand, month_of(signed_on), active, hosting or None, category_of(product))


@lru_cache(maxsize=65_536)
def category_of(product: str) -> str:
    """Return the category of a product: the first word of its name, or "OUTROS".

    >>> category_of("Gestão de Pessoas"), category_of("Datasul MES")
    ('GESTAO', 'OUTROS')
    """
    plain = unicodedata.normalize("NFKD", product).encode("ascii", "ignore").decode().upper()
    first = plain.split(maxsplit=1)[:1]
    return first[0] if first and first[0] in _CATEGORIES else _OTHER_CATEGORY


class Portfolio:
    """Counts of a customer's contracts: one more or less costs the same however many there are."""

    __slots__ = ("_active", "_brands", "_categories", "_hostings", "_months", "contracts")

    def __init__(self) -> None:
        self.contracts = 0
        self._active = 0
        self._brands: dict[str, int] = {}
        self._months: dict[int, int] = {}
        self._hostings: dict[str, int] = {}
        self._categories: dict[str, int] = {}

    def count(self, contract: Contract, sign: int) -> None:
        """Add (1) or take away (-1) a contract."""
        _, _, _, _, brand, product, status, signed_on, hosting = contract
        traits = _traits(brand, product, status, signed_on, hosting)
        self.contracts += sign
        self._active += sign * traits.active
        _count(self._brands, traits.brand, sign)
        _count(self._months, traits.month, sign)
        _count(self._categories, traits.category, sign)
        if traits.hosting is not None:
            _count(self._hostings, traits.hosting, sign)

    @property
    def brands(self) -> int:
        """How many distinct brands there are."""
        return len(self._brands)

    @property
    def first_month(self) -> int | None:
        """The month of the first contract, None where there is none."""
        return min(self._months, default=None)

    def facts(self, month: int) -> Mapping[str, Any]:
        """Return what the card tells: active contracts, hires of 12 months up to `month`."""
        lately = range(month - _YEAR + 1, month + 1)
        hired = sum(map(self._months.get, lately, _NOTHING))
        return {
            "active_contracts": self._active,
            "hired_last_12_months": hired,
            "hosting": sorted(self._hostings),
            "product_categories": sorted(self._categories),
        }


def _count(counts: dict[Any, int], key: object, sign: int) -> None:
    count = counts.get(key, 0) + sign
    if count:
        counts[key] = count
    else:
        del counts[key]


NO_CONTRACTS: Final = Portfolio()


def features_of(portfolio: Portfolio, record: Record | None) -> tuple[int, int, int, int]:
    """Return the row of features of a customer who has a contract.

    The start is the record's `customer_since`, else the month of the first contract.
    """
    fields = record.fields if record is not None else {}
    since = fields.get("customer_since")
    start = portfolio.first_month if since is None else _month(date.fromisoformat(since))
    assert start is not None, "who has no contract has no features"
    return (
        portfolio.brands,
        start,
        int(fields.get("revenue_band", UNKNOWN_BAND)),
        portfolio.contracts,
    )


def clipped(row: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Return a row as the mixture takes it: bounded, so that its sums stay bounded."""
    brands, start, band, contracts = row
    return (
        min(brands, _MOST_BRANDS),
        min(max(start, 0), _LAST_MONTH),
        band,
        min(contracts, _MOST_CONTRACTS),
    )
