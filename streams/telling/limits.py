"""The limit of the rules that is nearest to a score."""

from collections.abc import Iterator
from typing import NamedTuple

from schemas.rules import TIERS, Rules


class Nearest(NamedTuple):
    """A limit, the tier or campaign that has it, and how far above it a score is (below: < 0)."""

    limit: float
    of: str
    distance: float


def limits_of(indicator: str, rules: Rules) -> Iterator[tuple[float, str]]:
    """Yield each limit of P, R, F, V or PRFV, and the tier or campaign that has it."""
    if indicator != "PRFV":
        yield from ((float(getattr(rules.tiers[tier], indicator)), tier) for tier in TIERS)
    for name, campaign in rules.campaigns.items():
        yield from ((float(limit), name) for i, _, limit in campaign.conditions if i == indicator)


def nearest(indicator: str, score: float | None, rules: Rules) -> Nearest | None:
    """Return the limit nearest to a score, None where there is no score or no limit.

    >>> from schemas.rules import read_rules
    >>> nearest("P", 78.5, read_rules(""))
    Nearest(limit=80.0, of='vip', distance=-1.5)
    """
    listed = list(limits_of(indicator, rules))
    if score is None or not listed:
        return None
    limit, name = min(listed, key=lambda pair: abs(score - pair[0]))
    return Nearest(limit, name, score - limit)
