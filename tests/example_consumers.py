"""The consumers of `examples/`: how each is built and run, whom they call, what they keep."""

import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, Self

from kafka_broker import ROOT

BUILT = ROOT / ".cache" / "examples"
BUILD_S = 600
ACT_S = 0.003
LIBRDKAFKA = {"session.timeout.ms": 1500, "heartbeat.interval.ms": 500}
KAFKAJS = {"sessionTimeout": 1500, "heartbeatInterval": 500, "retry": {"maxRetryTime": 1000}}
QUICK_JVM = "-Xmx96m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


class Language(NamedTuple):
    """One of the examples; `build` and `run` are the commands of docs/consuming.md."""

    name: str
    sources: tuple[str, ...]
    tools: tuple[str, ...]
    build: str | None
    run: str
    options: Mapping[str, Any]


PYTHON = Language("python", ("consumer.py",), (), None, "python examples/consumer.py", LIBRDKAFKA)
JAVA = Language(
    "java",
    ("java/pom.xml", "java/src/main/java/Consumer.java"),
    ("java", "javac", "mvn"),
    "mvn -q -B -f examples/java compile dependency:copy-dependencies",
    "java -cp 'examples/java/target/classes:examples/java/target/dependency/*' Consumer",
    LIBRDKAFKA,
)
NODE = Language(
    "node",
    ("node/package.json", "node/package-lock.json", "node/consumer.js"),
    ("node", "npm"),
    "npm ci --prefix examples/node",
    "node examples/node/consumer.js",
    KAFKAJS,
)
LANGUAGES = (PYTHON, JAVA, NODE)


def built(language: Language) -> Path:
    """Return the directory that a language's `run` is for, after building there the first time."""
    home = BUILT / f"{language.name}-{_digest(language)}"
    if home.is_dir():
        return home
    BUILT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILT) as made:
        fresh = Path(made) / "home"
        for source in language.sources:
            copy = fresh / "examples" / source
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / "examples" / source, copy)
        if language.build:
            _run(language.build, fresh)
        shutil.rmtree(home, ignore_errors=True)
        fresh.rename(home)
    return home


def _digest(language: Language) -> str:
    digest = hashlib.sha256((language.build or "").encode())
    for source in language.sources:
        digest.update((ROOT / "examples" / source).read_bytes())
    return digest.hexdigest()[:16]


def _run(command: str, directory: Path) -> None:
    shell = ("bash", "-c", command)
    done = subprocess.run(
        shell, cwd=directory, capture_output=True, text=True, timeout=BUILD_S, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}")


class Processes:
    """Processes of one group: they share a database and call one receiver.

    Parameters
    ----------
    language
        What they are written in.
    directory
        Where the database and the logs are.
    settings
        Variables of their environment, besides those that are the same for all.

    """

    def __init__(self, language: Language, directory: Path, settings: Mapping[str, str]) -> None:
        self._home = built(language)
        self._command = ("bash", "-c", f"exec {language.run}")
        self._directory = directory
        self.database = directory / "actions.db"
        python = str(Path(sys.executable).parent)
        self._environment = {
            **os.environ,
            "PATH": os.pathsep.join((python, os.environ["PATH"])),
            "JAVA_TOOL_OPTIONS": f"{QUICK_JVM} -Djava.io.tmpdir={directory}",
            "CONSUMER_KAFKA": json.dumps(language.options),
            "CONSUMER_DB": str(self.database),
            **settings,
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, **settings: str) -> None:
        """Start a process; `settings` are for it alone."""
        with self._log(name).open("ab") as log:
            self.running[name] = subprocess.Popen(
                self._command,
                env=self._environment | settings,
                cwd=self._home,
                stdout=log,
                stderr=log,
            )

    def said(self, name: str) -> str:
        """Return what a process wrote."""
        return self._log(name).read_text()

    def kill(self, *names: str) -> None:
        """End processes with SIGKILL."""
        for name in names:
            self.running[name].kill()
        for name in names:
            self.running.pop(name).wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        self.running[name].send_signal(number)

    def ended(self, name: str) -> int:
        """Wait until a process ends by itself; return its exit status."""
        return self.running.pop(name).wait(30)

    def still_run(self) -> None:
        """Fail if one has ended by itself."""
        for name, process in self.running.items():
            assert process.poll() is None, f"{name} has ended: {self.said(name)[-2000:]}"

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return what the database answers."""
        with closing(sqlite3.connect(self.database, timeout=30)) as db, db:
            return db.execute(query, values).fetchall()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let nobody else write to the database meanwhile."""
        with closing(sqlite3.connect(self.database, timeout=30, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                db.execute("ROLLBACK")

    def _log(self, name: str) -> Path:
        return self._directory / f"{name}.log"


class Receiver:
    """An API that acts once for each idempotency key, and is at times out of order.

    Attributes
    ----------
    acted
        Key -> what it was asked for, in the order of the first calls.
    calls
        How often it was called.
    failures
        How often it gave no good answer, having acted or not.

    """

    def __init__(self, chance: random.Random) -> None:
        self.acted: dict[str, dict[str, Any]] = {}
        self.calls = 0
        self.failures = 0
        self._chance = chance
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/actions"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, key: str, body: bytes) -> int | None:
        """Act, unless it was done before, and return a status; None: the answer is lost."""
        time.sleep(ACT_S)
        with self._lock:
            self.calls += 1
            luck = self._chance.random()
            self.failures += luck < 0.1
            if luck < 0.06:
                return 503 if luck < 0.03 else 303
            self.acted.setdefault(key, json.loads(body))
            return None if luck < 0.1 else 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answer(self.headers["Idempotency-Key"], body)
                if status is not None:
                    self.send_response(status)
                    self.send_header("Location", receiver.url)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def do_GET(self) -> None:
                self.send_response(200)  # to who takes a POST that is sent elsewhere for a GET
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
