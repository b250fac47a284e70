"""The demonstration on a terminal: progress bars, then a view that changes as events come."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from streams.cli.demo.loading import Loaded
from streams.cli.demo.pages import Commands, ShowLoaded, ShowPlayed
from streams.cli.demo.playing import Figures
from streams.cli.live.transitions import Reel, Transition
from streams.cli.live.view import fitting, happened, numbers

_PAUSE_S: Final = 0.4
_FRAME_S: Final = 0.2
_MOST: Final = 18  # transitions on the screen


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
        width, height = self._console.size
        top = Group(_numbers(figures, width), happened(figures.minute), Text())
        foot = Text("Ctrl-C ends the demo and everything that it started.", "dim")
        shown = fitting(self._console, [top, foot], list(reel.newest)[:_MOST], height - 2)
        return Group(top, shown, Text(), foot)


def _numbers(figures: Figures, width: int) -> Panel:
    shown = {
        "events/s": f"{figures.rate:,.0f}",
        "lag": f"{figures.lag:,}",
        "snapshot": f"{figures.snapshot:,}",
        "cards": f"{figures.cards:,}",
        "events": f"{figures.sent:,}",
        "transitions": f"{figures.transitions:,}",
    }
    return numbers("Nyxter Online", shown, width)
