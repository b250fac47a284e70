"""Instants and days: RFC 3339 texts that sort as instants, and the business day."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

BUSINESS_ZONE = ZoneInfo("America/Sao_Paulo")

_LAST_MS = 253_402_300_799_999  # the end of the year 9999

_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]+))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_AND_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)


class Refused(ValueError):  # noqa: N818 - the field says an event is refused
    """An input that can't be taken; its text is the reason, without any value of the input."""


def instant(text: str) -> str:
    """Return an RFC 3339 timestamp as UTC text whose order as text is the order of instants.

    The fraction keeps every digit that counts, so two instants a picosecond apart stay apart.

    >>> instant("2026-11-02T12:00:00.50-03:00")
    '2026-11-02T15:00:00.5'
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise Refused("time is not an RFC 3339 timestamp")
    day, clock, fraction, offset = match.groups()
    try:
        whole = _utc(day, clock, "+00:00" if offset in ("Z", "z") else offset)
    except (ValueError, OverflowError) as error:
        raise Refused("time does not exist") from error
    fraction = (fraction or "").rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def _utc(day: str, clock: str, offset: str) -> str:
    leap = clock.endswith(":60")  # a leap second: the instant at which the next one begins
    moment = datetime.fromisoformat(f"{day}T{clock[:6]}59{offset}" if leap else f"{day}T{clock}")
    if offset == "+00:00" and not leap:
        return f"{day}T{clock}"
    zoned = moment if leap else datetime.fromisoformat(f"{day}T{clock}{offset}")
    return (zoned.astimezone(UTC) + timedelta(seconds=leap)).isoformat()[:19]


def instant_of(timestamp_ms: int) -> str:
    """Return the instant of a Kafka timestamp (milliseconds since 1970, UTC; at most year 9999).

    >>> instant_of(1_793_629_800_250)
    '2026-11-02T14:30:00.25'
    """
    timestamp_ms = min(timestamp_ms, _LAST_MS)
    moment = datetime.fromtimestamp(timestamp_ms // 1000, UTC)
    fraction = f"{timestamp_ms % 1000:03d}".rstrip("0")
    whole = moment.isoformat()[:19]
    return f"{whole}.{fraction}" if fraction else whole


def latest_allowed(timestamp_ms: int) -> str:
    """Return the instant 24 hours after a Kafka timestamp: a later event is refused."""
    return instant_of(timestamp_ms + 86_400_000)


def end_of_day_ms(day: date) -> int:
    """Return the first millisecond after a business day, as milliseconds since 1970."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=BUSINESS_ZONE)
    if day == date.max:
        return _LAST_MS
    after = (midnight + timedelta(days=1)).astimezone(UTC)
    return int(after.timestamp() * 1000)


def business_today(timestamp_ms: int) -> date:
    """Return the business day of an instant given in milliseconds since 1970."""
    return datetime.fromtimestamp(timestamp_ms / 1000, BUSINESS_ZONE).date()


@lru_cache(maxsize=65_536)
def business_day(text: str) -> date:
    """Return the business day of a date, or of a date with a time of day.

    With an offset it is converted to `BUSINESS_ZONE` first; without one it is local.

    >>> business_day("2026-11-02T01:30:00Z")
    datetime.date(2026, 11, 1)
    """
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
        match = _DAY_AND_TIME.fullmatch(text)
        if match:
            moment = datetime.fromisoformat(text.upper())
            return (moment.astimezone(BUSINESS_ZONE) if match[1] else moment).date()
    except (ValueError, OverflowError) as error:
        raise ValueError("is a date that does not exist") from error
    raise ValueError("is not a date (YYYY-MM-DD)")
