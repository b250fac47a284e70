"""Serves the console until a signal ends it, quickly, whoever is connected."""

import gc
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog
import uvicorn
from fastapi import FastAPI

from streams.cli.signals import heard
from streams.console.desk import Desk

log = structlog.get_logger()

_LEAVE_S: Final = 2
_SWITCH_S: Final = 0.0005  # readers of Kafka leave the event loop its turn sooner
_SLOW_MS: Final = 30_000
_LARGEST: Final = 1_000_000  # bytes of a websocket's message


class AddressTaken(OSError):  # noqa: N818 - it names what is the case
    """Nobody can listen at the address: which, and why."""


class _Server(uvicorn.Server):
    """Ends the streams of events first: they would last as long as their readers like."""

    def __init__(self, app: FastAPI) -> None:
        self._desk: Desk = app.state.desk
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=_LEAVE_S,
                ws_max_size=_LARGEST,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear what asks us to end; having ended is no failure."""
        with heard(self.handle_exit):
            yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let everybody go."""
        self._desk.live.end()
        await super().shutdown(sockets)


def serve(app: FastAPI, address: str) -> None:
    """Serve at ``host:port`` until SIGTERM or SIGINT.

    Raises ``AddressTaken`` where nobody can listen there.
    """
    listening = _listen(address)
    gc.collect()
    gc.freeze()  # what was made so far stays: to look through it again and again holds everybody up
    sys.setswitchinterval(_SWITCH_S)
    log.info("console", at=address)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections of it: a reader who takes nothing
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SLOW_MS)
    with listening:
        _Server(app).run([listening])


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host.strip("[]"), int(port)), family=family, backlog=2_048)
    except (OSError, OverflowError) as error:
        raise AddressTaken(f"NYXTER_CONSOLE_AT: nobody can listen at {address}: {error}") from None
