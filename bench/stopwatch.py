"""Times a process of its own from the first event handled to the last, and reports to a file."""

import os
import threading
import time
from pathlib import Path


class Stopwatch:
    """Writes events per second into `report` once `total` events were handled.

    Lanes call it from threads of their own.
    """

    def __init__(self, total: int, report: Path) -> None:
        self._total = total
        self._report = report
        self._handled = 0
        self._began: float | None = None
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Take the time of the first event; later calls change nothing."""
        with self._lock:
            if self._began is None:
                self._began = time.perf_counter()

    def handled(self, count: int) -> None:
        """Count events that are done."""
        with self._lock:
            before, self._handled = self._handled, self._handled + count
            if before < self._total <= self._handled:
                assert self._began is not None
                self._write(self._handled / (time.perf_counter() - self._began))

    def _write(self, per_second: float) -> None:
        unfinished = self._report.with_suffix(".part")
        unfinished.write_text(str(per_second))
        os.replace(unfinished, self._report)  # noqa: PTH105 - in one move, whoever looks
