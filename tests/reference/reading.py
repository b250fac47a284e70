"""From what an event says to exact values: instants, days, money, bands, canonical JSON."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785

BUSINESS_ZONE = ZoneInfo("America/Sao_Paulo")
DAY, HOUR, MINUTE = 86_400, 3_600, 60
STAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt]"
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d(\.\d+)?)"
    r"(?P<offset>[Zz]|[+-]\d\d:\d\d)?",
    re.ASCII,
)


def instant_of(text: str) -> Fraction:
    """Seconds from the start of the (UTC) year 1 to an RFC 3339 stamp, every digit kept."""
    stamp = _match(text)
    if stamp["offset"] is None:
        raise ValueError(f"an instant needs an offset: {text}")
    clock = int(stamp["hour"]) * HOUR + int(stamp["minute"]) * MINUTE + Fraction(stamp["second"])
    days = date.fromisoformat(stamp["day"]).toordinal() - 1
    return days * DAY + clock - _offset_seconds(stamp["offset"])


def end_of_day(day: date) -> Fraction:
    """The instant at which `day` is over in the business time zone."""
    tomorrow = day + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=BUSINESS_ZONE)
    return instant_of(midnight.astimezone(UTC).isoformat())


def business_day(text: str) -> date:
    """The day an `ordered_on` names: with an offset, that instant's day in the business zone."""
    if "T" not in text.upper():
        return date.fromisoformat(text)
    stamp = _match(text)
    if stamp["offset"] is None:
        return date.fromisoformat(stamp["day"])
    moment = datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=floor(instant_of(text)))
    return moment.astimezone(BUSINESS_ZONE).date()


def decimal_of(number: str | float | Decimal) -> Decimal:
    """The decimal as written: a float stands for the shortest text that names it."""
    return Decimal(str(number))


def revenue_band(band: int | str) -> int:
    """The ordinal of a revenue band; -1 where it says that there is no information."""
    if band == "SEM INFORMAÇÕES":
        return -1
    return int(band.removeprefix("FAIXA ")[:2]) if isinstance(band, str) else band


def without_nulls(data: dict[str, Any] | None) -> dict[str, Any]:
    """The fields that are there: a JSON null is a missing field."""
    return {name: value for name, value in (data or {}).items() if value is not None}


def canonical_json(data: Any) -> bytes:
    """`data` as RFC 8785 writes it: sorted keys, every number as its IEEE double."""
    return rfc8785.dumps(_with_doubles(data))


def _with_doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_doubles(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_with_doubles(inner) for inner in value]
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return float(value)
    return value


def _match(text: str) -> re.Match[str]:
    stamp = STAMP.fullmatch(text)
    if stamp is None:
        raise ValueError(f"not an RFC 3339 stamp: {text}")
    return stamp


def _offset_seconds(offset: str) -> int:
    if offset in "Zz":
        return 0
    seconds = int(offset[1:3]) * HOUR + int(offset[4:6]) * MINUTE
    return -seconds if offset[0] == "-" else seconds
