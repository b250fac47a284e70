"""How scores are spread: twenty bars of five points, with the limits of the rules drawn in."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

from schemas.rules import INDICATORS, TIERS, Rules
from streams.console.charts.colours import ACCENT, FONT, INK, MUTED, axis, in_locale, tooltip

BINS: Final = 20
WIDTH: Final = 5  # points
_NEAR: Final = 9  # points between figures that would cover each other

Of = Literal["tier", "campaign"]


class Limit(NamedTuple):
    """A limit of the rules on one score.

    Attributes
    ----------
    at
        The score, 0–100.
    of
        Whether a tier or a campaign begins or ends there …
    name
        … and which.
    comparison
        How scores are compared with it (``>=`` for tiers).

    """

    at: Decimal
    of: Of
    name: str
    comparison: str


class Spread(NamedTuple):
    """How many customers have which score.

    Attributes
    ----------
    bars
        By bin, the first being 0 < score ≤ 5 and the last 95 < score ≤ 100.
    without
        How many have the score 0, or none.

    """

    bars: tuple[int, ...]
    without: int

    @property
    def scored(self) -> int:
        """How many have a score above 0."""
        return sum(self.bars)


def spread(bins: Mapping[str, int]) -> Spread:
    """Return what counts by bin say; bins that are not there hold nobody.

    >>> spread({"0": 7, "20": 2}).scored, spread({"0": 7, "20": 2}).without
    (2, 7)
    """
    bars = tuple(bins.get(str(number), 0) for number in range(1, BINS + 1))
    return Spread(bars, bins.get("0", 0))


def bin_bounds(number: int) -> tuple[int, int]:
    """Return what a bin's scores are above, and up to.

    >>> bin_bounds(1), bin_bounds(20)
    ((0, 5), (95, 100))
    """
    return WIDTH * (number - 1), WIDTH * number


def limits_on(indicator: str, rules: Rules) -> list[Limit]:
    """Return all limits of the rules on an indicator ("PRFV" has those of campaigns only)."""
    tiers = [
        Limit(getattr(rules.tiers[tier], indicator), "tier", tier, ">=")
        for tier in TIERS
        if indicator in INDICATORS
    ]
    campaigns = [
        Limit(limit, "campaign", name, comparison)
        for name, campaign in rules.campaigns.items()
        for on, comparison, limit in campaign.conditions
        if on == indicator
    ]
    return sorted([*tiers, *campaigns], key=lambda limit: limit.at)


def histogram(
    bars: Sequence[int], names: Sequence[str], limits: Iterable[Limit], locale: str
) -> dict[str, Any]:
    """Return the chart of a spread.

    Parameters
    ----------
    bars
        Customers by bin.
    names
        What each bar is called when pointed at.
    limits
        What to draw in: lines of tiers whole, of campaigns alone dashed.
    locale
        How numbers are written.

    """
    data = [
        {"value": [WIDTH * place + WIDTH / 2, count], "name": name}
        for place, (count, name) in enumerate(zip(bars, names, strict=True))
    ]
    marks = {"silent": True, "symbol": "none", "data": _lines(limits, locale)}
    bar = {"type": "bar", "barWidth": "84%", "data": data, "itemStyle": {"color": ACCENT}}
    return {
        "animation": False,
        "grid": {"left": 4, "right": 12, "top": 36, "bottom": 4, "containLabel": True},
        "tooltip": tooltip(f"p => p.name + ': ' + {in_locale('p.value[1]', locale)}"),
        "xAxis": axis(grid=False) | {"type": "value", "min": 0, "max": 100, "interval": 20},
        "yAxis": _counting(locale),
        "series": [bar | {"emphasis": {"disabled": True}, "markLine": marks}],
    }


def _counting(locale: str) -> dict[str, Any]:
    axes = axis(grid=True) | {"type": "value", "minInterval": 1, "splitNumber": 3}
    axes["axisLabel"] |= {":formatter": f"v => {in_locale('v', locale)}"}
    return axes


def _lines(limits: Iterable[Limit], locale: str) -> list[dict[str, Any]]:
    """Return a line for each score that limits stand at, whole where one of a tier is there."""
    of: dict[Decimal, set[Of]] = {}
    for limit in limits:
        of.setdefault(limit.at, set()).add(limit.of)
    raised = _raised(list(of))
    return [_line(at, "tier" in kinds, locale, at in raised) for at, kinds in of.items()]


def _raised(places: Sequence[Decimal]) -> set[Decimal]:
    """Return the limits whose figures stand higher, so as not to cover the one before."""
    raised: set[Decimal] = set()
    for before, at in pairwise(places):
        if at - before < _NEAR and before not in raised:
            raised.add(at)
    return raised


def _line(at: Decimal, whole: bool, locale: str, raised: bool) -> dict[str, Any]:
    told = f"{at:f}".replace(".", "," if locale == "pt-BR" else ".")
    return {
        "xAxis": float(at),
        "lineStyle": {"color": INK if whole else MUTED, "type": "solid" if whole else "dashed"},
        "label": {
            "formatter": told,
            "color": INK,
            "fontSize": FONT,
            "distance": 17 if raised else 4,
        },
    }
