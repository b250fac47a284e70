"""Server-sent events of one follower, as an answer of its own."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from schemas.envelope import dumps
from streams.console.follower import Follower, Told
from streams.console.marks import Gone, Over
from streams.logs import where

log = structlog.get_logger()

HEARTBEAT_S: Final = 15.0
"""Seconds after which who hears nothing is told that we are there, and how far they are."""

_SLOW_S: Final = 30.0
_AGAIN_MS: Final = 2_000
_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"private, no-store"),
    (b"x-accel-buffering", b"no"),
)


class EventStream(Response):
    """Sends what a follower is told until the reader leaves, is too slow, or we end.

    Each event has the mark to go on after as its id; so has each heartbeat, without an event. An
    event ``gone`` says that the topic does not hold what comes next. Nothing is gathered for slow
    readers: one who takes nothing for half a minute is let go.

    Parameters
    ----------
    follower
        Where events come from; it is closed in the end.
    lets_pass
        Which are sent.
    heartbeat_s, slow_s
        Seconds between heartbeats, and before a reader is too slow.

    """

    def __init__(
        self,
        follower: Follower,
        lets_pass: Callable[[dict[str, Any]], bool],
        heartbeat_s: float = HEARTBEAT_S,
        slow_s: float = _SLOW_S,
    ) -> None:
        super().__init__(media_type="text/event-stream")
        self._follower = follower
        self._lets_pass = lets_pass
        self._heartbeat_s = heartbeat_s
        self._slow_s = slow_s
        self._silent_since = time.monotonic()

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        leaving = asyncio.create_task(_has_left(receive))
        telling = asyncio.create_task(self._tell(send))
        try:
            await asyncio.wait((leaving, telling), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (leaving, telling):
                task.cancel()
            self._follower.close()
        await asyncio.gather(leaving, telling, return_exceptions=True)
        if not telling.cancelled() and (error := telling.exception()) is not None:
            raise error

    async def _tell(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": [*_HEADERS]}
        await send(start)
        try:
            await self._send(send, b"retry: %d\n" % _AGAIN_MS + self._heartbeat())
            while True:
                await self._send(send, await self._next())
        except Over:
            pass  # the reader comes back with the last id
        except Gone as error:
            await self._send(
                send, _event(b"gone", self._follower.mark, dumps({"detail": str(error)}))
            )
        except TimeoutError:
            log.info("slow_reader_let_go")
        except KafkaException as error:
            log.warning("follower_broken", **where(error))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> bytes:
        """Return what to send next; nothing where nobody waits for anything yet."""
        left_s = self._silent_since + self._heartbeat_s - time.monotonic()
        told = await self._follower.some(max(0.0, left_s))
        sent = [_written(each) for each in told if self._lets_pass(each.event)]
        now = time.monotonic()
        if not sent and now - self._silent_since < self._heartbeat_s:
            return b""
        self._silent_since = now
        return b"".join(sent) or self._heartbeat()

    def _heartbeat(self) -> bytes:
        return b": here\nid: %s\n\n" % self._follower.mark.encode()

    async def _send(self, send: Send, body: bytes) -> None:
        if body:
            async with asyncio.timeout(self._slow_s):
                await send({"type": "http.response.body", "body": body, "more_body": True})


async def _has_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _written(told: Told) -> bytes:
    name = b"trigger" if told.event["data"].get("trigger") is not None else b"change"
    return _event(name, told.id, told.raw)


def _event(name: bytes, mark: str, data: bytes) -> bytes:
    r"""Return one event; JSON of ours has no line ends, but whoever writes to the topic may.

    >>> _event(b"change", "3.4", b"{}")
    b'event: change\nid: 3.4\ndata: {}\n\n'
    """
    lines = b"\ndata: ".join(data.splitlines())
    return b"event: %s\nid: %s\ndata: %s\n\n" % (name, mark.encode(), lines)
