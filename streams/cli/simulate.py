"""`nyxter simulate`: a made-up base, and what happens on it afterwards, as JSON lines."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import IO, Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from nyxter_online.simulate import CloudEvent, base, live
from schemas.envelope import dumps
from schemas.instant import BUSINESS_ZONE

STANDARD_OUTPUT: Final = "-"

_MORNING: Final = time(9, tzinfo=BUSINESS_ZONE)  # when what happens after the base begins
_SHOWN: Final = 5_000  # progress is shown every so many events


def write_events(out: str, seed: int, customers: int, today: date, live_events: int) -> None:
    """Write the events of a base, then `live_events` of what happens on it on the morning of today.

    The same arguments write the same bytes. `out` is a file, or - for standard output. Raises
    ``OSError`` where it cannot be written, and ``ValueError`` as `nyxter_online.simulate` does.
    """
    console = Console(stderr=True)
    with ExitStack() as stack:
        target = stack.enter_context(_opened(out))
        bar = stack.enter_context(_progress(console))
        task, count = bar.add_task("events", total=None), 0
        for count, event in enumerate(_events(seed, customers, today, live_events), 1):
            target.write(dumps(event) + b"\n")
            if count % _SHOWN == 0:
                bar.update(task, completed=count)
        target.flush()
    console.print(f"{count:,} events of {customers:,} customers as of {today}")


def _events(seed: int, customers: int, today: date, live_events: int) -> Iterator[CloudEvent]:
    yield from base(seed, customers, today)
    start = datetime.combine(today, _MORNING)
    yield from islice(live(seed, customers, start), live_events)


def _opened(out: str) -> AbstractContextManager[IO[bytes]]:
    return nullcontext(sys.stdout.buffer) if out == STANDARD_OUTPUT else Path(out).open("wb")


def _progress(console: Console) -> Progress:
    count = TextColumn("{task.completed:,.0f} events")
    return Progress(SpinnerColumn(), count, TimeElapsedColumn(), console=console, transient=True)


def business_day_now() -> date:
    """Return the business day that it is now."""
    return datetime.now(BUSINESS_ZONE).date()
