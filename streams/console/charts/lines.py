"""Figures day by day, a line for each name."""

from collections.abc import Mapping, Sequence
from typing import Any

from streams.console.charts.colours import FONT, INK, axis, in_locale, shade, tooltip


def lines(
    days: Sequence[str],
    figures: Mapping[str, Sequence[int | None]],
    titles: Mapping[str, str],
    locale: str,
) -> dict[str, Any]:
    """Return the chart of figures over days.

    Parameters
    ----------
    days
        What they are called, oldest first; the last five characters are the year.
    figures
        By name, one for each day; None where nothing is known: there the line is broken.
    titles
        What the names are called.
    locale
        How numbers are written.

    """
    below = axis(grid=False) | {"type": "category", "data": list(days), "boundaryGap": False}
    below["axisLabel"] |= {":formatter": "v => v.slice(0, -5)"}  # the year is told when pointed at
    beside = axis(grid=True) | {"type": "value", "minInterval": 1}
    beside["axisLabel"] |= {":formatter": f"v => {in_locale('v', locale)}"}
    said = tooltip() | {"trigger": "axis", ":valueFormatter": _known(locale)}
    return {
        "animation": False,
        "grid": {"left": 4, "right": 24, "top": 58, "bottom": 4, "containLabel": True},
        "legend": {"top": 0, "textStyle": {"color": INK, "fontSize": FONT}, "icon": "roundRect"},
        "tooltip": said,
        "xAxis": below,
        "yAxis": beside,
        "series": [
            _series(name, titles[name], place, list(of))
            for place, (name, of) in enumerate(figures.items())
        ],
    }


def _known(locale: str) -> str:
    return f"v => v == null ? '—' : {in_locale('v', locale)}"


def _series(name: str, title: str, place: int, figures: list[int | None]) -> dict[str, Any]:
    colour = shade(name, place)
    return {
        "type": "line",
        "name": title,
        "data": figures,
        "symbolSize": 6,
        "showSymbol": sum(figure is not None for figure in figures) <= _FEW,
        "itemStyle": {"color": colour},
        "lineStyle": {"color": colour, "width": 2},
        "emphasis": {"disabled": True},
    }


_FEW = 31
