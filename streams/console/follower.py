"""One who follows what is published: how far they are, and what comes next for them.

What the window does not hold (any more) they read from the topic themselves, at their own pace.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from streams.console import marks
from streams.console.topic import EventReader, Kept, Read
from streams.console.window import Window

_AT_ONCE: Final = 200
_LOOK_S: Final = 0.5


class Told:
    """One event as a follower is told of it.

    Attributes
    ----------
    id
        The mark to go on after.
    raw
        The event's bytes.

    """

    __slots__ = ("_kept", "id", "raw")

    def __init__(self, mark: str, kept: Kept) -> None:
        self.id = mark
        self.raw = kept.raw
        self._kept = kept

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent; it is everybody's, so nobody changes it."""
        return self._kept.event


class Follower:
    """Tells each event from some offsets on once, in the order of its partition.

    Parameters
    ----------
    window
        The newest events.
    reader
        Makes a reader of the topic, from offsets on.
    offsets
        Where to begin, by partition.

    """

    def __init__(
        self,
        window: Window,
        reader: Callable[[Sequence[int]], EventReader],
        offsets: Sequence[int],
    ) -> None:
        self._window = window
        self._make_reader = reader
        self._offsets = list(offsets)
        self._number = window.number
        self._reader: EventReader | None = None

    @property
    def mark(self) -> str:
        """The mark to go on after."""
        return marks.written(self._offsets)

    async def some(self, wait_s: float) -> list[Told]:
        """Return what comes next; where that is nothing, wait some seconds for it.

        Raises
        ------
        Gone
            The topic does not hold what comes next.
        Over
            Nobody reads it for us any more: what comes after `mark` can be asked for anew.
        KafkaException
            The broker refuses.

        """
        if self._window.is_over:
            raise marks.Over
        if not self._window.reaches_back_to(self._offsets):
            return await self._from_topic(min(wait_s, _LOOK_S))
        self.close()
        if self._number >= self._window.last:
            await self._window.news(wait_s)
        return self._from_window()

    def close(self) -> None:
        """Follow no more."""
        reader, self._reader = self._reader, None
        if reader is not None:
            asyncio.get_running_loop().run_in_executor(None, reader.close)

    def _from_window(self) -> list[Told]:
        if not self._window.reaches_back_to(self._offsets):
            return []  # it went on meanwhile
        events = self._window.since(self._number, _AT_ONCE)
        self._number = max(self._number, self._window.number) + len(events)
        is_all = self._number >= self._window.last
        return self._told(Read(events, dict(enumerate(self._window.ends)) if is_all else {}))

    async def _from_topic(self, wait_s: float) -> list[Told]:
        if self._reader is None:
            self._reader = self._make_reader(self._offsets)
        self._number = 0
        return self._told(await asyncio.to_thread(self._reader.read, wait_s))

    def _told(self, read: Read) -> list[Told]:
        told = []
        for kept in read.events:
            if kept.offset >= self._offsets[kept.partition]:
                self._offsets[kept.partition] = kept.offset + 1
                told.append(Told(self.mark, kept))
        for partition, end in read.ends.items():
            self._offsets[partition] = max(self._offsets[partition], end)
        return told
