"""The demonstration's stage: broker, Redis, topics, worker, cache and console, all of our own."""

import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from confluent_kafka.admin import AdminClient
from pydantic import SecretStr

from streams import topics
from streams.access.fields import Access
from streams.client import client_config
from streams.embedded import HOST, Child, embedded, free_port
from streams.settings import Settings

PARTITIONS: Final = 4
TIMEOUT_S: Final = 4.0  # the embedded broker holds a join for half of it

_TAIL: Final = 15
_ANSWER_S: Final = 2.0
_OURS: Final = ("secret", "secret_file")
_TOKEN_BYTES: Final = 16
_OPEN: Final = {  # the embedded servers speak no TLS, and let in whoever is on this machine
    name: field.default for name, field in Access.model_fields.items() if name not in _OURS
}


class PartEnded(RuntimeError):  # noqa: N818 - it names what happened
    """A process of the demonstration has ended; the message says which and shows its last words."""


class Part(NamedTuple):
    """One process of the stage: its name, its log, and whether it runs."""

    name: str
    log: Path
    runs: Callable[[], bool]


class Stage(NamedTuple):
    """What runs, and how to reach it.

    Attributes
    ----------
    settings
        Of the worker, the cache and the console.
    client
        librdkafka settings that reach the broker.
    parts
        The processes.

    """

    settings: Settings
    client: dict[str, Any]
    parts: Sequence[Part]

    def check(self) -> None:
        """Raise ``PartEnded`` where a process runs no more."""
        for part in self.parts:
            if not part.runs():
                lines = part.log.read_text("utf-8", "replace").splitlines()[-_TAIL:]
                told = "\n".join(f"  {line}" for line in lines) or "  (it wrote nothing)"
                raise PartEnded(f"{part.name} has ended. The end of {part.log}:\n{told}")


@contextmanager
def stage(settings: Settings, rules: Path | None) -> Iterator[Stage]:
    """Set the stage, by the settings but for what the embedded servers need; clear it at the end.

    Raises ``EmbeddedUnavailable`` where a server cannot run here.
    """
    directory = log_directory(settings).resolve()
    for log in directory.glob("*.log"):
        log.unlink()
    with embedded(directory) as servers, ExitStack() as stack:
        ours = settings.model_copy(
            update={
                **_OPEN,
                "broker": servers.broker,
                "redis_url": servers.redis_url,
                "partitions": PARTITIONS,
                "replication": 1,
                "session_timeout_s": TIMEOUT_S,
                "rebalance_timeout_s": TIMEOUT_S,
                "data_dir": directory,
                "console_at": free_address(settings.console_at),
                "console_token": SecretStr(secrets.token_urlsafe(_TOKEN_BYTES)),
            }
        )
        client = {**client_config(ours), "log_level": 0}
        topics.create(AdminClient(client), topics.every_topic(ours))
        children = [stack.enter_context(_command(ours, rules, name)) for name in _ARGUMENTS]
        parts = [Part(f"the {child.name}", child.log, child.is_running) for child in children]
        yield Stage(ours, client, [*_servers(directory, ours), *parts])


def log_directory(settings: Settings) -> Path:
    """Return where the processes' logs go."""
    return settings.data_dir / "demo"


class _Command(Child):
    """A command of ours as a process of its own."""

    def is_running(self) -> bool:
        """Tell whether it runs."""
        return self._process.poll() is None


_ARGUMENTS: Final = {"worker": True, "cache": False, "console": True}  # and if it takes rules


@contextmanager
def _command(settings: Settings, rules: Path | None, name: str) -> Iterator[_Command]:
    chosen = ("--rules", str(rules.resolve())) if rules and _ARGUMENTS[name] else ()
    command = (sys.executable, "-m", "streams.cli", name, *chosen)
    with closing(_Command(name, command, settings.data_dir, _environment(settings, name))) as child:
        yield child


def _environment(settings: Settings, name: str) -> dict[str, str]:
    """Return a process's environment: arguments would show secrets to everyone here."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("NYXTER_")}
    hidden = {"NYXTER_SECRET": settings.secret.get_secret_value()}
    if name == "console":
        hidden = {"NYXTER_CONSOLE_TOKEN": settings.console_token.get_secret_value()}
    return others | variables(settings) | hidden


def variables(settings: Settings) -> dict[str, str]:
    """Return the variables of the environment that make a process work by these settings."""
    shown = settings.model_dump(
        mode="json", exclude={"rules", "console_token", *_OURS}, exclude_none=True
    )
    return {f"NYXTER_{name.upper()}": _text(value) for name, value in shown.items()}


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def free_address(address: str) -> str:
    """Return where on this machine to listen: at an address's port, or another if that is taken."""
    port = int(address.rpartition(":")[2])
    try:
        socket.create_server((HOST, port)).close()
    except (OSError, OverflowError):
        port = free_port()
    return f"{HOST}:{port}"


def _servers(directory: Path, settings: Settings) -> list[Part]:
    redis = settings.redis_url.removeprefix("redis://").partition("/")[0]
    return [
        Part("the broker", directory / "tansu.log", lambda: _listens(settings.broker)),
        Part("the Redis", directory / "valkey.log", lambda: _listens(redis)),
    ]


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _ANSWER_S).close()
    except OSError:
        return False
    return True
