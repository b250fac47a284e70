"""The one port of a worker or a cache: metrics for Prometheus, health and readiness."""

import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, NamedTuple

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from schemas.envelope import dumps

METRICS: Final = "/metrics"
HEALTH: Final = "/health"
READY: Final = "/ready"
_JSON: Final = "application/json; charset=utf-8"


def process_registry() -> CollectorRegistry:
    """Return a registry with the figures of the process itself: memory, CPU, open files."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    return registry


class Checks(NamedTuple):
    """What is wrong, in words; nothing where all is well.

    Attributes
    ----------
    health
        What only a restart mends.
    ready
        Why no work is done just now, what is the matter with health included.

    """

    health: Callable[[], list[str]]
    ready: Callable[[], list[str]]


class AddressTaken(Exception):  # noqa: N818 - it names what is the case
    """Nobody can listen at the address: which, and why."""


class Monitor:
    """Serves ``/metrics``, ``/health`` and ``/ready`` in threads of its own.

    ``/health`` and ``/ready`` answer 200 with ``{"problems": []}``, or 503 with the problems.

    Parameters
    ----------
    address
        ``host:port`` to listen at.
    registry, checks
        What to tell.

    Raises
    ------
    AddressTaken
        It can't be listened at.

    """

    def __init__(self, address: str, registry: CollectorRegistry, checks: Checks) -> None:
        host, _, port = address.rpartition(":")
        try:
            self._server = ThreadingHTTPServer((host.strip("[]"), int(port)), _Handler)
        except (OSError, OverflowError) as error:
            raise AddressTaken(f"NYXTER_MONITOR: nobody can listen at {address}: {error}") from None
        self._server.daemon_threads = True
        self._server.pages = {  # type: ignore[attr-defined]
            METRICS: lambda: (HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)),
            HEALTH: lambda: _told(checks.health()),
            READY: lambda: _told(checks.ready()),
        }
        self._thread = threading.Thread(target=self._server.serve_forever, name="monitor")
        self._thread.daemon = True

    @property
    def port(self) -> int:
        """The port listened at."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        if self._thread.ident is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _told(problems: list[str]) -> tuple[HTTPStatus, str, bytes]:
    status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
    return status, _JSON, dumps({"problems": problems})


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with the page, if there is one."""
        page = self.server.pages.get(self.path)  # type: ignore[attr-defined]
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"{METRICS}, {HEALTH} or {READY}")
            return
        status, kind, body = page()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing: somebody asks every few seconds."""
