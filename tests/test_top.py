"""`nyxter top` with figures made up: wide, narrow, empty, a side away, and how it ends."""

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from redis import RedisError
from rich.console import Console
from test_cli import nyxter, told

from streams.cli.live.transitions import FIRED, HELD, Transition
from streams.cli.top.look import Copies, Look, Stream
from streams.cli.top.page import line, page
from streams.cli.top.watch import Watch
from streams.topics import NoTopic

WHY = "V 91,20 → 96,10 (limite 95)"
NEWEST = [
    Transition(
        f"10:00:{59 - n}", f"K{n}", "porte medio → vip", f"pedido o-{n}: {WHY}", f"pedido: {WHY}",
        ("tier", "customer"),
    )
    for n in range(30)
]  # fmt: skip
STREAM = Stream(
    arriving=1_234.4,
    applying=1_200.0,
    lags={0: 0, 1: 77, 2: 0, 3: 5},
    snapshot=4_711,
    snapshot_age_s=0.84,
    minute={"tier": 12, "rfm": 34, FIRED: 3, HELD: 1_056},
    letters=2,
    newest_letter="22/11 10:00:00 bad time",
    newest=NEWEST,
)
WHOLE = Look(stream=STREAM, copies=Copies(10_615, 9, 1.25))
EMPTY = Look(Stream(0.0, 0.0, {0: 0}, 0, None, {}, 0, "", []), copies=Copies(0, 0, None))
NO_REDIS = Look(stream=STREAM, redis_problem="the Redis at 127.0.0.1:1: connection refused")
NO_BROKER = Look(broker_problem="the broker at kafka:1: no answer", copies=WHOLE.copies)


