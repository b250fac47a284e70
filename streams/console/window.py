"""The newest events, held once for all who follow: each costs a place in it, and no queue."""

import asyncio
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from streams.console.topic import Kept, Read

HELD: Final = 10_000
"""Events that are held."""


class Window:
    """Every event of the topic from some offsets up to some others; of one event loop.

    Parameters
    ----------
    starts
        Where it begins, by partition.
    now
        Where those begin who want what comes only.
    size
        Most events to hold.

    Attributes
    ----------
    starts, ends
        By partition: every event from the start up to the end is held.
    number
        How many events there were before those that are held.
    is_over
        Whether nothing will be added any more.

    """

    def __init__(self, starts: Sequence[int], now: Sequence[int], size: int = HELD) -> None:
        self.starts = list(starts)
        self.ends = list(starts)
        self.number = 0
        self.is_over = False
        self._now = list(now)
        self._size = size
        self._held: deque[Kept] = deque()
        self._news = asyncio.Event()

    @property
    def now(self) -> list[int]:
        """By partition, the offset before which all has been told, or is from before our time."""
        return [max(pair) for pair in zip(self._now, self.ends, strict=True)]

    @property
    def last(self) -> int:
        """How many events there were, those that are held included."""
        return self.number + len(self._held)

    def add(self, read: Read) -> None:
        """Hold what is new, drop the oldest, wake who waits."""
        for kept in read.events:
            self._held.append(kept)
            self.ends[kept.partition] = kept.offset + 1
        for partition, end in read.ends.items():
            self.ends[partition] = max(self.ends[partition], end)
        while len(self._held) > self._size:
            oldest = self._held.popleft()
            self.starts[oldest.partition] = oldest.offset + 1
            self.number += 1
        self._wake()

    def end(self) -> None:
        """Say that nothing will be added any more."""
        self.is_over = True
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def reaches_back_to(self, offsets: Sequence[int]) -> bool:
        """Tell whether what comes from these offsets on is held, as far as it has come."""
        return all(start <= at for start, at in zip(self.starts, offsets, strict=True))

    def since(self, number: int, count: int) -> list[Kept]:
        """Return so many events after the first `number`; fewer where there are no more."""
        first = max(0, number - self.number)
        return list(islice(self._held, first, first + count))

    def newest(self, count: int) -> list[Kept]:
        """Return the last events, newest first."""
        return list(islice(reversed(self._held), count))

    async def news(self, wait_s: float) -> None:
        """Return when something was added, or after some seconds."""
        if self.is_over:
            return
        try:
            await asyncio.wait_for(self._news.wait(), wait_s)
        except TimeoutError:
            return
