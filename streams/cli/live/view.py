"""The parts of the live view: figures side by side, what happened a minute, newest transitions."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.journey import KINDS
from streams.cli.live.transitions import FIRED, HELD, Transition

SORTS: Final = (*KINDS, FIRED, HELD)

_FIGURE: Final = 12  # columns of a figure with its name
_FRAME: Final = 4
_NARROW: Final = 100  # columns below which a why takes two lines
_WIDE: Final = 130  # columns from which on the ids of events have room
_CHANGE: Final = 28  # columns of the longest transition, so that they do not jump
_TIGHT: Final = 60  # columns below which a why stands under its transition
_COLOURS: Final = {"tier": "magenta", "campaign": "cyan", "rfm": "green", "profile": "yellow"}


def numbers(title: str, shown: Mapping[str, str], width: int) -> Panel:
    """Return figures over their names, in as many rows as the width asks for."""
    most = max(1, (width - _FRAME) // _FIGURE)
    side_by_side = ceil(len(shown) / ceil(len(shown) / most))
    table = Table.grid(expand=True)
    for _ in range(side_by_side):
        table.add_column(justify="center", ratio=1)
    listed = list(shown.items())
    for start in range(0, len(listed), side_by_side):
        row = listed[start : start + side_by_side]
        table.add_row(*(Text(number, "bold") for _, number in row))
        table.add_row(*(Text(name, "dim") for name, _ in row))
    return Panel(table, title=Text(title), border_style="blue")


def happened(minute: Mapping[str, int]) -> Text:
    """Return what there was in the last minute, by sort: changes of segment, and triggers."""
    changes, triggers = SORTS[: len(KINDS)], SORTS[len(KINDS) :]
    line = Text("last minute: ", "dim")
    for title, sorts in (("", changes), ("triggers ", triggers)):
        line.append(title, "dim")
        for sort in sorts:
            line.append(f"{sort} ", _COLOURS.get(sort, ""))
            line.append(f"{minute.get(sort, 0):,}  ", "bold")
    return line


def newest(transitions: Sequence[Transition], width: int) -> Table:
    """Return the newest transitions with their why."""
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim")
    table.add_column("time", style="dim", no_wrap=True)
    table.add_column("customer", no_wrap=True, overflow="ellipsis")
    if width < _TIGHT:
        table.add_column("transition and why", ratio=1)
    else:
        table.add_column("transition", no_wrap=True, style="bold", min_width=_CHANGE)
        table.add_column("why", ratio=1, no_wrap=width >= _NARROW, overflow="ellipsis")
    for it in transitions:
        change = Text(it.change, f"bold {_COLOURS[it.sort[0]]}")
        why = it.reason if width >= _WIDE else it.short
        told = (change.append(f"\n{why}", "not bold default"),) if width < _TIGHT else (change, why)
        table.add_row(it.clock, it.customer, *told)
    return table


def fitting(
    console: Console, around: Sequence[RenderableType], transitions: Sequence[Transition], rows: int
) -> Table:
    """Return as many of the newest transitions as have room in some rows, beside other parts."""
    options = console.options.update(height=None)

    def height(part: RenderableType) -> int:
        return len(console.render_lines(part, options, pad=False))

    left = rows - sum(map(height, around))
    count = min(len(transitions), max(1, left - 1))
    while count > 1 and height(newest(transitions[:count], console.width)) > left:
        count -= 1
    return newest(transitions[:count], console.width)
