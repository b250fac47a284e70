"""Which day it is where business is done."""

from collections.abc import Mapping
from datetime import date

from schemas.instant import business_today


def today_of(meta: Mapping[str, str], now_ms: int) -> date:
    """Return the business day: that of the clock, or the cards' where that is further on.

    >>> today_of({"day": "2026-11-24"}, 1_795_395_600_000).isoformat()
    '2026-11-24'
    >>> today_of({}, 1_795_395_600_000).isoformat()
    '2026-11-22'
    """
    clock, said = business_today(now_ms), meta.get("day")
    return max(clock, date.fromisoformat(said)) if said else clock
