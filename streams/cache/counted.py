"""What profiles and events are counted as: fields of the hashes that `streams.counts` names."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nyxter_online.prfv import colour
from schemas.envelope import dumps
from schemas.instant import business_day
from schemas.outputs import JOURNEY_TRIGGERED
from streams.counts import BASE, INDICATORS, bin_of, field_of

_MANY: Final = 65_536

_UNMARKED: Final = field_of("rfm", "")
_field: Final = lru_cache(_MANY)(field_of)


class Move(NamedTuple):
    """What a segment event is counted as: a business day (ISO), and a field of its hash."""

    day: str
    field: str


def counted_as(profile: Mapping[str, Any]) -> str:
    """Return the fields of the counts that a profile is counted in: each once, in slots.

    A slot holds what changes together: its fields have tabs between them, slots line feeds, neither
    of which is in JSON as it is. Comparing slot by slot, ``card.lua`` looks into few of them.

    Raises KeyError or TypeError for what is no profile.
    """
    journey, marks, group = profile["journey"], profile["rfm"], _group(tuple(profile["group"]))
    place = journey["phase"], tuple(journey["stages"])
    slots = [
        _kept(profile["channel"], profile["consumption"]["segment"], *place, group),
        _sold(profile["tier"], tuple(profile["campaigns"])),
        _marked(*(marks[name] for name in ("segment", "r", "f", "v"))) if marks else _UNMARKED,
        _coloured(tuple(profile["bands"].items()), _colour(profile["prfv"])),
    ]
    slots += (_field("score", name, bin_of(profile[name]), group) for name in INDICATORS)
    return "\n".join(slots)


def fields_of(counted: str) -> list[str]:
    r"""Return the fields that `counted_as` put together.

    >>> fields_of('["base"]\t["channel","padrao"]\n["tier","vip"]')
    ['["base"]', '["channel","padrao"]', '["tier","vip"]']
    """
    return counted.replace("\n", "\t").split("\t")


@lru_cache(_MANY)
def _group(values: tuple[str, ...]) -> str:
    return dumps(values).decode()


@lru_cache(_MANY)
def _kept(
    channel: str, profile: str, phase: str | None, stages: tuple[str, ...], group: str
) -> str:
    fields = [BASE, field_of("channel", channel), field_of("profile", profile)]
    fields += [field_of("group", group), field_of("phase", phase or "")]
    return "\t".join(fields + [field_of("stage", phase or "", one) for one in _once(stages)])


@lru_cache(_MANY)
def _sold(tier: str, campaigns: tuple[str, ...]) -> str:
    named = (field_of("campaign", campaign) for campaign in _once(campaigns))
    return "\t".join([field_of("tier", tier), *named])


@lru_cache(_MANY)
def _marked(segment: str, *marks: int) -> str:
    return "\t".join([field_of("rfm", segment), field_of("cell", *map(str, marks))])


@lru_cache(_MANY)
def _coloured(bands: tuple[tuple[str, str | None], ...], prfv: str) -> str:
    return "\t".join(
        field_of("colour", name, colour or "") for name, colour in (*bands, ("prfv", prfv))
    )


def _once(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(names)


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
