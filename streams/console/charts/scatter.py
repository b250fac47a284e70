"""Customers as points of two features, coloured by profile."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

from streams.console.charts.colours import FONT, INK, axis, in_locale, shade, tooltip

_SYMBOLS: Final = ("circle", "triangle", "diamond", "rect", "pin", "arrow")
_WIDE: Final = 0.35  # features are whole numbers: so far do points stand from their own


class Point(NamedTuple):
    """A customer's two features, and what is told when it is pointed at."""

    x: int
    y: int
    said: str


class Axis(NamedTuple):
    """What an axis shows.

    Attributes
    ----------
    title
        The feature.
    wide
        Whether figures are of many sizes, and so drawn by their logarithm.
    values
        All figures that can be, where these are few; one below 0 stands for what is not known.

    """

    title: str
    wide: bool = False
    values: Sequence[int] = ()


def scatter(
    points: Mapping[str, Sequence[Point]],
    titles: Mapping[str, str],
    axes: tuple[Axis, Axis],
    locale: str,
    chance: Random,
) -> dict[str, Any]:
    """Return the chart of points by profile; `chance` spreads those that are on one spot."""
    below, beside = (_axis(one, locale) for one in axes)
    below |= {"nameLocation": "middle", "nameGap": 28}
    return {
        "animation": False,
        "grid": {"left": 4, "right": 16, "top": 72, "bottom": 28, "containLabel": True},
        "legend": {"top": 0, "textStyle": {"color": INK, "fontSize": FONT}},
        "tooltip": tooltip("p => p.data[2]"),
        "xAxis": below,
        "yAxis": beside,
        "series": [
            _series(titles[name], shade(name, place), _SYMBOLS[place % len(_SYMBOLS)], of, chance)
            for place, (name, of) in enumerate(points.items())
        ],
    }


def _axis(one: Axis, locale: str) -> dict[str, Any]:
    made = axis(one.title, grid=True) | {"type": "log" if one.wide else "value", "scale": True}
    made["axisLabel"] |= {":formatter": f"v => v < 0 ? '?' : {in_locale('v', locale)}"}
    if one.values:
        made |= {"min": min(one.values) - 1, "max": max(one.values) + 1}
        made["axisLabel"] |= {"customValues": list(one.values)}
        made["axisTick"] |= {"customValues": list(one.values)}
        made["splitLine"] = {"show": False}
    return made


def _series(
    title: str, colour: str, symbol: str, points: Sequence[Point], chance: Random
) -> dict[str, Any]:
    def about(figure: int) -> float:
        return round(figure + chance.uniform(-_WIDE, _WIDE), 2)

    return {
        "type": "scatter",
        "name": title,
        "symbol": symbol,
        "symbolSize": 7,
        "itemStyle": {"color": colour, "opacity": 0.6},
        "emphasis": {"disabled": True},
        "data": [[about(point.x), about(point.y), point.said] for point in points],
    }
