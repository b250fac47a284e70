"""Who went from where to where, as a Sankey diagram."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from streams.console.charts.colours import FONT, INK, in_locale, shade, tooltip

_NARROW: Final = 480  # pixels, below which names of both sides and their figures have no room


class Flow(NamedTuple):
    """How often customers went from one segment to another; "" is none."""

    old: str
    new: str
    moves: int


def sankey(flows: Sequence[Flow], titles: dict[str, str], locale: str) -> dict[str, Any]:
    """Return the chart of flows: on the left where they began, on the right where they ended.

    Parameters
    ----------
    flows
        What moved; the same segment on both sides is two nodes, so nothing runs in circles.
    titles
        What segments are called, "" included, in the order in which they stand on either side.
    locale
        How numbers are written.

    """
    sides = {"<": _sums(flows, 0, titles), ">": _sums(flows, 1, titles)}
    nodes = [
        _node(side, name, place, titles, moves)
        for side, names in sides.items()
        for place, (name, moves) in enumerate(names.items())
    ]
    links = [
        {"source": f"<{flow.old}", "target": f">{flow.new}", "value": flow.moves}
        | {"said": f"{titles[flow.old]} → {titles[flow.new]}"}
        for flow in flows
    ]
    number = in_locale("p.value", locale)
    series = {
        "type": "sankey",
        "left": 4,
        "right": 4,
        "top": 8,
        "bottom": 8,
        "nodeWidth": 12,
        "nodeGap": 16,
        "draggable": False,
        "layoutIterations": 0,
        "emphasis": {"focus": "adjacency"},
        "data": nodes,
        "links": links,
        "label": {
            "color": INK,
            "fontSize": FONT,
            ":formatter": f"p => p.data.said + '  ' + {number}",
        },
        "lineStyle": {"color": "source", "opacity": 0.35},
    }
    told = tooltip(f"p => p.data.said + ': ' + {number}")
    narrow = {"label": {"fontSize": FONT - 1, ":formatter": "p => p.data.said"}}
    return {
        "animation": False,
        "tooltip": told,
        "series": [series],
        "media": [{"query": {"maxWidth": _NARROW}, "option": {"series": [narrow]}}],
    }


def _sums(flows: Sequence[Flow], side: int, names: Iterable[str]) -> dict[str, int]:
    """Return by segment how many moves began (0) or ended (1) there, where any did."""
    sums = dict.fromkeys(names, 0)
    for old, new, moves in flows:
        sums[(old, new)[side]] += moves
    return {name: moves for name, moves in sums.items() if moves}


def _node(side: str, name: str, place: int, titles: dict[str, str], moves: int) -> dict[str, Any]:
    return {
        "name": side + name,
        "said": titles[name],
        "value": moves,
        "depth": 0 if side == "<" else 1,
        "itemStyle": {"color": shade(name, place)},
        "label": {"position": "right" if side == "<" else "left"},
    }
