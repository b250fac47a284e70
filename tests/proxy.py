"""A loopback TCP proxy between a client and its server: what a bad network does, on demand."""

import asyncio
import struct
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from streams.embedded import HOST, free_port

PRODUCE: Final = 0
END_TXN: Final = 26
# Versions before the flexible ones: an answer is throttle time and error code.
_PLAIN: Final = {END_TXN: 2}
_BYTES: Final = 65_536


class Proxy:
    """Hands bytes on, both ways, unless it is told to cut, to freeze or to be slow.

    Parameters
    ----------
    upstream
        Address of the server, ``host:port``; it may be set later, before anybody connects.

    """

    def __init__(self, upstream: str = "") -> None:
        self.upstream = upstream
        self.address = f"{HOST}:{free_port()}"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy")
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = True
        self._delay_s = 0.0
        self._flowing = asyncio.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    # Told by tests

    def cut(self) -> None:
        """Close all connections, and every new one at once."""
        self._call(self._set(open_=False))

    def freeze(self) -> None:
        """Hold everything back; connections stay open."""
        self._call(self._set(flowing=False))

    def slow(self, seconds: float) -> None:
        """Hold each piece of an answer back for so long."""
        self._call(self._set(delay_s=seconds))

    def heal(self) -> None:
        """Be as good as a wire again."""
        self._call(self._set())

    # The wire

    async def _set(self, *, open_: bool = True, flowing: bool = True, delay_s: float = 0.0) -> None:
        self._open, self._delay_s = open_, delay_s
        (self._flowing.set if flowing else self._flowing.clear)()
        if not open_:
            self._drop()

    def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _listen(self) -> None:
        self._flowing.set()
        host, port = self.address.split(":")
        self._server = await asyncio.start_server(self._serve, host, int(port))

    async def _end(self) -> None:
        self._server.close()
        self._drop()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        host, port = self.upstream.split(":")
        try:
            there, back = await asyncio.open_connection(host, int(port))
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        try:
            await self._carry(reader, writer, there, back)
        finally:
            self._writers -= {writer, back}
            writer.transport.abort()
            back.transport.abort()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        """Carry both ways until one of them ends."""
        ways = {
            asyncio.ensure_future(self._requests(reader, writer, back)),
            asyncio.ensure_future(self._answers(there, writer)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _requests(
        self, reader: asyncio.StreamReader, _: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        while piece := await reader.read(_BYTES):
            await self._flowing.wait()
            await _send(back, piece)

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await there.read(_BYTES):
            await self._hand_back(writer, piece)

    async def _hand_back(self, writer: asyncio.StreamWriter, piece: bytes) -> None:
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        await self._flowing.wait()
        await _send(writer, piece)

    def _call(self, work: Any) -> Any:
        done: Future[Any] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return done.result(30)


What = Literal["late", "answered late", "lost", "refused"]


@dataclass
class Trouble:
    """What happens to the next `count` requests of one kind.

    Attributes
    ----------
    api
        Kafka's number of the request.
    what
        "late": handed on after `seconds`; "answered late": the answer comes after `seconds`;
        "lost": carried out, and the connection breaks before the answer; "refused": not carried
        out, answered with `error`.
    done
        How many met with it.

    """

    api: int
    what: What
    count: int
    seconds: float = 0.0
    error: int = 0
    done: int = 0


class KafkaProxy(Proxy):
    """A proxy that knows Kafka's requests, and can single some out."""

    def __init__(self, upstream: str = "") -> None:
        super().__init__(upstream)
        self._troubles: list[Trouble] = []
        self._marked: dict[tuple[asyncio.StreamWriter, int], Trouble] = {}

    def trouble(self, trouble: Trouble) -> Trouble:
        """Let a trouble happen from now on; returned, to look at how often it has."""
        self._troubles.append(trouble)
        return trouble

    async def _arrived(self, payload: bytes, writer: asyncio.StreamWriter) -> bool:
        """Look at a request before it is handed on; False: it is not, and its client is let go."""
        del payload, writer
        return True

    async def _answered(self, writer: asyncio.StreamWriter, number: int) -> None:
        """Look at the answer to a client's request of a number before it is handed back."""

    def _met(self, api: int) -> Trouble | None:
        for trouble in self._troubles:
            if trouble.api == api and trouble.done < trouble.count:
                trouble.done += 1
                return trouble
        return None

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        while (payload := await frame(reader)) is not None:
            if not await self._arrived(payload, writer):
                return
            api, version, number = struct.unpack(">hhi", payload[:8])
            trouble = self._met(api)
            await self._flowing.wait()
            if trouble is not None and trouble.what == "refused":
                assert version <= _PLAIN[api], f"version {version} of request {api} is not known"
                await _send(writer, framed(struct.pack(">iih", number, 0, trouble.error)))
                continue
            if trouble is not None and trouble.what == "late":
                await asyncio.sleep(trouble.seconds)
            elif trouble is not None:
                self._marked[writer, number] = trouble
            await _send(back, framed(payload))

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (payload := await frame(there)) is not None:
            number = struct.unpack(">i", payload[:4])[0]
            await self._answered(writer, number)
            trouble = self._marked.pop((writer, number), None)
            if trouble is not None and trouble.what == "lost":
                return
            if trouble is not None:
                await asyncio.sleep(trouble.seconds)
            await self._hand_back(writer, framed(payload))


async def frame(reader: asyncio.StreamReader) -> bytes | None:
    """Return the next request or answer, None where the connection has ended."""
    try:
        size = await reader.readexactly(4)
        return await reader.readexactly(struct.unpack(">i", size)[0])
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def framed(payload: bytes) -> bytes:
    return struct.pack(">i", len(payload)) + payload


async def _send(writer: asyncio.StreamWriter, piece: bytes) -> None:
    writer.write(piece)
    await writer.drain()
