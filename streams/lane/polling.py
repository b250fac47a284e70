"""Serves the callbacks of clients that nobody else does, so that nothing gathers in them.

librdkafka puts its statistics and errors into a queue for who polls, without a limit: in an hour a
partition that gets no events would gather a hundred megabytes.
"""

import threading
import time
from typing import Final, Protocol
from weakref import WeakSet

import structlog

from streams.logs import where

log = structlog.get_logger()

_EVERY_S: Final = 1.0


class Polled(Protocol):
    """Something with callbacks to serve."""

    def serve_callbacks(self) -> None:
        """Serve those that wait, without waiting."""


class Poller:
    """One thread for everything that is to be served; it ends where there is nothing."""

    def __init__(self) -> None:
        self._polled: WeakSet[Polled] = WeakSet()
        self._lock = threading.Lock()
        self._running = False

    def add(self, polled: Polled) -> None:
        """Serve something about once a second, as long as anybody else holds it."""
        with self._lock:
            self._polled.add(polled)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="polling", daemon=True).start()

    def discard(self, polled: Polled) -> None:
        """Serve something no more."""
        with self._lock:
            self._polled.discard(polled)

    def _run(self) -> None:
        while self._serve():
            time.sleep(_EVERY_S)

    def _serve(self) -> bool:
        """Serve each once; tell whether there was any."""
        with self._lock:
            listed = list(self._polled)
            self._running = bool(listed)
        for polled in listed:
            try:
                polled.serve_callbacks()
            except Exception as error:  # noqa: BLE001 - the others are served all the same
                log.error("callbacks broken", **where(error))  # noqa: TRY400
        return bool(listed)
