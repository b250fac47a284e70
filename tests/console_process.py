"""A console as a process of its own, asked over HTTP as browsers and support tools do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx
from running import wait_until

from schemas.envelope import loads
from streams.embedded import HOST, free_port

TOKEN = "correct-horse-battery-staple"  # noqa: S105 - a test's own
PATIENCE_S = 180.0


class Sent(NamedTuple):
    """One server-sent event; a comment with an id has no name."""

    name: str
    id: str
    data: Any


class ConsoleProcess:
    """Runs from `start` to `stop`, always on the same port, with one log."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self._port = free_port()
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.directory = directory
        self.log = directory / "console.log"
        self.url = f"http://{HOST}:{self._port}"
        self.client = self.client_with({"Authorization": f"Bearer {TOKEN}"})

    def client_with(self, headers: dict[str, str]) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.stop()

    def start(self) -> None:
        ours = {"NYXTER_CONSOLE_AT": f"{HOST}:{self._port}", "NYXTER_CONSOLE_TOKEN": TOKEN}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "streams.cli", "console"],
                env=os.environ | ours | self._environment,
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )
        wait_until(self._answers, "the console answers", 2 * PATIENCE_S)

    def stop(self, patience_s: float = PATIENCE_S) -> int:
        """End it with SIGTERM; return its exit status."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text("utf-8")
        try:
            return httpx.get(f"{self.url}/entrar").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def wait_for_events(self) -> None:
        """Wait until events can be followed."""
        wait_until(lambda: self.events_status() == httpx.codes.OK, "events come", PATIENCE_S)

    def events_status(self) -> int:
        """Return what who would follow events is answered; the stream itself has no end."""
        with self.client.stream("GET", "/v1/transitions") as answer:
            return answer.status_code

    @contextmanager
    def following(self, last: str | None = None, **filters: Any) -> Iterator[Iterator[Sent]]:
        """Give the events that are sent, those without a name (heartbeats) too."""
        headers = {} if last is None else {"Last-Event-ID": last}
        with self.client.stream(
            "GET", "/v1/transitions", params=filters, headers=headers
        ) as answer:
            assert answer.status_code == httpx.codes.OK, answer.read()
            yield events_of(answer.iter_lines())


def events_of(lines: Iterator[str]) -> Iterator[Sent]:
    """Read the lines of an event stream."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            data = loads(fields["data"]) if "data" in fields else None
            yield Sent(fields.get("event", ""), fields.get("id", ""), data)
            fields = {}


def some(events: Iterator[Sent], count: int) -> list[Sent]:
    """Return the next events that have a name; heartbeats between them keep the time."""
    named: list[Sent] = []
    limit = time.monotonic() + PATIENCE_S
    for event in events:
        assert time.monotonic() < limit, f"waited {PATIENCE_S:.0f} s for event {len(named) + 1}"
        if event.name:
            named.append(event)
        if len(named) == count:
            break
    return named
