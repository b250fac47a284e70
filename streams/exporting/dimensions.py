"""The small dimensions: days, and the segments and stages that the rules name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from schemas.campaign import Campaign
from schemas.journey import PROFILES
from schemas.rules import INDICATORS, OTHER_TIER, RFM_TOTALS, TIERS, Limits, Rules
from streams.exporting.schema import Field, Schema, key_of

_MONTHS: Final = (
    *("janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto"),
    *("setembro", "outubro", "novembro", "dezembro"),
)
_WEEKDAYS: Final = (
    *("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira"),
    *("sábado", "domingo"),
)
_FRIDAY: Final = 5
_SIGNS: Final = {">=": "≥", "<=": "≤"}

Row = tuple[Any, ...]
Named = tuple[str, str]
"""Kind and name of a segment, or phase and stage."""


def _at(place: int) -> Any:
    return lambda row: row[place]


DAYS: Final = Schema(
    "dim_day",
    "One day, without gaps, from the first year with data to the end of this one.",
    (
        Field("day", "date", "The day", lambda day: day),
        Field("year", "integer", "Year", lambda day: day.year),
        Field("quarter", "integer", "Quarter, 1–4", lambda day: (day.month + 2) // 3),
        Field("month", "integer", "Month, 1–12", lambda day: day.month),
        Field("month_name", "text", "Its name in Portuguese", lambda day: _MONTHS[day.month - 1]),
        Field("year_month", "text", "Such as 2026-11", lambda day: f"{day:%Y-%m}"),
        Field("iso_week", "integer", "ISO week", lambda day: day.isocalendar().week),
        Field("weekday", "integer", "1 Monday – 7 Sunday", lambda day: day.isoweekday()),
        Field(
            "weekday_name", "text", "Its name in Portuguese", lambda day: _WEEKDAYS[day.weekday()]
        ),
        Field(
            "is_weekend",
            "flag",
            "Whether it is a Saturday or a Sunday",
            lambda day: day.isoweekday() > _FRIDAY,
        ),
    ),
    ("day",),
    is_dated=False,
)

SEGMENTS: Final = Schema(
    "dim_segment",
    "One segment: of the rules, or met in what was exported here.",
    (
        Field("segment_key", "text", "Kind and name: unique", _at(0)),
        Field("kind", "text", "tier, campaign, rfm or profile", _at(1)),
        Field("segment", "text", "Name", _at(2)),
        Field("position", "integer", "Order within its kind, to sort by", _at(3)),
        Field("condition", "text", "What the rules ask for", _at(4)),
        Field("in_force", "flag", "Whether the rules of the last export name it", _at(5)),
    ),
    ("kind", "position", "segment"),
    is_dated=False,
)

STAGES: Final = Schema(
    "dim_stage",
    "One stage of the journey: of the rules, or met in what was exported here.",
    (
        Field("stage", "text", "Name: unique", _at(0)),
        Field("phase", "text", "Its phase", _at(1)),
        Field("phase_position", "integer", "Order of the phase", _at(2)),
        Field("stage_position", "integer", "Order of the stage within the journey", _at(3)),
        Field("in_force", "flag", "Whether the rules of the last export name it", _at(4)),
    ),
    ("phase_position", "stage_position", "stage"),
    is_dated=False,
)


def days(first: date, last: date) -> Iterator[date]:
    """Yield every day from the start of a first day's year to the end of a last one's."""
    start, end = date(first.year, 1, 1), date(last.year, 12, 31)
    return (start + timedelta(days=n) for n in range((end - start).days + 1))


def segment_rows(rules: Rules, met: Iterable[Named], before: Iterable[Row]) -> list[Row]:
    """Return the rows of `dim_segment`: of the rules, then others met now or before."""
    named = [
        (key_of(kind, name), kind, name, position, condition, True)
        for kind, listed in _segments(rules).items()
        for position, (name, condition) in enumerate(listed.items(), 1)
    ]
    others = [(key_of(kind, name), kind, name, None, None, False) for kind, name in sorted(met)]
    return _once([*named, *((*row[:-1], False) for row in before), *others])


def stage_rows(rules: Rules, met: Iterable[Named], before: Iterable[Row]) -> list[Row]:
    """Return the rows of `dim_stage`: of the rules, then others met now or before."""
    stages = [
        (stage, phase.name, number)
        for number, phase in enumerate(rules.journey.phases, 1)
        for stage in phase.stages
    ]
    named = [(*stage, position, True) for position, stage in enumerate(stages, 1)]
    others = [(stage, phase, None, None, False) for phase, stage in sorted(met)]
    return _once([*named, *((*row[:-1], False) for row in before), *others])


def _once(rows: Iterable[Row]) -> list[Row]:
    """Return the first row of each key."""
    first: dict[Any, Row] = {}
    for row in rows:
        first.setdefault(row[0], row)
    return list(first.values())


def _segments(rules: Rules) -> Mapping[str, Mapping[str, str | None]]:
    """Return by kind the segments of the rules in their order, each with its condition."""
    tiers = {tier: _limits(rules.tiers[tier]) for tier in TIERS}
    return {
        "tier": {**tiers, OTHER_TIER: "demais"},
        "rfm": dict(_totals(rules)),
        "campaign": {name: _conditions(campaign) for name, campaign in rules.campaigns.items()},
        "profile": dict.fromkeys(PROFILES),
    }


def _limits(limits: Limits) -> str:
    return ", ".join(f"{name} ≥ {_plain(getattr(limits, name))}" for name in INDICATORS)


def _conditions(campaign: Campaign) -> str:
    told = [
        f"{indicator} {_SIGNS.get(sign, sign)} {_plain(limit)}"
        for indicator, sign, limit in campaign.conditions
    ]
    return ", ".join([*told, *(["após a primeira venda"] if campaign.after_first_sale else [])])


def _totals(rules: Rules) -> Iterator[tuple[str, str]]:
    starts: Sequence[int] = [segment.from_ for segment in rules.rfm.segments]
    ends = [start - 1 for start in starts[1:]] + [RFM_TOTALS[-1]]
    for segment, start, end in zip(rules.rfm.segments, starts, ends, strict=True):
        yield segment.name, f"R + F + V = {start}" + (f"–{end}" if end > start else "")


def _plain(number: Decimal) -> str:
    """Return a number as people write it in Portuguese.

    >>> _plain(Decimal("80.50")), _plain(Decimal("100"))
    ('80,5', '100')
    """
    told = f"{number:f}"
    return (told.rstrip("0").rstrip(".") if "." in told else told).replace(".", ",")
