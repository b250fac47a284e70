"""Asks at a steady rate, whatever the answers take: `python -m bench.open_loop URL RATE SECONDS`.

Each time is taken from the moment at which the question was due, so a server that falls behind
cannot hide it. Prints as JSON when each was due (`time.perf_counter`) and its milliseconds. Only
the standard library's sockets and redis-py: a client that costs as much as the server would be
measured with it.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import uvloop
from redis.asyncio import Redis

from schemas.envelope import dumps
from streams.cards import card_key

CUSTOMERS = 5_000
TOKEN = "NYXTER_CONSOLE_TOKEN"  # noqa: S105 - the name of a variable

_WARM_UP_S = 2.0
_CONNECTIONS = 16

Ask = Callable[[int], Awaitable[None]]


def customer(number: int) -> str:
    return f"T{number * 7919 % CUSTOMERS:06d}"


class Http:
    """Connections that stay open, and ask for cards."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        self._free = asyncio.Queue()
        self._headers = (
            f"Host: {self._address.netloc}\r\nAuthorization: Bearer {os.environ[TOKEN]}\r\n\r\n"
        )

    async def open(self) -> None:
        for _ in range(_CONNECTIONS):
            host, port = self._address.hostname, self._address.port
            self._free.put_nowait(await asyncio.open_connection(host, port))

    async def ask(self, number: int) -> None:
        reader, writer = connection = await self._free.get()
        path = f"/v1/customers/{customer(number)}"
        writer.write(f"GET {path} HTTP/1.1\r\n{self._headers}".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        self._free.put_nowait(connection)


async def measured(ask: Ask, rate: float, seconds: float) -> list[tuple[float, float]]:
    """Return when each question was due, and the milliseconds that it took from then."""
    took: list[tuple[float, float]] = []
    began = time.perf_counter()  # uvloop's own clock goes by milliseconds

    async def one(number: int, due: float) -> None:
        await ask(number)
        took.append((due, 1000 * (time.perf_counter() - due)))

    asked = set()
    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        asked.add(task := asyncio.create_task(one(number, due)))
        task.add_done_callback(asked.discard)
    await asyncio.gather(*asked)
    return took


async def main(url: str, rate: float, seconds: float) -> None:
    if url.startswith("redis"):
        redis = Redis.from_url(url)

        async def ask(number: int) -> None:
            assert await redis.hgetall(card_key(customer(number).encode()))
    else:
        http = Http(url)
        await http.open()
        ask = http.ask  # type: ignore[assignment]
    await measured(ask, rate, _WARM_UP_S)
    sys.stdout.buffer.write(dumps(await measured(ask, rate, seconds)))


if __name__ == "__main__":
    asked_url, asked_rate, asked_seconds = sys.argv[1:]
    uvloop.run(main(asked_url, float(asked_rate), float(asked_seconds)))
