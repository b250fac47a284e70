"""Classes that a broker's JVM has loaded and verified once, in a file for brokers to start from.

It halves the processor time that a broker takes to start. A file that does not fit (jars
were touched) is passed over by the JVM: the broker then starts as it does without.
"""

import hashlib
import os
import signal
import subprocess
import tempfile
from contextlib import closing
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path

from kafka_broker import POM, KafkaBroker, jars

LENIENT = ("-XX:+IgnoreUnrecognizedVMOptions",)  # other JVMs have other archives, or none

ASKED_TO_END = 128 + signal.SIGTERM  # the status of a JVM


@cache
def share_classes() -> None:
    """Let all brokers of this process start from the file; it is made where there is none yet.

    Of several processes that want to make it one does, in some seconds, and the others wait.
    """
    archive = jars().with_name(f"classes-{_fits()}.jsa")
    with archive.with_suffix(".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not archive.exists():
            _make(archive)
    # What the JVM finds wrong with the file goes to its output, which nobody asked for here.
    KafkaBroker.further_options = (*LENIENT, f"-XX:SharedArchiveFile={archive}", "-Xlog:disable")


def _fits() -> str:
    """Return a name for what the classes depend on: the JVM, the jars and where they lie."""
    java = subprocess.run(["java", "-version"], capture_output=True, check=True).stderr
    return hashlib.sha256(java + POM.read_bytes() + bytes(jars())).hexdigest()[:16]


def _make(archive: Path) -> None:
    broker = KafkaBroker()
    with tempfile.TemporaryDirectory(dir=archive.parent) as fresh, closing(broker):
        written = Path(fresh) / archive.name
        KafkaBroker.further_options = (*LENIENT, f"-XX:ArchiveClassesAtExit={written}")
        broker.start()
        os.kill(broker.pid, signal.SIGTERM)
        if broker.ended() == ASKED_TO_END and written.exists():
            os.replace(written, archive)  # noqa: PTH105 - Path.rename promises less
