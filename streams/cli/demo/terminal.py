"""The demonstration on a terminal: progress bars, then a view that changes as events come."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from streams.cli.demo.loading import Loaded
from streams.cli.demo.pages import Commands, ShowLoaded, ShowPlayed
from streams.cli.demo.playing import Figures
from streams.cli.demo.transitions import Reel, Transition

_PAUSE_S: Final = 0.4
_FRAME_S: Final = 0.2
_MOST: Final = 18  # transitions on the screen
_AROUND: Final = 12  # lines that are no transitions
_NARROW: Final = 100  # columns below which a why takes two lines
_WIDE: Final = 130  # columns from which on the ids of events have room
_CHANGE: Final = 28  # columns of the longest transition, so that they do not jump
_COLOURS: Final = {"tier": "magenta", "campaign": "cyan", "rfm": "green"}


class TerminalPage:
    """A terminal.

    Parameters
    ----------
    console
        The terminal.

    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str, style: str = "") -> None:
        """Tell something."""
        self._console.print(Text(text, style), soft_wrap=True)

    @contextmanager
    def loading(self, events: int, customers: int) -> Iterator[ShowLoaded]:
        """Show how far the loading of so many events is, as three bars."""
        columns = (
            TextColumn("  {task.description:<24}"),
            BarColumn(),
            TextColumn("{task.completed:>9,.0f} of {task.total:,.0f}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            sent = bars.add_task("events sent to Kafka", total=events)
            applied = bars.add_task("applied by the worker", total=events)
            cards = bars.add_task("cards in Redis", total=customers)

            def show(loaded: Loaded) -> None:
                bars.update(sent, completed=loaded.sent)
                bars.update(applied, completed=loaded.applied)
                bars.update(cards, completed=loaded.cards)

            yield show

    @contextmanager
    def playing(self, commands: Commands) -> Iterator[ShowPlayed]:
        """Show what happens; the commands to try come above it, once there is a customer for them.

        They are printed once and in one piece each, so that they can be copied.
        """
        reel, draw_at = Reel(_PAUSE_S), 0.0
        with Live(console=self._console, auto_refresh=False) as live:

            def show(figures: Figures, come: list[Transition]) -> None:
                nonlocal draw_at
                now = time.monotonic()
                new = reel.turn(come, now)
                if new is not None and len(reel.newest) == 1:
                    self._tell(commands, new.customer)
                if now >= draw_at:
                    draw_at = now + _FRAME_S
                    live.update(self._view(figures, reel), refresh=True)

            yield show

    def _tell(self, commands: Commands, customer: str) -> None:
        for what, command in commands(customer):
            self.say(f"  # {what}", "dim")
            self.say(f"  {command}\n", "cyan")

    def _view(self, figures: Figures, reel: Reel) -> RenderableType:
        room = max(1, min(_MOST, self._console.height - _AROUND))
        rows = room if self._console.width >= _NARROW else max(1, room // 2)
        foot = Text("Ctrl-C ends the demo and everything that it started.", "dim")
        return Group(_numbers(figures), self._newest(list(reel.newest)[:rows]), Text(), foot)

    def _newest(self, transitions: list[Transition]) -> Table:
        is_wide = self._console.width >= _WIDE
        table = Table(box=None, expand=True, pad_edge=False, header_style="dim")
        table.add_column("time", style="dim", no_wrap=True)
        table.add_column("customer", no_wrap=True)
        table.add_column("transition", no_wrap=True, style="bold", min_width=_CHANGE)
        in_one_line = self._console.width >= _NARROW
        table.add_column("why", ratio=1, no_wrap=in_one_line, overflow="ellipsis")
        for it in transitions:
            change = Text(it.change, _COLOURS[it.sort[0]])
            table.add_row(it.clock, it.customer, change, it.reason if is_wide else it.short)
        return table


def _numbers(figures: Figures) -> Panel:
    table = Table.grid(expand=True)
    shown = {
        "events/s": f"{figures.rate:,.0f}",
        "lag": f"{figures.lag:,}",
        "snapshot": f"{figures.snapshot:,}",
        "cards": f"{figures.cards:,}",
        "events": f"{figures.sent:,}",
        "transitions": f"{figures.transitions:,}",
    }
    for _ in shown:
        table.add_column(justify="center")
    table.add_row(*(Text(number, "bold") for number in shown.values()))
    table.add_row(*(Text(name, "dim") for name in shown))
    return Panel(table, title="Nyxter Online", border_style="blue")
