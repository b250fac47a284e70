"""Outputs made from rows of scores: profiles, segment changes and their why.

They are built as plain values in the shape of the models in `schemas/outputs.py`, which the tests
hold them against: building the models takes four times as long (docs/decisions/0002).
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from nyxter_online.consumption import NAMES, Consumption
from nyxter_online.customer import EXACT
from nyxter_online.figures import FIRST, LAST, ORDERS, POTENTIAL, Group
from nyxter_online.labels import Labels
from nyxter_online.prfv import (
    CAMPAIGNS,
    NULL,
    PRFV,
    RFM,
    SEGMENT,
    TIER,
    TIER_NAMES,
    F,
    P,
    R,
    V,
    colour,
)
from nyxter_online.registers import NEVER
from nyxter_online.standing import PROFILE
from schemas.envelope import Envelope, dumps
from schemas.outputs import SEGMENT_CHANGED, SOURCE, Cause

Json = dict[str, Any]
Row = Sequence[int]  # of scores, as in prfv.py

_CENTS: Final = Decimal("0.01")


class Occasion(NamedTuple):
    """When and by what a customer was scored.

    Attributes
    ----------
    cause
        What changes are put down to.
    at
        RFC 3339 time of the batch or sweep.
    day, snapshot, rules
        The day (proleptic ordinal), the number of the snapshot and the version of the rules.
    event
        The customer's event: the causing one, or the one before which the customer was met. None
        in a sweep.
    epoch
        The number of the epoch in use, 0: none.

    """

    cause: Cause
    at: str
    day: int
    snapshot: int
    rules: str
    event: Envelope | None
    epoch: int = 0

    def name(self) -> list[Any]:
        """Return what makes ids of changes on this occasion differ from all others."""
        swept = [self.cause, self.day, self.snapshot, self.rules, self.epoch]
        if self.event is None:
            return swept
        digest = hashlib.blake2b(self.event.canonical, digest_size=8).hexdigest()
        named = [*self.event[:3], self.event.type, digest]
        return named if self.cause == "customer" else swept + named


class Facts(NamedTuple):
    """What is known of one customer beside the scores.

    Attributes
    ----------
    row
        The raw figures, a row of `figures.py`.
    frequency
        In thousandths.
    value
        The exact sum of the period.
    consumption
        What the mixture knows.

    """

    row: Sequence[int]
    frequency: int
    value: Decimal
    consumption: Consumption


def profile_of(
    customer_id: str,
    facts: Facts,
    row: Row,
    group: Group,
    occasion: Occasion,
    labels: Labels,
) -> Json:
    """Return the profile (`schemas.outputs.Profile`) of a scored customer."""
    tier = TIER_NAMES[row[TIER]]
    scores = _scores(row)
    return {
        "customer_id": customer_id,
        **scores,
        "bands": {
            "P": colour(row[P]),
            "R": colour(row[R]),
            "F": colour(row[F]),
            "V": colour(row[V]),
        },
        "tier": tier,
        "campaigns": labels.campaign_names(row[CAMPAIGNS]),
        "channel": labels.channels[tier],
        "rfm": _marks(row, labels),
        "consumption": facts.consumption.told(row[PROFILE]),
        "journey": labels.journey.place(_named(NAMES, row[PROFILE])),
        "raw": _raw(facts),
        "features": facts.consumption.told_features(),
        "portfolio": facts.consumption.facts,
        "group": group,
        "day": _iso(occasion.day),
        "snapshot": occasion.snapshot,
        "rules": occasion.rules,
    }


def segment_changes(
    customer_id: str,
    old: Row,
    new: Row,
    profile: Json | None,
    facts: Facts,
    occasion: Occasion,
    labels: Labels,
) -> Iterator[Json]:
    """Yield an event (`schemas.outputs.SegmentChanged`) for each label that changed.

    `profile` is the one after the change, None where the customer is gone.
    """
    before = _scores(old) if old[TIER] != NULL else None
    after = _scores(new) if profile is not None else None
    for kind, name, left, entered in _moves(old, new, labels):
        boundary = _boundary(kind, name, new, labels) if profile is not None else None
        consumption = facts.consumption.why() if kind == "profile" and profile else None
        data = {
            "kind": kind,
            "old": left,
            "new": entered,
            "scores": after,
            "raw": profile["raw"] if profile is not None else None,
            "features": profile["features"] if profile is not None else None,
            "why": _why(occasion, before, after, boundary) | {"profile": consumption},
        }
        named = [kind, name, left, entered, *occasion.name()]
        yield output_event(SEGMENT_CHANGED, customer_id, named, occasion, data)


def output_event(
    event_type: str, customer_id: str, named: Sequence[Any], occasion: Occasion, data: Json
) -> Json:
    """Return an output as a CloudEvent; its id names the customer and what `named` holds."""
    return {
        "specversion": "1.0",
        "id": hashlib.blake2b(dumps([customer_id, *named]), digest_size=16).hexdigest(),
        "source": SOURCE,
        "type": event_type,
        "subject": customer_id,
        "time": occasion.at,
        "datacontenttype": "application/json",
        "data": data,
    }


def why_released(occasion: Occasion, row: Row) -> Json:
    """Return the why (`schemas.outputs.Why`) of a trigger that fires because it was released."""
    scores = _scores(row)
    return _why(occasion, scores, scores, None) | {"profile": None}


def _scores(row: Row) -> Json:
    return {
        "P": None if row[P] == NULL else row[P] / 100,
        "R": row[R] / 100,
        "F": row[F] / 100,
        "V": row[V] / 100,
        "prfv": None if row[PRFV] == NULL else row[PRFV] / 100,
    }


def _marks(row: Row, labels: Labels) -> Json | None:
    if row[SEGMENT] == NULL:
        return None
    r, f, v = row[RFM]
    segment = labels.segments[row[SEGMENT]]
    return {"r": r, "f": f, "v": v, "total": r + f + v, "segment": segment}


def _raw(facts: Facts) -> Json:
    row = facts.row
    return {
        "potential": _points(row[POTENTIAL]),
        "last_sale": _iso(row[LAST]),
        "first_sale": _iso(row[FIRST]),
        "orders": row[ORDERS],
        "frequency": facts.frequency / 1000 if row[ORDERS] else 0.0,
        "value": _money(facts.value),
    }


@lru_cache(maxsize=4096)
def _points(thousandths: int) -> str | None:
    if thousandths == NULL:
        return None
    return f"{Decimal(thousandths).scaleb(-3).normalize():f}"


@lru_cache(maxsize=4096)
def _iso(day: int) -> str | None:
    return None if day == NEVER else date.fromordinal(day).isoformat()


def _money(amount: Decimal) -> str:
    """Return an amount with two decimals, or more where it has more."""
    if amount.as_tuple().exponent == -2:  # noqa: PLR2004 - cents, as nearly always
        return f"{amount:f}"
    least = EXACT.normalize(amount)
    if int(least.as_tuple().exponent) > -2:  # noqa: PLR2004
        least = EXACT.quantize(least, _CENTS)
    return f"{least:f}"


def _moves(old: Row, new: Row, labels: Labels) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Yield kind, name, segment left and segment entered of each label that changed.

    The profile comes first: its trigger is the one that a weekly cap lets pass.
    """
    if old[PROFILE] != new[PROFILE]:
        yield "profile", "", _named(NAMES, old[PROFILE]), _named(NAMES, new[PROFILE])
    if old[TIER] != new[TIER]:
        yield "tier", "", _named(TIER_NAMES, old[TIER]), _named(TIER_NAMES, new[TIER])
    was, is_now = max(old[CAMPAIGNS], 0), max(new[CAMPAIGNS], 0)
    for name in labels.campaign_names(was & ~is_now):
        yield "campaign", name, name, None
    for name in labels.campaign_names(is_now & ~was):
        yield "campaign", name, None, name
    if old[SEGMENT] != new[SEGMENT]:
        names = labels.segments
        yield "rfm", "", _named(names, old[SEGMENT]), _named(names, new[SEGMENT])


