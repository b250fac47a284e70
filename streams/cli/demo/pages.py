"""Where the demonstration tells what it does: a terminal, or a file of plain lines."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol

import typer

from streams.cli.demo.loading import Loaded
from streams.cli.demo.playing import Figures
from streams.cli.live.transitions import Reel, Transition

ShowLoaded = Callable[[Loaded], None]
ShowPlayed = Callable[[Figures, list[Transition]], None]
Commands = Callable[[str], Iterable[tuple[str, str]]]
"""Gives commands to try, each after what it does, for a customer."""


class Page(Protocol):
    """What the demonstration needs of a place to tell things."""

    def say(self, text: str, style: str = "") -> None:
        """Tell something; what it is about is told by rich's name of a style."""

    def loading(self, events: int, customers: int) -> AbstractContextManager[ShowLoaded]:
        """Show how far the loading of so many events is."""

    def playing(self, commands: Commands) -> AbstractContextManager[ShowPlayed]:
        """Show what happens."""


class PlainPage:
    """Plain lines on standard output, few enough for a log."""

    _EVERY_S: Final = 5.0
    _PAUSE_S: Final = 1.0

    def say(self, text: str, style: str = "") -> None:
        """Tell something."""
        del style
        typer.echo(text)

    @contextmanager
    def loading(self, events: int, customers: int) -> Iterator[ShowLoaded]:
        """Show how far the loading of so many events is."""
        say_at = 0.0

        def show(loaded: Loaded) -> None:
            nonlocal say_at
            now = time.monotonic()
            if now >= say_at:
                say_at = now + self._EVERY_S
                typer.echo(
                    f"  loading: {loaded.sent:,} of {events:,} events sent, "
                    f"{loaded.applied:,} applied, {loaded.cards:,} of {customers:,} cards"
                )

        yield show

    @contextmanager
    def playing(self, commands: Commands) -> Iterator[ShowPlayed]:
        """Show what happens, and at the end how it stands then."""
        reel, say_at = Reel(self._PAUSE_S), time.monotonic() + self._EVERY_S
        last = told = ""

        def show(figures: Figures, come: list[Transition]) -> None:
            nonlocal say_at, last, told
            now, last = time.monotonic(), _line(figures)
            if (new := reel.turn(come, now)) is not None:
                if len(reel.newest) == 1:
                    _tell(commands(new.customer))
                typer.echo(f"  {new.clock}  {new.customer}  {new.change}  — {new.reason}")
            if now >= say_at:
                say_at, told = now + self._EVERY_S, last
                typer.echo(told)

        try:
            yield show
        finally:
            if last != told:
                typer.echo(last)


def _tell(commands: Iterable[tuple[str, str]]) -> None:
    for what, command in commands:
        typer.echo(f"  {what}:\n    {command}")


def _line(figures: Figures) -> str:
    return (
        f"  {figures.rate:,.0f} events/s, lag {figures.lag:,}, "
        f"snapshot {figures.snapshot:,}, {figures.cards:,} cards, "
        f"{figures.transitions:,} transitions of {figures.sent:,} events"
    )
