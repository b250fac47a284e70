"""How long each part of the demonstration took."""

import time

from streams.cli.demo.pages import Page


class Phases:
    """A stopwatch that tells each phase as it ends.

    Parameters
    ----------
    page
        Where to tell.

    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._began = self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds from the beginning."""
        return time.monotonic() - self._began

    def end(self, name: str) -> None:
        """Tell that a phase has ended; the next one begins."""
        now = time.monotonic()
        self._page.say(f"  {name:<44} {now - self._last:6.1f} s")
        self._last = now