def _named(names: Sequence[str], index: int) -> str | None:
    return None if index == NULL else names[index]


def _why(
    occasion: Occasion, before: Json | None, after: Json | None, boundary: Json | None
) -> Json:
    event = occasion.event if occasion.cause == "customer" else None
    return {
        "cause": occasion.cause,
        "event": event
        and {"id": event.id, "source": event.source, "type": event.type, "time": event.time + "Z"},
        "day": _iso(occasion.day),
        "snapshot": occasion.snapshot,
        "before": before,
        "after": after,
        "boundary": boundary,
    }


def _boundary(kind: str, name: str, row: Row, labels: Labels) -> Json | None:
    """Return the limit of the rules that lies nearest to the scores, of those the label reads."""
    if kind == "profile":
        return None
    if kind == "rfm":
        return _rfm_boundary(row, labels)
    limits = labels.tier_limits if kind == "tier" else labels.campaign_limits[name]
    near = [
        (abs(row[column] - limit), indicator, limit, row[column])
        for column, indicator, limit in limits
        if row[column] != NULL
    ]
    if not near:
        return None
    _, indicator, limit, score = min(near)
    return {"indicator": indicator, "limit": limit / 100, "distance": (score - limit) / 100}


def _rfm_boundary(row: Row, labels: Labels) -> Json | None:
    total = sum(row[RFM])
    starts = labels.segment_starts
    if not total or not starts:
        return None
    limit = min(starts, key=lambda start: (abs(total - start), start))
    return {"indicator": "RFM", "limit": float(limit), "distance": float(total - limit)}
