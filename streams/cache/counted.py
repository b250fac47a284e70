"""What profiles and events are counted as: fields of the hashes that `streams.counts` names."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nyxter_online.prfv import colour
from schemas.envelope import dumps
from schemas.instant import business_day
from schemas.outputs import JOURNEY_TRIGGERED
from streams.counts import BASE, INDICATORS, bin_of, field_of

_MANY: Final = 65_536

_field: Final = lru_cache(_MANY)(field_of)


class Move(NamedTuple):
    """What a segment event is counted as: a business day (ISO), and a field of its hash."""

    day: str
    field: str


def counted_as(profile: Mapping[str, Any]) -> str:
    """Return the fields of the counts that a profile is counted in: each once, one a line.

    Names of fields are JSON, which has no bare line feed, so any name can be in them.

    Raises KeyError or TypeError for what is no profile.
    """
    return "\n".join(dict.fromkeys(_fields(profile)))


def _fields(profile: Mapping[str, Any]) -> Iterator[str]:
    group, journey, marks = _group(tuple(profile["group"])), profile["journey"], profile["rfm"]
    yield BASE
    yield _field("tier", profile["tier"])
    yield _field("channel", profile["channel"])
    yield _field("profile", profile["consumption"]["segment"])
    for campaign in profile["campaigns"]:
        yield _field("campaign", campaign)
    yield _field("phase", journey["phase"] or "")
    for stage in journey["stages"]:
        yield _field("stage", journey["phase"], stage)
    yield _field("rfm", marks["segment"] if marks else "")
    if marks:
        yield _cell(marks["r"], marks["f"], marks["v"])
    for indicator in INDICATORS:
        yield _field("score", indicator, bin_of(profile[indicator]), group)
    for indicator, name in profile["bands"].items():
        yield _field("colour", indicator, name or "")
    yield _field("colour", "prfv", _colour(profile["prfv"]))
    yield _field("group", group)


@lru_cache(_MANY)
def _group(values: tuple[str, ...]) -> str:
    return dumps(values).decode()


@lru_cache
def _cell(*marks: int) -> str:
    return field_of("cell", *map(str, marks))


@lru_cache(_MANY)
def _colour(score: float | None) -> str:
    return "" if score is None else colour(round(score * 100)) or ""


def move_of(event: Mapping[str, Any]) -> Move:
    """Return what a segment change or a trigger is counted as.

    Raises KeyError, TypeError or ValueError for what is neither.

    >>> change = {"kind": "tier", "old": None, "new": "vip"}
    >>> move_of({"type": "x", "time": "2026-11-22T01:00:00Z", "data": change})
    Move(day='2026-11-21', field='["change","tier","","vip"]')
    """
    data, day = event["data"], business_day(event["time"]).isoformat()
    if event["type"] == JOURNEY_TRIGGERED:
        why = data["suppressed"] or ""
        return Move(day, _field("trigger", data["kind"], data["segment"], data["stage"], why))
    return Move(day, _field("change", data["kind"], data["old"] or "", data["new"] or ""))
