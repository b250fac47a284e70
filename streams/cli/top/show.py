"""`nyxter top` from its first look until it is told to end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from rich.console import Console
from rich.live import Live

from streams.cli.live.keys import keyboard
from streams.cli.sheet import plain_console
from streams.cli.signals import stoppable
from streams.cli.top.copies import watched_redis
from streams.cli.top.look import Look
from streams.cli.top.page import line, page
from streams.cli.top.topics import watched_topics
from streams.cli.top.watch import Watch
from streams.settings import Settings

_FRAME_S: Final = 0.25
_LINE_S: Final = 5.0
_PATIENCE_S: Final = 30.0
_LOOKS: Final = 4  # until rates can be told
_QUIT: Final = "q"

Looks = Callable[[], Look]


def show_system(settings: Settings, *, once: bool) -> int:
    """Show a running system until a signal or q, or one look at it; return the exit status."""
    console, title = plain_console(), f"nyxter top · {settings.broker}"
    with stoppable() as stop, _watching(settings) as (look, is_ready):
        if once:
            _wait(is_ready, stop)
            console.print(page(look(), console, title))
            return int(not look().is_whole)
        if console.is_terminal and not console.is_dumb_terminal:
            _live(look, console, title, stop)
        else:
            _lines(look, is_ready, console, stop)
    return 0


@contextmanager
def _watching(settings: Settings) -> Iterator[tuple[Looks, Callable[[], bool]]]:
    """Yield what looks at both sides, and what tells whether there is enough to show."""
    with (
        Watch("topics", partial(watched_topics, settings)) as stream,
        Watch("Redis", partial(watched_redis, settings)) as redis,
    ):
        yield (
            lambda: Look(stream.seen(), stream.problem, redis.seen(), redis.problem),
            lambda: _is_seen(stream) and _is_seen(redis),
        )


def _is_seen(side: Watch[Any]) -> bool:
    side.seen()
    return bool(side.problem) or side.looks >= _LOOKS


def _wait(is_ready: Callable[[], bool], stop: threading.Event) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while not (is_ready() or stop.is_set() or time.monotonic() > give_up):
        stop.wait(_FRAME_S)


def _live(look: Looks, console: Console, title: str, stop: threading.Event) -> None:
    with keyboard() as key, Live(console=console, screen=True, auto_refresh=False) as live:
        while not stop.is_set():
            live.update(page(look(), console, title, console.height), refresh=True)
            if _QUIT in key(_FRAME_S).lower():
                return


def _lines(
    look: Looks, is_ready: Callable[[], bool], console: Console, stop: threading.Event
) -> None:
    _wait(is_ready, stop)
    while not stop.is_set():
        console.print(f"{time.strftime('%H:%M:%S')} {line(look())}", soft_wrap=True)
        stop.wait(_LINE_S)
