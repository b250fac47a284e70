"""Apache Kafka itself, one node, for tests: started in seconds, and one may kill it."""

import hashlib
import os
import re
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

from streams.embedded import HOST, Child, broker_answers, free_port

ROOT = Path(__file__).resolve().parents[1]
POM = ROOT / "tests" / "kafka" / "pom.xml"
LOGGING = POM.with_name("log4j2.properties")
JARS = ROOT / ".cache" / "kafka" / "jars"
COMPLETE = "complete"  # file in JARS: the digest of the pom that they were fetched for
CLUSTER = "TnlreHRlck9ubGluZS0wMQ"
JAVA = 17  # the oldest that Kafka 4 runs on
DOWNLOAD_S = 600
READY_S = 300.0

SETTINGS = """
process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{address},CONTROLLER://{controller},PROXIED://{behind_proxy}
advertised.listeners=PLAINTEXT://{address},PROXIED://{proxy}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
offsets.topic.num.partitions=4
offsets.topic.replication.factor={copies}
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={in_sync}
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=8388608
log.cleaner.threads=1
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
"""


def missing_tools() -> list[str]:
    """Names of the programs that the broker needs and this machine has not."""
    missing = [] if _java_version() >= JAVA else [f"Java {JAVA}+"]
    if not _is_complete(JARS) and shutil.which("mvn") is None:
        missing.append("Maven")
    return missing


class Seat(NamedTuple):
    """A broker's place in its cluster.

    Attributes
    ----------
    node
        Its number.
    controllers
        Addresses of all nodes' controllers, by number.
    """

    node: int
    controllers: dict[int, str]

    @property
    def voters(self) -> str:
        """The quorum, as the broker's settings have it."""
        return ",".join(f"{node}@{address}" for node, address in self.controllers.items())


def free_address() -> str:
    """Return an address of this machine on which nobody listens."""
    return f"{HOST}:{free_port()}"


class KafkaBroker:
    """A broker with data and ports of its own, which outlive being killed.

    Parameters
    ----------
    directory
        Where data, settings and log go; none: a temporary one, removed by `close`.
    heap
        The JVM's ``-Xmx``.
    quick
        Start sooner and run slower, with the JVM's first compiler only; False for benchmarks.
    proxy
        Address that clients are told who come to `behind_proxy`: that of a proxy in front.
    seat
        Its place among others; none: it is alone.
    settings
        More of them, after those that it has by itself; `{address}` and `{controller}` stand for
        where it listens.
    formatting
        More arguments of ``kafka-storage format``.

    Usage: ``with KafkaBroker() as kafka: ... kafka.bootstrap ...``. In between, ``kill()`` or
    ``stop()`` and then ``start()`` give the same broker with the same data at the same address.

    Attributes
    ----------
    further_options
        More options of the JVM, of all brokers (`class_archive`).
    """

    further_options: ClassVar[Sequence[str]] = ()

    def __init__(
        self,
        directory: Path | None = None,
        heap: str = "768m",
        *,
        quick: bool = True,
        proxy: str = "",
        seat: Seat | None = None,
        settings: str = "",
        formatting: Sequence[str] = (),
    ) -> None:
        self._own = None if directory else tempfile.TemporaryDirectory(prefix="nyxter-kafka-")
        self.directory = directory or Path(self._own.name if self._own else "")
        self._jvm = [f"-Xmx{heap}", *(["-XX:TieredStopAtLevel=1"] if quick else [])]
        self.bootstrap = free_address()
        self.behind_proxy = free_address()
        self._proxy = proxy or self.behind_proxy
        self._seat = seat or Seat(1, {1: free_address()})
        self._child: Child | None = None
        self._format(SETTINGS + settings, formatting)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Its process's number."""
        assert self._child is not None, "it does not run"
        return self._child.pid

    @property
    def log(self) -> Path:
        """What the broker complained about."""
        return self.directory / "kafka.log"

    def start(self) -> None:
        """Start it, on whatever data it has, and return once it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start it and don't wait: one of several has nothing to say before the others run."""
        assert self._child is None, "it runs already"
        self._child = Child("kafka", self._java("kafka.Kafka", str(self._settings)), self.directory)

    def wait_until_ready(self) -> None:
        """Return once it answers."""
        assert self._child is not None, "it does not run"
        self._child.wait_until(lambda: broker_answers(self.bootstrap), READY_S)

    def stop(self) -> None:
        """End it in order; nothing happens if it does not run."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def kill(self) -> None:
        """End it as a power cut would (SIGKILL)."""
        assert self._child is not None, "it does not run"
        self._child.kill()
        self._child = None

    def limit_files(self, most: int) -> None:
        """Let none of its files grow beyond so many bytes from now on, as on a full disk.

        What is mapped into memory (its indexes) has its room already. Once it is started again, it
        has room again.
        """
        _, hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (most, hard))

    def is_ending(self, within_s: float) -> bool:
        """Wait for so long whether it ends by itself; `ended` follows then too."""
        assert self._child is not None, "it does not run"
        try:
            self._child._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ended(self) -> int:
        """Wait until it ends by itself, or as somebody asked it to; return its exit status."""
        assert self._child is not None, "it does not run"
        status = self._child._process.wait(READY_S)
        self._child = None
        return status

    def close(self) -> None:
        """End it and remove its data, if the directory is its own."""
        self.stop()
        if self._own is not None:
            self._own.cleanup()

    @property
    def _settings(self) -> Path:
        return self.directory / "server.properties"

    def _format(self, settings: str, further: Sequence[str]) -> None:
        node, controllers = self._seat
        many = len(controllers) > 1
        self.directory.mkdir(parents=True, exist_ok=True)
        self._settings.write_text(
            settings.format(
                node=node,
                voters=self._seat.voters,
                controller=controllers[node],
                address=self.bootstrap,
                behind_proxy=self.behind_proxy,
                proxy=self._proxy,
                copies=3 if many else 1,
                in_sync=2 if many else 1,
                data=self.directory / "data",
            )
        )
        storage = ("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self._settings))
        _run(self._java(*storage, *further), READY_S)

    def _java(self, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={LOGGING}"
        options = (*self._jvm, *self.further_options, logging)
        return ["java", *options, "-cp", f"{jars()}/*", *arguments]


def jars() -> Path:
    """Return the directory of the broker's jars, after fetching them with Maven the first time."""
    if _is_complete(JARS):
        return JARS
    JARS.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=JARS.parent) as fresh:
        copied = Path(fresh) / "jars"
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={copied}")
        _run(["mvn", "-q", "-B", "-f", str(POM), *goal], DOWNLOAD_S)
        (copied / COMPLETE).write_text(_digest())
        _move(copied)
    return JARS


def _move(copied: Path) -> None:
    """Put fetched jars in their place, unless another run was faster."""
    if not _is_complete(JARS):
        shutil.rmtree(JARS, ignore_errors=True)
        try:
            os.replace(copied, JARS)  # noqa: PTH105 - Path.rename promises less
        except OSError:
            assert _is_complete(JARS), "the jars could not be moved into place"


def _java_version() -> int:
    """Return the major version of the system's Java, 0 where there is none."""
    if shutil.which("java") is None:
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _is_complete(directory: Path) -> bool:
    marker = directory / COMPLETE
    return marker.is_file() and marker.read_text() == _digest()


def _digest() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def _run(command: list[str], seconds: float) -> None:
    """Run to the end, or raise with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
