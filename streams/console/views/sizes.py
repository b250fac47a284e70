"""Sizes over time: what there was on each day, and what has changed since some days ago."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

Sizes = Mapping[date, Mapping[str, int]]
"""By day, by name, how many customers; a day of which nothing is known holds nothing."""


def over_days(
    sizes: Sizes, days: Sequence[date], names: Iterable[str]
) -> dict[str, list[int | None]]:
    """Return by name its size on each day; None where nothing is known of the day.

    >>> over_days({date(2026, 1, 2): {"vip": 3}}, [date(2026, 1, 1), date(2026, 1, 2)], ["vip"])
    {'vip': [None, 3]}
    """
    known = [sizes.get(day, {}) for day in days]
    return {name: [of.get(name, 0) if of else None for of in known] for name in names}


def before(sizes: Sizes, today: date, days: int) -> Mapping[str, int] | None:
    """Return the sizes as they were so many days ago; None where nothing is known of that day.

    >>> before({date(2026, 1, 1): {"vip": 3}}, date(2026, 1, 8), 7)
    {'vip': 3}
    """
    return sizes.get(today - timedelta(days)) or None


def last_days(today: date, count: int) -> list[date]:
    """Return so many days up to today, oldest first.

    >>> [day.day for day in last_days(date(2026, 1, 3), 3)]
    [1, 2, 3]
    """
    return [today - timedelta(ago) for ago in reversed(range(count))]