def shown(look: Look, width: int, rows: int | None = None) -> list[str]:
    """The lines of a page as a terminal of that width has them."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, height=rows or 25, color_system=None, force_terminal=True
    )
    console.print(page(look, console, "nyxter top", rows))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [200, 130, 100, 80, 59, 40])
def test_everything_is_on_the_page_however_wide(width: int) -> None:
    lines = shown(WHOLE, width)
    told_all = "\n".join(lines)
    assert max(map(len, lines)) <= width
    for figure in ("1,234", "1,200", "82", "4,711", "0.8 s", "10,615", "1.2 s"):
        assert figure in told_all
    plain = " ".join(told_all.split())
    for words in ("0: 0 1: 77 2: 0 3: 5", "tier 12", "rfm 34", "fired 3", "suppressed 1,056"):
        assert words in plain
    assert "22/11 10:00:00 bad time" in plain
    assert "porte medio → vip" in plain
    assert ("pedido o-0" in plain) is (width >= 130)
    assert "96,10" in plain


@pytest.mark.parametrize("width", [130, 80, 40])
@pytest.mark.parametrize("rows", [12, 20, 40])
def test_it_is_no_higher_than_the_screen(width: int, rows: int) -> None:
    lines = shown(WHOLE, width, rows)
    around = len(shown(WHOLE._replace(stream=STREAM._replace(newest=[])), width)) - 1
    assert len(lines) <= max(rows, around + 5)
    if rows == 40:
        assert len(lines) > 30 or "K19" in "\n".join(lines), "the room is used"


def test_a_system_where_nothing_happened_yet() -> None:
    told_all = "\n".join(shown(EMPTY, 100))
    assert "no transitions yet" in told_all
    assert told_all.count("—") == 2, "the ages of what never was"
    assert "newest dead letter" not in told_all


def test_what_is_away_is_said_and_the_rest_goes_on() -> None:
    no_redis = "\n".join(shown(NO_REDIS, 100))
    assert "Redis: the Redis at 127.0.0.1:1: connection refused" in no_redis
    assert "porte medio → vip" in no_redis
    assert no_redis.count(" — ") == 3
    no_broker = "\n".join(shown(NO_BROKER, 100))
    assert "broker: the broker at kafka:1: no answer" in no_broker
    assert "10,615" in no_broker
    assert "lag by partition" not in no_broker


def test_lines_without_a_terminal() -> None:
    assert line(WHOLE) == (
        "in/s 1,234 · applied/s 1,200 · lag 82 · snapshot 4,711 · its age 0.8 s · letters/min 2 · "
        "cards 10,615 · cache lag 9 · cache told 1.2 s · last minute: profile 0, tier 12, "
        "campaign 0, rfm 34, triggers 3 fired 1,056 suppressed"
    )
    assert line(NO_REDIS).endswith("Redis: the Redis at 127.0.0.1:1: connection refused")
    assert line(NO_BROKER).startswith("cards 10,615 ")


def test_a_side_that_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["streams.cli.top.watch"], "_AGAIN_S", 0.01)
    monkeypatch.setattr(sys.modules["streams.cli.top.watch"], "EVERY_S", 0.01)
    problems: list[Exception] = [NoTopic("not yet"), RedisError("gone")]
    heard = []

    @contextmanager
    def opened() -> Iterator[object]:
        if problems:
            heard.append(watch.problem)
            raise problems.pop(0)
        yield lambda: 7

    watch = Watch[int]("side", opened)  # type: ignore[arg-type]
    with watch:
        wait_for(lambda: watch.seen() == 7)
    assert heard == ["", "not yet"]
    assert watch.problem == ""


def test_a_fault_of_ours_is_not_hidden() -> None:
    @contextmanager
    def opened() -> Iterator[object]:
        yield lambda: 1 // 0

    watch = Watch[int]("side", opened)  # type: ignore[arg-type]
    with watch, pytest.raises(ZeroDivisionError):
        wait_for(watch.seen)


def wait_for(holds: object) -> None:
    give_up = time.monotonic() + 10
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.01)


AWAY = {"NYXTER_BROKER": "127.0.0.1:1", "NYXTER_REDIS_URL": "redis://:canary@127.0.0.1:1/0"}


def test_one_look_where_all_is_away() -> None:
    result = nyxter("top", "--once", **AWAY)
    assert result.exit_code == 1
    plain = " ".join(result.stdout.split())
    assert "broker: the broker at 127.0.0.1:1: connect" in plain
    assert "Redis: the Redis at 127.0.0.1:1: connect" in plain
    assert "canary" not in result.output


def test_settings_that_cannot_be() -> None:
    result = nyxter("top", "--once", NYXTER_BROKER="")
    assert (result.exit_code, "NYXTER_BROKER" in told(result)) == (2, True)


@pytest.mark.parametrize("end", ["q", "Ctrl-C"])
def test_on_a_terminal_it_ends_and_leaves_it_as_it_was(end: str) -> None:
    ours, its = pty.openpty()
    before = subprocess.run(["stty", "-g"], stdin=its, capture_output=True, check=True).stdout
    command = [sys.executable, "-m", "streams.cli", "top"]
    environment = os.environ | AWAY | {"TERM": "xterm"}
    for said_otherwise in ("COLUMNS", "LINES"):  # pytest's workers are told a size of their own
        environment.pop(said_otherwise, None)
    termios.tcsetwinsize(its, (20, 70))
    process = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, env=environment, start_new_session=True
    )
    try:
        said = read_until(ours, lambda read: b"Connection refused" in read)
        assert frames(said) == {70}
        termios.tcsetwinsize(its, (20, 50))
        said += read_until(ours, lambda read: 50 in frames(read))
        if end == "q":
            os.write(ours, b"q")
        else:
            process.send_signal(signal.SIGINT)
        said += read_until(ours, lambda read: b"\x1b[?1049l" in read)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
    assert b"Traceback" not in said
    assert said.count(b"\x1b[?1049h") == said.count(b"\x1b[?1049l") == 1, "its own screen"
    after = subprocess.run(["stty", "-g"], stdin=its, capture_output=True, check=True).stdout
    os.close(ours)
    os.close(its)
    assert after == before


def frames(said: bytes) -> set[int]:
    """How wide the frames are that were drawn whole."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode(errors="replace"))
    return {len(frame) for frame in re.findall("╭[^╮╭\n]*╮", plain)}


def read_until(terminal: int, holds: Callable[[bytes], bool]) -> bytes:
    said, give_up = b"", time.monotonic() + 30
    while not holds(said):
        assert time.monotonic() < give_up, said
        if select.select([terminal], [], [], 0.5)[0]:
            said += os.read(terminal, 65_536)
    return said
