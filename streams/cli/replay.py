"""`nyxter replay`: everyone's profile as of a day, from a file of events, without a broker."""

import gc
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import IO, Self

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from nyxter_online.intake import Refusal
from nyxter_online.publishing import Json
from nyxter_online.replay import Replay
from schemas.envelope import dumps
from schemas.rules import Rules

STANDARD_INPUT = "-"
SOME_REJECTED = 3
_TOLD = 10_000  # lines from one sign of progress to the next


def replay_file(
    events: str, rules: Rules, as_of: date, profiles: Path, outputs: Path | None
) -> int:
    """Replay a file of events; return the exit status: 0, or 3 where lines were rejected.

    Rejected lines go to `PROFILES.rejects` (JSON: line, reason, raw).
    """
    gc.disable()  # registers hold no cycles, and looking for some would take most of the time
    console = Console(stderr=True)
    replay = Replay(rules, as_of)
    rejects = Path(f"{profiles}.rejects")
    with ExitStack() as stack:
        source = stack.enter_context(_opened(events))
        report = stack.enter_context(rejects.open("wb"))
        bar = stack.enter_context(_progress(console))
        lines, rejected = _feed(replay, source, report, bar)
        customers = _write(replay, profiles, outputs, stack)
    console.print(f"{lines:,} lines, {customers:,} customers, {rejected:,} lines rejected")
    if not rejected:
        rejects.unlink()
        return 0
    typer.echo(f"The rejected lines and their reasons are in {rejects}", err=True)
    return SOME_REJECTED


def _opened(events: str) -> IO[bytes]:
    return sys.stdin.buffer if events == STANDARD_INPUT else Path(events).open("rb")


def _progress(console: Console) -> Progress:
    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, transient=True)


def _feed(replay: Replay, source: IO[bytes], report: IO[bytes], bar: Progress) -> tuple[int, int]:
    size = Path(source.name).stat().st_size if source is not sys.stdin.buffer else None
    task = bar.add_task("reading", total=size)
    count = rejected = read = 0

    def counted() -> Iterator[bytes]:
        nonlocal read
        for number, line in enumerate(source):
            read += len(line)
            if number % _TOLD == 0:
                bar.update(task, completed=read)
            yield line

    for count, refused in replay.feed(counted()):  # noqa: B007 - the last count is reported
        rejected += len(refused)
        report.writelines(_reject(refusal) for refusal in refused)
    return count, rejected


def _write(replay: Replay, profiles: Path, outputs: Path | None, stack: ExitStack) -> int:
    cards = stack.enter_context(_Lines(profiles))
    changes = stack.enter_context(_Lines(outputs)) if outputs else None
    written = 0
    for some_profiles, some_events in replay.score():
        cards.write(some_profiles)
        if changes:
            changes.write(some_events)
        written += len(some_profiles)
    return written


class _Lines:
    """A file of JSON lines; what goes wrong in writing names the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._named():
            self._file.close()

    def write(self, values: Iterable[Json]) -> None:
        """Write values, one a line."""
        with self._named():
            self._file.writelines(dumps(value) + b"\n" for value in values)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self._path)) from error


def _reject(refusal: Refusal) -> bytes:
    raw = refusal.message.value or b""
    row: dict[str, object] = {"line": refusal.message.offset, "reason": refusal.reason}
    try:
        row["raw"] = raw.decode().removesuffix("\n")
    except UnicodeDecodeError:
        row["raw_base64"] = b64encode(raw).decode()
    return dumps(row) + b"\n"
