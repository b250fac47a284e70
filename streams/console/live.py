"""What is published of customers, as it comes, for all who follow: pages and event streams."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException

from streams import topics
from streams.console import marks
from streams.console.follower import Follower, Told
from streams.console.marks import Gone, Over
from streams.console.topic import EventReader
from streams.console.window import Window
from streams.kafka.topic_ids import SameTopic
from streams.logs import where
from streams.spans import spans_of

log = structlog.get_logger()

_BEFORE: Final = 50  # so many of each partition are read first, to have some that are new
_BUFFER_KB: Final = 16_384
_ANSWER_S: Final = 5.0
_LOOK_S: Final = 0.1
_PROBE_LOOKS: Final = 20
_PROBE_S: Final = 2.0
_AGAIN_S: Final = 1.0
_LEAVE_S: Final = 1.0
_WAIT_S: Final = 15.0


class Away(ConnectionError):  # noqa: N818 - it names what is the case
    """The broker has not answered yet, or does not answer now."""


class Live:
    """Reads the topic of segment events in one thread, for everybody on one event loop.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.

    """

    def __init__(self, client: Mapping[str, Any]) -> None:
        self._client = client
        self._window: Window | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_up = False
        self._trouble = ""

    @property
    def is_up(self) -> bool:
        """Whether the broker answers."""
        return self._is_up

    def start(self) -> None:
        """Begin to read; on the event loop of those who follow."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let nobody follow any more."""
        self._stop.set()
        if self._window is not None:
            self._window.end()

    async def stop(self) -> None:
        """Stop reading; a broker that does not answer is not waited for."""
        self.end()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, _LEAVE_S)

    def newest(self, count: int) -> list[Told]:
        """Return the last events that were read, newest first; at most `HELD` of the window."""
        if self._window is None:
            return []
        return [Told("", kept) for kept in self._window.newest(count)]

    async def follower(self, after: str | None = None) -> Follower:
        """Return one who follows from a mark on, or from now; close it in the end.

        Raises
        ------
        Away
            The broker does not answer.
        NoMark
            `after` is none that was given out.
        Gone
            The topic does not hold all that comes after it.

        """
        window = self._window
        if window is None or window.is_over or not self._is_up:
            raise Away("the broker does not answer")
        reader = partial(EventReader, self._client)
        if after is None:
            return Follower(window, reader, window.now)
        offsets = marks.read(after, len(window.starts))
        inside = all(at <= end for at, end in zip(offsets, window.ends, strict=True))
        if not (inside and window.reaches_back_to(offsets)):
            await asyncio.to_thread(self._check, offsets)
        return Follower(window, reader, offsets)

    async def follow(self, after: str | None = None) -> AsyncIterator[Told]:
        """Yield each event from a mark on, or from now, for ever.

        While the broker is away nothing comes. Raises as `follower` does, but waits for the broker.
        """
        follower = await self._follower_once_up(after)
        try:
            while not self._stop.is_set():
                try:
                    some = await follower.some(_WAIT_S)
                except Over:
                    follower = await self._follower_once_up(follower.mark)
                    continue
                for told in some:
                    yield told
        finally:
            follower.close()

    async def _follower_once_up(self, after: str | None) -> Follower:
        while True:
            try:
                return await self.follower(after)
            except Away:
                if self._stop.is_set():
                    raise
                await asyncio.sleep(_AGAIN_S)

    def _check(self, offsets: list[int]) -> None:
        """Raise ``Gone`` unless the topic holds what comes from these offsets on."""
        try:
            held = spans_of(self._client, topics.SEGMENT_EVENTS, _ANSWER_S).values()
        except KafkaException as error:
            raise Away("the broker does not answer") from error
        for span, at in zip(held, offsets, strict=True):
            if not span.start <= at <= span.end:
                raise Gone("the topic does not hold what comes after this mark")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except Exception as error:  # noqa: BLE001 - told; nobody else would begin again
                self._tell(error)
            self._is_up = False
            self._stop.wait(_AGAIN_S)

    def _tell(self, error: Exception) -> None:
        """Say once why nothing is read; that the broker is away, its client says."""
        trouble = type(error).__name__
        if trouble != self._trouble:
            log.warning("live_broken", **where(error))
        self._trouble = trouble

    def _read(self) -> None:
        """Read from a little before the ends, until told to stop."""
        held = spans_of(self._client, topics.SEGMENT_EVENTS, _ANSWER_S).values()
        starts = [max(span.start, span.end - _BEFORE) for span in held]
        window = Window(starts, [span.end for span in held])
        reader = EventReader(self._client, starts, _BUFFER_KB)
        self._call(self._open, window)
        try:
            self._is_up, self._trouble = True, ""
            log.info("live", partitions=len(starts))
            self._hand_over(reader, window)
        finally:
            self._call(window.end)
            reader.close()

    def _hand_over(self, reader: EventReader, window: Window) -> None:
        looks, same = 0, SameTopic(self._client, topics.SEGMENT_EVENTS)
        while not self._stop.is_set():
            read = reader.read(_LOOK_S)
            if read.events or read.ends:
                self._call(window.add, read)
            looks += 1
            if looks % _PROBE_LOOKS == 0:
                self._is_up = reader.answers(_PROBE_S)
                same.check()  # otherwise what a new topic has below our offsets is never shown

    def _open(self, window: Window) -> None:
        self._window = window

    def _call(self, function: Callable[..., None], *given: Any) -> None:
        """Have the event loop do something; not where it has ended."""
        assert self._loop is not None
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *given)
