"""Ctrl-C, and what else asks a command to end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """Yield what is set once a signal asks us to end; for the main thread only.

    Nothing is raised: inside a client written in C it would come out as some other error. A signal
    that was ignored before stays so (``nohup``).
    """
    stop = threading.Event()
    heard = [number for number in _STOPPING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in heard}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
