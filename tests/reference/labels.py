"""What the scores mean: colour, tier, campaigns and the RFM segment."""

from decimal import Decimal
from fractions import Fraction
from operator import eq, ge, gt, le, lt
from typing import Any

from reference.figures import Figures
from reference.reading import decimal_of
from reference.scores import half_up
from reference.settings import INDICATORS, Settings

COMPARISONS = {">": gt, ">=": ge, "<": lt, "<=": le, "=": eq}


def colour_of(score: Decimal | None) -> str | None:
    """Azul to 33, verde to 67, vermelho above, of the score rounded to an integer."""
    if score is None:
        return None
    whole = half_up(Fraction(score), 0)
    if whole <= 33:
        return "azul"
    return "verde" if whole <= 67 else "vermelho"


def tier_of(scores: dict[str, Decimal | None], settings: Settings) -> str:
    """The first tier whose every limit is reached; a score that is null is not asked."""
    for tier in ("vip", "medio"):
        limits = settings.tiers[tier]
        if all(score is None or score >= limits[name] for name, score in scores.items()):
            return tier
    return "pequeno"


def campaigns_of(
    scores: dict[str, Decimal | None], figures: Figures, settings: Settings
) -> list[str]:
    """The names of every campaign whose conditions all hold, in the order of the rules."""
    return [
        name
        for name, rule in settings.campaigns.items()
        if ("after a first sale" not in rule or figures.first_sale is not None)
        and all(_holds(scores[name], rule[name]) for name in INDICATORS if name in rule)
    ]


def _holds(score: Decimal | None, condition: str) -> bool:
    """`"> 0, < 55"`: all of the comparisons; none of them holds for a score that is null."""
    if score is None:
        return False
    comparisons = [part.split() for part in condition.split(",")]
    return all(COMPARISONS[sign](score, decimal_of(limit)) for sign, limit in comparisons)


def rfm_of(everyone: dict[str, Figures], settings: Settings) -> dict[str, dict[str, Any] | None]:
    """Everyone's RFM quarters and segment among all who bought in the period; None for others."""
    buyers = [figures for figures in everyone.values() if figures.orders]
    days = [figures.last_sale for figures in buyers]
    values = [figures.value_figure for figures in buyers]
    found: dict[str, dict[str, Any] | None] = dict.fromkeys(everyone)
    for name, figures in everyone.items():
        if figures.orders:
            r = _quarter(figures.last_sale, days)
            f = min(4, figures.orders)
            v = _quarter(figures.value_figure, values)
            segment = _segment(r + f + v, settings)
            found[name] = {"r": r, "f": f, "v": v, "total": r + f + v, "segment": segment}
    return found


def _quarter(mine: Any, all_buyers: list[Any]) -> int:
    worse = sum(1 for other in all_buyers if other < mine)
    same = sum(1 for other in all_buyers if other == mine)
    return min(4, 1 + 4 * (2 * worse + same) // (2 * len(all_buyers)))


def _segment(total: int, settings: Settings) -> str:
    reached = [segment for segment in settings.segments if segment["from"] <= total]
    return str(max(reached, key=lambda segment: segment["from"])["name"])
