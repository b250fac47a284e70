"""Where a customer's figures stand: the rank behind each score, and what is missing to the next.

A score is a rank, so what is missing in money, days or orders is told by the snapshot's own scale,
read backwards: the least figure that has the score asked for. It holds as long as nobody else moves
and the customer's own move changes no other figure: it is told as "about".
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np

from nyxter_online.customer import Period
from nyxter_online.figures import FIRST, ORDERS, WIDTH, Ints, amount_of, four_digits, frequency
from nyxter_online.population import NONE
from nyxter_online.prfv import hundredths
from nyxter_online.ranks import Scale, Snapshot
from schemas.rules import TIERS, Rules

Card = Mapping[str, Any]

_MANTISSA: Final = 10_000
_LEAST_MANTISSA: Final = 1_000
_MOST_ORDERS: Final = 100_000
_LEAST: Final = {"V": four_digits(Decimal("0.01"))}


class Rank(NamedTuple):
    """A customer's place among those of the group who have a figure, 1 the best."""

    place: int
    of: int


class Limit(NamedTuple):
    """A limit of a tier: the tier, its score, and how far above it a score is (below: negative)."""

    tier: str
    score: Decimal
    distance: Decimal


class Missing(NamedTuple):
    """What is missing to a score; one of them is not None.

    Attributes
    ----------
    money
        More sales in the period, in BRL.
    orders
        More orders in the period.
    since
        The day that the last sale would have to be on, or later.
    points
        More points of potential.

    """

    money: Decimal | None = None
    orders: int | None = None
    since: date | None = None
    points: Decimal | None = None


def limits(indicator: str, score: float | None, rules: Rules) -> list[Limit]:
    """Return the limits of the tiers on a score, the lowest first; nothing where it is null."""
    if score is None:
        return []
    exact = Decimal(str(score))
    listed = [(getattr(rules.tiers[tier], indicator), tier) for tier in TIERS]
    return [Limit(tier, limit, exact - limit) for limit, tier in sorted(listed)]


def nearest(indicator: str, score: float | None, rules: Rules) -> Limit | None:
    """Return the next limit above a score; above all, the highest; None where there is no score."""
    listed = limits(indicator, score, rules)
    return next((limit for limit in listed if limit.distance < 0), listed[-1] if listed else None)


def figure(indicator: str, card: Card) -> int | None:
    """Return the figure that a customer is ranked by, None where there is nothing to rank."""
    raw = card["raw"]
    if indicator == "P":
        points = None if raw["potential"] is None else int(Decimal(raw["potential"]) * 1000)
        return points or None
    if raw["last_sale"] is None:
        return None
    if indicator == "R":
        return date.fromisoformat(raw["last_sale"]).toordinal()
    if indicator == "F":
        return int(Decimal(str(raw["frequency"])) * 1000)
    return four_digits(Decimal(raw["value"])) or None


def rank(indicator: str, card: Card, snapshot: Snapshot) -> Rank | None:
    """Return a customer's place in the group, None where there is nothing to rank."""
    own = figure(indicator, card)
    if own is None:
        return None
    counts = snapshot.population.get((indicator, tuple(card["group"])), NONE)
    counted = counts.figures > 0 if indicator == "V" else np.ones(len(counts.figures), np.bool_)
    better = int(counts.counts[counted & (counts.figures > own)].sum())
    return Rank(better + 1, max(int(counts.counts[counted].sum()), better + 1))


def missing(
    indicator: str, card: Card, limit: Limit, snapshot: Snapshot, rules: Rules
) -> Missing | None:
    """Return what is missing to a limit, None where that cannot be told.

    It cannot where the card was scored by other rules than the snapshot or these, and where nobody
    of the group has such a score.
    """
    if not card["rules"] == snapshot.rules == rules.version or limit.distance >= 0:
        return None
    scale = snapshot.scale((indicator, tuple(card["group"])))
    period = Period(date.fromisoformat(card["day"]).toordinal(), rules)
    first = period.start if indicator == "R" else _LEAST.get(indicator, 1)
    least = least_figure(indicator, scale, hundredths(limit.score), first)
    own = figure(indicator, card) or 0
    if least is None or least <= own:
        return None
    if indicator == "P":
        return Missing(points=Decimal(least - own) / 1000)
    if indicator == "R":
        return Missing(since=date.fromordinal(least))
    if indicator == "F":
        orders = _orders(card, least, period)
        return None if orders is None else Missing(orders=orders)
    return Missing(money=max(Decimal(0), amount_of(least) - Decimal(card["raw"]["value"])))


def least_figure(indicator: str, scale: Scale, score: int, first: int) -> int | None:
    """Return the least figure with a score (hundredths) or a better one, None where none has it.

    `first` is the least figure that there can be: in a small group every figure may score enough.
    """
    held = int(np.searchsorted(scale.held, score))
    added = int(np.searchsorted(scale.added, score))
    found = [int(scale.figures[held])] if held < len(scale.figures) else []
    if not added:
        found.append(first)
    elif added < len(scale.added):
        found.append(_next(indicator, int(scale.figures[added - 1])))
    return min(found, default=None)


def _next(indicator: str, own: int) -> int:
    """Return the figure after one: amounts have four digits, so 9999 is followed by 1000."""
    if indicator == "V" and own % _MANTISSA == _MANTISSA - 1:
        return own + 1 + _LEAST_MANTISSA
    return own + 1


def _orders(card: Card, least: int, period: Period) -> int | None:
    """Return how many more orders make a frequency (thousandths)."""
    raw = card["raw"]
    if raw["first_sale"] is None:
        return None
    more = np.arange(raw["orders"] + 1, raw["orders"] + 1 + _MOST_ORDERS)
    rows: Ints = np.zeros((len(more), WIDTH), np.int64)
    rows[:, ORDERS] = more
    rows[:, FIRST] = date.fromisoformat(raw["first_sale"]).toordinal()
    enough = int(np.searchsorted(frequency(rows, period), least))
    return enough + 1 if enough < len(more) else None
