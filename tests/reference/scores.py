"""From raw figures to scores: everyone against everyone of the same group."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from reference.figures import Figures
from reference.settings import Settings

# What is ranked of a customer; None or a false value where there is nothing to rank.
RANKED: dict[str, Callable[[Figures], Any]] = {
    "P": lambda figures: figures.points or None,
    "R": lambda figures: figures.last_sale,
    "F": lambda figures: figures.frequency if figures.orders else None,
    "V": lambda figures: figures.value_figure or None,
}


def half_up(number: Fraction, places: int) -> Decimal:
    """A number of 0 or more rounded to so many decimals, halves up, exactly."""
    return Decimal(floor(number * 10**places + Fraction(1, 2))).scaleb(-places)


def scores_of(
    everyone: dict[str, Figures], settings: Settings
) -> dict[str, dict[str, Decimal | None]]:
    """P, R, F and V of everyone; P is None where no attribute of the rules is known."""
    return {
        name: {
            indicator: None
            if indicator == "P" and figures.points is None
            else _score(indicator, figures, everyone, settings)
            for indicator in RANKED
        }
        for name, figures in everyone.items()
    }


def _score(
    indicator: str, mine: Figures, everyone: dict[str, Figures], settings: Settings
) -> Decimal:
    figure = RANKED[indicator]
    if figure(mine) is None:
        return Decimal(0)
    group = [figure(other) for other in everyone.values() if other.group == mine.group]
    ranked = [other for other in group if other is not None]
    rank = {"dense": _dense, "percentile": _percentile}[settings.ranking]
    return half_up(rank(figure(mine), ranked), 2)


def _dense(mine: Any, ranked: list[Any]) -> Fraction:
    distinct = set(ranked)
    better = sum(1 for other in distinct if other > mine)
    if len(distinct) == 1:
        return Fraction(100)
    return 100 - better * min(Fraction(1), Fraction(99, len(distinct) - 1))


def _percentile(mine: Any, ranked: list[Any]) -> Fraction:
    worse = sum(1 for other in ranked if other < mine)
    if len(ranked) == 1:
        return Fraction(100)
    return 1 + Fraction(99 * worse, len(ranked) - 1)
