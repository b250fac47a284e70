"""Keys as they are pressed, where there is a keyboard: no line has to end for them."""

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Keys = Callable[[float], str]
"""Waits so many seconds for a key; returns it, nothing where none was pressed."""


@contextmanager
def keyboard() -> Iterator[Keys]:
    """Yield what waits for keys, and leave the terminal as it was.

    Without a terminal, and where the system has no `termios`, it waits and returns nothing.
    """
    try:
        import termios  # noqa: PLC0415 - not on every platform
        import tty  # noqa: PLC0415
    except ImportError:
        yield _nothing
        return
    if not sys.stdin.isatty():
        yield _nothing
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    try:
        tty.setcbreak(number)
        yield lambda seconds: _key(number, seconds)
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _nothing(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _key(number: int, seconds: float) -> str:
    if not select.select([number], [], [], seconds)[0]:
        return ""
    pressed = os.read(number, 64)
    if not pressed:  # the terminal is gone
        time.sleep(seconds)
    return pressed.decode(errors="replace")
