"""Apache Kafka itself, one node, for tests: started in seconds, and one may kill it."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from streams.embedded import HOST, Child, broker_answers, free_port

ROOT = Path(__file__).resolve().parents[1]
POM = ROOT / "tests" / "kafka" / "pom.xml"
LOGGING = POM.with_name("log4j2.properties")
JARS = ROOT / ".cache" / "kafka" / "jars"
COMPLETE = "complete"  # file in JARS: the digest of the pom that they were fetched for
CLUSTER = "TnlreHRlck9ubGluZS0wMQ"
JAVA = 17  # the oldest that Kafka 4 runs on
DOWNLOAD_S = 600
READY_S = 90.0

SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
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
    settings
        More of them, after those that it has by itself; `{host}`, `{port}` and `{controller}`
        stand for where it listens.
    formatting
        More arguments of ``kafka-storage format``.

    Usage: ``with KafkaBroker() as kafka: ... kafka.bootstrap ...``. In between, ``kill()`` or
    ``stop()`` and then ``start()`` give the same broker with the same data at the same address.
    """

    def __init__(
        self,
        directory: Path | None = None,
        heap: str = "768m",
        *,
        quick: bool = True,
        settings: str = "",
        formatting: Sequence[str] = (),
    ) -> None:
        self._own = None if directory else tempfile.TemporaryDirectory(prefix="nyxter-kafka-")
        self.directory = directory or Path(self._own.name if self._own else "")
        self._jvm = [f"-Xmx{heap}", *(["-XX:TieredStopAtLevel=1"] if quick else [])]
        self.bootstrap = f"{HOST}:{free_port()}"
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
    def log(self) -> Path:
        """What the broker complained about."""
        return self.directory / "kafka.log"

    def start(self) -> None:
        """Start it, on whatever data it has, and return once it answers."""
        assert self._child is None, "it runs already"
        self._child = Child("kafka", self._java("kafka.Kafka", str(self._settings)), self.directory)
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

    def close(self) -> None:
        """End it and remove its data, if the directory is its own."""
        self.stop()
        if self._own is not None:
            self._own.cleanup()

    @property
    def _settings(self) -> Path:
        return self.directory / "server.properties"

    def _format(self, settings: str, further: Sequence[str]) -> None:
        host, port = self.bootstrap.split(":")
        data = self.directory / "data"
        self.directory.mkdir(parents=True, exist_ok=True)
        self._settings.write_text(
            settings.format(host=host, port=port, controller=free_port(), data=data)
        )
        storage = ("kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self._settings))
        _run(self._java(*storage, *further), READY_S)

    def _java(self, *arguments: str) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={LOGGING}"
        return ["java", *self._jvm, logging, "-cp", f"{jars()}/*", *arguments]


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
