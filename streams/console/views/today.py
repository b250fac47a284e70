"""Which day it is where business is done, and the days before it."""

from collections.abc import Mapping
from datetime import date, datetime

from schemas.instant import BUSINESS_ZONE


def today_of(meta: Mapping[str, str], now: datetime) -> date:
    """Return the business day: that of the clock, or the cards' where that is further on.

    >>> from datetime import UTC
    >>> today_of({"day": "2026-11-24"}, datetime(2026, 11, 23, 1, tzinfo=UTC)).isoformat()
    '2026-11-24'
    >>> today_of({}, datetime(2026, 11, 23, 1, tzinfo=UTC)).isoformat()
    '2026-11-22'
    """
    clock = now.astimezone(BUSINESS_ZONE).date()
    said = meta.get("day")
    return max(clock, date.fromisoformat(said)) if said else clock
