"""What `nyxter import` does: shows the format, publishes or writes, and accounts for every row."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.instant import BUSINESS_ZONE, Refused
from streams.cli.arguments import broker_failure, failure
from streams.cli.signals import stoppable
from streams.cli.words import printable
from streams.client import client_config
from streams.importing.form import FormatOpen
from streams.importing.job import DayUnknown, Job, Result, Wishes
from streams.importing.layout import LayoutUnknown
from streams.importing.outcome import REJECTED, Outcome
from streams.importing.publishing import Published, Publisher
from streams.importing.report import write_report
from streams.settings import Settings
from streams.topics import NoTopic

NOT_ALL: Final = 1
SOME_REJECTED: Final = 3
_SHOWN: Final = 5  # flaws, where there is no report
_WIDTH: Final = 16


class Ends(NamedTuple):
    """Where things go: rejected rows, and events; to the broker, a file or nowhere."""

    rejects: Path | None
    out: Path | None
    publishes: bool


def run(settings: Settings, wishes: Wishes, ends: Ends) -> int:
    """Import a file; return the exit status."""
    try:
        with _publisher(settings, ends) as publisher, _job(wishes) as job:
            _show_form(wishes, job)
            result = job.sift()
            if publisher is not None:
                publisher.check(job.topics)
            if ends.rejects is not None:
                write_report(ends.rejects, wishes.source, job.form, result.flaws)
            published = _sent(publisher, job, result, ends)
            _show(result, published, ends)
    except (LayoutUnknown, FormatOpen, DayUnknown, NoTopic) as error:
        raise failure(f"{wishes.source}: {error}") from None
    except Refused as error:
        raise failure(f"{wishes.source}: a constant of its columns {error}") from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
    except OSError as error:
        raise failure(f"{error.filename or ends.out}: {error.strerror}") from None
    return _status(settings, result, published)


@contextmanager
def _publisher(settings: Settings, ends: Ends) -> Iterator[Publisher | None]:
    yield Publisher(client_config(settings)) if ends.publishes else None


@contextmanager
def _job(wishes: Wishes) -> Iterator[Job]:
    with tempfile.TemporaryDirectory(prefix="nyxter-import-") as directory:
        today = datetime.now(BUSINESS_ZONE).date()
        with closing(Job(wishes, Path(directory), today)) as job:
            yield job


def _show_form(wishes: Wishes, job: Job) -> None:
    with Console(stderr=True).status("reading") as status:
        form = job.read(lambda line: status.update(f"reading line {line:,}"))
    typer.echo(printable(f"{wishes.source}: {form.layout.columns.what}"))
    for name, value in form.told():
        typer.echo(printable(f"  {name:<{_WIDTH}}{value}"))


def _sent(publisher: Publisher | None, job: Job, result: Result, ends: Ends) -> Published:
    """Publish or write the events, with progress; tell what became of them."""
    if ends.out is not None:
        with ends.out.open("wb") as file, _progress("writing", result.events) as tick:
            count = 0
            for count, parcel in enumerate(job.parcels(), 1):
                file.write(parcel.line + b"\n")
                if count % 10_000 == 0:
                    tick(count)
        return Published(count)
    if publisher is None:
        return Published(0)
    with stoppable() as stop, _progress("publishing", result.events) as tick:
        return publisher.publish(job.parcels(), stop, tick)


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.update(task, completed=count)


def _show(result: Result, published: Published, ends: Ends) -> None:
    """Account for every row."""
    when = f" as of {result.time}" if result.time else ""
    lines = [(f"{result.rows:,}", f"rows{when}, and {result.blank:,} blank lines")]
    lines += [(f"{result.counts.get(one, 0):,}", f"  {_WORDS[one]}") for one in Outcome]
    if result.customers:
        lines.append((f"{result.customers:,}", "customers' records crossed from them"))
    lines += [
        (f"{count:,}", f"  of them with rows that disagree on {name}, what most say is taken")
        for name, count in result.disputed.items()
    ]
    lines += [(f"{count:,}", f"contracts of {name}") for name, count in result.categories.items()]
    for number, words in lines:
        typer.echo(f"{number:>11}  {words}")
    _show_flaws(result, ends)
    _show_published(result, published, ends)


_WORDS: Final = {
    Outcome.TAKEN: "taken",
    Outcome.REPEAT: "exact repeats",
    Outcome.CONTRADICTION: "contradictions (same key, different content)",
    Outcome.MISSING_KEY: "missing keys",
    Outcome.MISSING_VALUE: "missing values",
    Outcome.WRONG_VALUE: "wrong values",
    Outcome.OVER_LIMIT: "rejected by limits",
    Outcome.UNREADABLE: "unreadable",
}


def _show_flaws(result: Result, ends: Ends) -> None:
    if ends.rejects is not None:
        typer.echo(f"The rejected rows and their reasons are in {ends.rejects}", err=True)
        return
    for flaw in result.flaws[:_SHOWN]:
        column = f", {flaw.column}" if flaw.column else ""
        typer.echo(printable(f"line {flaw.line}{column}: {flaw.reason}"), err=True)
    if (more := len(result.flaws) - _SHOWN) > 0:
        typer.echo(f"and {more:,} more: --rejects FILE tells them all, with the rows", err=True)


def _show_published(result: Result, published: Published, ends: Ends) -> None:
    if ends.publishes:
        typer.echo(f"{published.acknowledged:,} of {result.events:,} events acknowledged")
    elif ends.out is not None:
        typer.echo(f"{published.acknowledged:,} events written to {ends.out}")
    else:
        typer.echo(f"{result.events:,} events to publish; a dry run: nothing was")


def _status(settings: Settings, result: Result, published: Published) -> int:
    if published.problem:
        typer.echo(
            f"nyxter: not all events are at {settings.broker}: {published.problem}. Do it again: "
            "what is there already changes nothing",
            err=True,
        )
        return NOT_ALL
    return SOME_REJECTED if any(flaw.outcome in REJECTED for flaw in result.flaws) else 0
