"""The demonstration as a command: to its end, told to stop, with a process that dies."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.cli.demo import show
from streams.embedded import HOST

PATIENCE_S = 400


class Demo:
    """A demonstration under way; what it says goes to a file."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        self._logs = folder / "data" / "demo"
        self._said = folder / "said"
        environment = {**os.environ, "NYXTER_DATA_DIR": str(folder / "data"), **environment}
        command = [sys.executable, "-m", "streams.cli", "demo", *options]
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                command, stdout=said, stderr=subprocess.STDOUT, env=environment
            )

    def said(self) -> str:
        return self._said.read_text("utf-8")

    def wait_for(self, words: str) -> None:
        self.wait_until(lambda: words in self.said(), f"it says {words!r}")

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        give_up = time.monotonic() + PATIENCE_S
        while not is_so():
            assert self.process.poll() is None, f"it ended before {what}: {self.said()}"
            assert time.monotonic() < give_up, f"waited in vain until {what}: {self.said()}"
            time.sleep(0.05)

    def children(self) -> dict[int, str]:
        """Its processes: number and command."""
        ours = self.process.pid
        return {pid: command for pid, parent, command in processes() if parent == ours}

    def has_servers(self) -> bool:
        """Whether broker, Redis, worker, cache and console all run under their own names."""
        commands = " ".join(self.children().values())
        ours = ("cli worker", "cli cache", "cli console")
        return all(name in commands for name in ("tansu", "valkey", *ours))

    def wait_for_loading(self) -> dict[int, str]:
        """Wait until the base goes in and all processes run; return them."""
        self.wait_for("events sent")
        self.wait_until(self.has_servers, "all its processes run")
        return self.children()

    def log(self, name: str) -> str:
        return (self._logs / f"{name}.log").read_text("utf-8")

    def end(self) -> int:
        return self.process.wait(PATIENCE_S)


def processes() -> Iterator[tuple[int, int, str]]:
    """Every process: its number, its parent's, its command."""
    if not Path("/proc/self/stat").exists():
        options = ["ps", "-A", "-o", "pid=,ppid=,args="]
        listed = subprocess.run(options, capture_output=True, text=True, check=True)
        for pid, parent, command in (line.split(None, 2) for line in listed.stdout.splitlines()):
            yield int(pid), int(parent), command
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(folder.name), int(after_name.split()[1]), command


@contextmanager
def running(folder: Path, *options: str, **environment: str) -> Iterator[Demo]:
    demo = Demo(folder, *options, **environment)
    try:
        yield demo
    finally:
        demo.process.kill()
        demo.process.wait()


def wait_until_gone(pids: Iterable[int]) -> None:
    give_up = time.monotonic() + 30
    for pid in pids:
        while is_alive(pid):
            assert time.monotonic() < give_up, f"process {pid} is left behind"
            time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.embedded
def test_once_ends_when_every_card_equals_replay(tmp_path: Path) -> None:
    with running(tmp_path, "--once", "--customers", "800") as demo:
        demo.wait_until(demo.has_servers, "all its processes run")
        children = demo.children()
        assert demo.end() == 0, demo.said()
        said = demo.said()
    assert "cards compared, one of them over HTTP" in said
    assert "cards compared with replay as of" in said
    assert " 0 differ." in said
    assert " of 5,000 events" in said
    assert "examples/nyxter.toml, version " in said
    wait_until_gone(children)


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("number", "options", "status"),
    [
        pytest.param(signal.SIGINT, (), 130, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, ("--once",), 130, id="SIGTERM"),
        pytest.param(
            signal.SIGKILL,
            (),
            -signal.SIGKILL,
            id="killed",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux sees to that"),
        ),
    ],
)
def test_told_to_stop_while_it_loads_it_leaves_nothing_behind(
    tmp_path: Path, number: signal.Signals, options: tuple[str, ...], status: int
) -> None:
    with running(tmp_path, "--customers", "100", *options) as demo:
        children = demo.wait_for_loading()
        demo.process.send_signal(number)
        assert demo.end() == status, demo.said()
        wait_until_gone(children)
        assert "Traceback" not in demo.said()


@pytest.mark.embedded
def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    with running(tmp_path, "--customers", "100") as demo:
        children = demo.wait_for_loading()
        cache = next(pid for pid, command in children.items() if "cli cache" in command)
        demo.wait_until(lambda: "cache_placed" in demo.log("cache"), "the cache is at work")
        os.kill(cache, signal.SIGKILL)
        assert demo.end() == 1
        assert "nyxter: the cache has ended. The end of " in demo.said()
        assert '"event": "cache_placed"' in demo.said()
        wait_until_gone(children)


@pytest.mark.embedded
def test_the_commands_and_the_link_it_names_work_until_ctrl_c(tmp_path: Path) -> None:
    taken = socket.create_server((HOST, 0))
    at = f"{HOST}:{taken.getsockname()[1]}"
    with taken, running(tmp_path, "--customers", "100", NYXTER_CONSOLE_AT=at) as demo:
        demo.wait_for("a second worker")
        assert_the_link_opens_the_console(demo, not_at=at)
        lines = [line.strip() for line in demo.said().splitlines()]
        cards = [line for line in lines if " card " in line and "--redis" in line]
        assert len(cards) == 2
        [top] = [line for line in lines if line.endswith(" top")]
        shown = subprocess.run(
            ["env", *shlex.split(top), "--once"], capture_output=True, text=True, check=False,
            timeout=PATIENCE_S,
        )  # fmt: skip
        assert (shown.returncode, "lag by partition" in shown.stdout) == (0, True), shown.stderr
        for command in map(shlex.split, cards):
            shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            assert shown.returncode == 0, shown.stderr
            assert command[2] in shown.stdout
        children = demo.children()
        demo.process.send_signal(signal.SIGINT)
        assert demo.end() == 0, demo.said()
        assert demo.said().endswith(" events\nEnded.\n")
        wait_until_gone(children)


def assert_the_link_opens_the_console(demo: Demo, not_at: str) -> None:
    """The link lets in, nothing else does, and no process shows the token to all."""
    [link] = [line.strip() for line in demo.said().splitlines() if "/entrar?chave=" in line]
    assert f"//{not_at}/" not in link, "somebody else listens there"
    token = link.rpartition("=")[2]
    assert len(token) >= 16
    with httpx.Client(trust_env=False, follow_redirects=True) as browser:
        demo.wait_until(lambda: _answers(browser, link), "the console answers")
        page = browser.get(link, headers={"Accept": "text/html"})
        assert (page.status_code, page.url.path) == (200, "/")
    with_other = httpx.get(link[:-3] + "xyz", trust_env=False)
    assert with_other.status_code == 401
    assert token not in " ".join(command for _, _, command in processes())
    assert token not in demo.log("console")


def _answers(browser: httpx.Client, link: str) -> bool:
    try:
        return browser.get(link).is_success
    except httpx.TransportError:
        return False


@pytest.mark.embedded
def test_the_proof_has_its_time_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "_PATIENCE_S", 0.5)  # all of it takes longer
    options = ["demo", "--once", "--customers", "100"]
    result = CliRunner().invoke(app, options, env={"NYXTER_DATA_DIR": str(tmp_path)})
    assert result.exit_code == 1
    missing = "not on the broker|has not applied|not cover all|not everyone is exact|behind"
    assert re.search(f"nyxter: the time is up: .*({missing})", result.stderr), result.stderr
