"""The demonstration as a command: to its end, told to stop, with a process that dies, on screen."""

import io
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from driving import replayed_lines
from rich.console import Console
from typer.testing import CliRunner

from nyxter_online.simulate import base
from schemas.envelope import dumps
from schemas.rules import read_rules
from streams.cli import app
from streams.cli.demo import proof, show
from streams.cli.demo.loading import Loaded
from streams.cli.demo.pages import PlainPage
from streams.cli.demo.phases import Phases
from streams.cli.demo.playing import Figures
from streams.cli.demo.scene import Scene
from streams.cli.demo.terminal import TerminalPage
from streams.cli.demo.transitions import Reel, Transition

PATIENCE_S = 150


class Demo:
    """A demonstration under way; what it says goes to a file."""

    def __init__(self, folder: Path, *options: str) -> None:
        self._logs = folder / "data" / "demo"
        self._said = folder / "said"
        environment = os.environ | {"NYXTER_DATA_DIR": str(folder / "data")}
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
        """Whether broker, Redis, worker and cache all run under their own names."""
        commands = " ".join(self.children().values())
        return all(name in commands for name in ("tansu", "valkey", "cli worker", "cli cache"))

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
def running(folder: Path, *options: str) -> Iterator[Demo]:
    demo = Demo(folder, *options)
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
def test_the_commands_it_names_work_until_ctrl_c(tmp_path: Path) -> None:
    with running(tmp_path, "--customers", "100") as demo:
        demo.wait_for("a second worker")
        lines = [line.strip() for line in demo.said().splitlines()]
        cards = [line for line in lines if " card " in line and "--redis" in line]
        assert len(cards) == 2
        for command in map(shlex.split, cards):
            shown = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
            assert shown.returncode == 0, shown.stderr
            assert command[2] in shown.stdout
        children = demo.children()
        demo.process.send_signal(signal.SIGINT)
        assert demo.end() == 0, demo.said()
        assert demo.said().endswith(" events\nEnded.\n")
        wait_until_gone(children)


@pytest.mark.embedded
def test_the_proof_has_its_time_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "_PATIENCE_S", 0.5)  # the worker needs longer to start
    options = ["demo", "--once", "--customers", "100"]
    result = CliRunner().invoke(app, options, env={"NYXTER_DATA_DIR": str(tmp_path)})
    assert result.exit_code == 1
    assert "nyxter: the time is up: the worker has not applied " in result.stderr


class TurningShelf:
    """Redis at midnight: the day turns as the cards are read, and they are those of the new day."""

    def __init__(self, lines: list[bytes]) -> None:
        self.today = date(2026, 11, 22)
        self._lines = lines

    def day(self) -> str:
        return self.today.isoformat()

    def ends_of(self, topic: str) -> dict[str, date]:
        return {topic: self.today}

    def profiles(self) -> dict[str, Any]:
        self.today = date(2026, 11, 23)
        return replayed_lines(self._lines, as_of=self.today).profiles


def test_a_day_that_turns_during_the_proof_is_the_one_that_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [dumps(event) for event in base(7, 60, date(2026, 11, 22))]
    shelf = TurningShelf(lines)
    monkeypatch.setattr(proof, "_today", lambda: shelf.today)
    scene = SimpleNamespace(shelf=shelf, look=lambda: None, is_settled=lambda: True)
    proven = proof.prove(cast("Scene", scene), lines, read_rules(""), Phases(PlainPage()))
    assert (proven.day, proven.cards) == (date(2026, 11, 23), 60)
    assert not proven.differences


def test_differences_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    differences = {f"T{n:02}": ["V", "prfv"] for n in range(12)}
    show._report(PlainPage(), proof.Proof(date(2026, 11, 22), 50, 49, differences), 1_000, 9.0)
    said = capsys.readouterr().out
    assert "1,000 events, 50 customers, 49 cards compared" in said
    assert " 12 differ." in said
    assert "T00: V, prfv" in said
    assert "T10" not in said


def screen(width: int, height: int) -> tuple[TerminalPage, io.StringIO]:
    shown = io.StringIO()
    console = Console(
        file=shown, force_terminal=True, color_system=None, width=width, height=height
    )
    return TerminalPage(console), shown


def transition(number: int, sort: tuple[str, str] = ("tier", "customer")) -> Transition:
    why = "R 0,00 → 100,00 (limite 55)"
    return Transition(
        "10:00:00", f"T{number}", "porte medio → vip", f"pedido o-{number}: {why}", why, sort
    )


def commands(customer: str) -> list[tuple[str, str]]:
    return [("the card of a customer", f"nyxter card {customer} " + "x" * 100)]


@pytest.mark.parametrize(("width", "has_names"), [(100, False), (140, True)])
def test_the_screen_shows_figures_commands_and_transitions(width: int, has_names: bool) -> None:
    page, shown = screen(width, 30)
    with page.playing(commands) as tell:
        tell(Figures(1_234, 49.7, 12, 7, 10_615, 2_345), [transition(1)])
    for words in (
        "1,234",
        "50",
        "12",
        "7",
        "10,615",
        "2,345",
        "T1",
        "porte medio → vip",
        "(limite",
    ):
        assert words in shown.getvalue()
    assert ("pedido o-1" in shown.getvalue()) is has_names
    assert "  nyxter card T1 " + "x" * 100 in shown.getvalue(), "in one piece, to be copied"


def test_the_screen_shows_how_far_the_loading_is() -> None:
    page, shown = screen(100, 30)
    with page.loading(2_000, 50) as tell:
        tell(Loaded(2_000, 1_500, 20))
    for words in ("sent to Kafka", "2,000 of 2,000", "1,500 of 2,000", "20 of 50"):
        assert words in shown.getvalue()


def test_the_reel_takes_one_at_a_time_the_rarest_first() -> None:
    reel, rfm = Reel(pause_s=1.0), ("rfm", "population")
    assert reel.turn([transition(1), transition(2)], now=10.0) == transition(1)
    assert reel.turn([transition(3)], now=10.5) is None
    assert reel.turn([transition(4, rfm)], now=11.0) == transition(4, rfm)
    assert reel.turn([], now=12.0) is None
    assert [it.customer for it in reel.newest] == ["T4", "T1"]
