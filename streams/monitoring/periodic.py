"""A thread that does the same small thing again and again."""

import threading
from collections.abc import Callable

import structlog

from streams.logs import where

log = structlog.get_logger()


class Periodic:
    """Calls `work` every few seconds; what it raises is logged, and it is called again.

    Parameters
    ----------
    name
        Of the thread.
    every_s
        Seconds between the end of a call and the next one.
    work
        What is done.

    """

    def __init__(self, name: str, every_s: float, work: Callable[[], None]) -> None:
        self._every_s = every_s
        self._work = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the call under way."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - watching must go on
                log.error("watch broken", watch=self._thread.name, **where(error))  # noqa: TRY400
