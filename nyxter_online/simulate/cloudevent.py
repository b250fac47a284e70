"""One simulated event, and how its instant, its days and its money are written."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from schemas.instant import BUSINESS_ZONE

PURCHASE_RECORDED: Final = "nyxter.purchase.recorded.v1"
PURCHASE_CANCELLED: Final = "nyxter.purchase.cancelled.v1"
CONTRACT_RECORDED: Final = "nyxter.contract.recorded.v1"
CUSTOMER_RECORDED: Final = "nyxter.customer.recorded.v1"
CUSTOMER_ERASED: Final = "nyxter.customer.erased.v1"

_SOURCES: Final = {
    PURCHASE_RECORDED: "/erp/pedidos",
    PURCHASE_CANCELLED: "/erp/pedidos",
    CONTRACT_RECORDED: "/crm/contratos",
    CUSTOMER_RECORDED: "/crm/clientes",
    CUSTOMER_ERASED: "/crm/clientes",
}

Data = dict[str, Any]
CloudEvent = dict[str, Any]


class Happening(NamedTuple):
    """An event that has no name yet: CloudEvents type, customer, instant and data."""

    kind: str
    subject: str
    moment: datetime
    data: Data


def cloudevent(kind: str, name: str, subject: str, time: str, data: Data) -> CloudEvent:
    """Return the event of type `kind` that is called `name`, in CloudEvents 1.0 attributes."""
    return {
        "specversion": "1.0",
        "id": name,
        "source": _SOURCES[kind],
        "type": kind,
        "subject": subject,
        "time": time,
        "data": data,
    }


def stamp(moment: datetime) -> str:
    """Return an aware instant as RFC 3339 text in UTC, to the millisecond.

    >>> stamp(datetime(2026, 11, 22, 13, 0, 0, 250_000, tzinfo=UTC))
    '2026-11-22T13:00:00.250Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_day(moment: datetime) -> str:
    """Return the business day of an aware instant as YYYY-MM-DD.

    >>> local_day(datetime(2026, 11, 22, 2, 59, tzinfo=UTC))
    '2026-11-21'
    """
    return moment.astimezone(BUSINESS_ZONE).date().isoformat()


@cache
def day_text(today: date, age: int) -> str:
    """Return the day `age` days before `today` (after it where negative) as YYYY-MM-DD.

    >>> day_text(date(2026, 11, 22), 22)
    '2026-10-31'
    """
    return (today - timedelta(days=age)).isoformat()


def money_text(cents: int) -> str:
    """Return an amount in cents as a decimal text with two places.

    >>> money_text(123_405), money_text(-7)
    ('1234.05', '-0.07')
    """
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
