"""Ctrl-C, and what else asks a command to end."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Yield what is set once a signal asks us to end; for the main thread only.

    Nothing is raised: inside a client written in C it would come out as some other error. A signal
    that was ignored before stays so (``nohup``).
    """
    stop = threading.Event()
    # By a thread: the main one may just be holding the event's lock, and would wait for itself.
    with heard(lambda *_: threading.Thread(target=stop.set, name="stop").start()):
        yield stop


@contextmanager
def heard(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Have a handler called where a signal asks us to end, as `stoppable` tells."""
    numbers = [number for number in _STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
