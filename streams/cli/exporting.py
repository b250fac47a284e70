"""`nyxter export`: the output topics as files for Excel, Power BI and whatever reads Parquet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from streams.cli.arguments import (
    RulesFile,
    broker_failure,
    broker_settings,
    customer_of,
    failure,
    rules_of,
    settings_of,
)

if TYPE_CHECKING:
    from streams.exporting.running import Report
    from streams.tabular import Format


class What(StrEnum):
    """What can be exported (`streams.exporting.star.Subject`)."""

    PROFILES = "profiles"
    TRANSITIONS = "transitions"
    TRIGGERS = "triggers"
    MEMBERS = "members"


class Files(StrEnum):
    """What files can be (`streams.tabular.Format`)."""

    PARQUET = "parquet"
    CSV = "csv"
    XLSX = "xlsx"


def export(
    subjects: Annotated[
        list[What] | None, typer.Argument(metavar="WHAT", help="What; nothing: all of it.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIRECTORY", help="Where files go, and grow.")
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Files | None, typer.Option("--format", help="Of all files in the directory.")
    ] = None,
    rules: RulesFile = None,
    forget: Annotated[
        list[str] | None,
        typer.Option("--forget", metavar="CUSTOMER", help="Take a customer out of DIRECTORY."),
    ] = None,
) -> None:
    """Export profiles, transitions, triggers and members as tables of a star schema.

    WHAT is any of profiles, transitions, triggers and members. A file a day;
    run it again and only what is new is added, while profiles and members of
    the same day are replaced. A run that is killed leaves nothing half.
    Customers who were erased leave the files with the next run, or at once
    with --forget, which asks no broker. The dimensions are made of --rules
    (none: NYXTER_RULES, else the defaults). What each table and column holds
    is in docs/power-bi.md.

    Example: nyxter export transitions triggers --format csv --to export/
    """
    if to is None:
        raise failure("give --to DIRECTORY (see --help)")
    with _trouble_told():
        if forget:
            _forget(
                to, format.value if format else None, [customer_of(customer) for customer in forget]
            )
        elif format is None:
            raise failure("give --format parquet, csv or xlsx (see --help)")
        else:
            _export(to, format.value, [subject.value for subject in subjects or What], rules)


def _export(to: Path, format: "Format", subjects: Sequence[Any], rules: Path | None) -> None:  # noqa: A002
    """Run an export, and say what it did."""
    from schemas.instant import business_today  # noqa: PLC0415 - commands load what they need
    from streams.client import client_config  # noqa: PLC0415
    from streams.clock import now_ms  # noqa: PLC0415
    from streams.exporting.directory import Directory  # noqa: PLC0415
    from streams.exporting.running import Run  # noqa: PLC0415

    settings = settings_of()
    in_force = rules_of(rules or settings.rules)
    with Directory.held(to, format) as directory:
        client = {**client_config(broker_settings()), "log_level": 0}
        with _progress() as tell:
            run = Run(client, directory, in_force, business_today(now_ms()), tell)
            report = _run(settings.broker, run, subjects)
    _say(report, in_force.version)


def _run(broker: str, run: Any, subjects: Sequence[Any]) -> "Report":
    from streams.topics import NoTopic  # noqa: PLC0415

    try:
        found: Report = run.export(subjects)
    except NoTopic as error:
        raise failure(str(error)) from None
    except KafkaException as error:
        raise broker_failure(broker, error) from None
    return found


def _forget(to: Path, format: "Format | None", customers: Sequence[str]) -> None:  # noqa: A002
    from streams.exporting.directory import Directory  # noqa: PLC0415
    from streams.exporting.forgetting import forget  # noqa: PLC0415

    with Directory.held(to, format) as directory:
        if directory.state is None:
            raise failure(f"{to}: holds no export")
        count = forget(directory, directory.state, customers)
    typer.echo(f"{len(customers)} forgotten, {count} files made anew")


@contextmanager
def _progress() -> Iterator[Any]:
    """Show how many records were read, where somebody looks; give what is told of them."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task, read = progress.add_task("asking the broker"), 0

        def tell(topic: str, count: int) -> None:
            nonlocal read
            read += count
            progress.update(task, description=f"{read:,} records read, now {topic}")

        yield tell


def _say(report: "Report", version: str) -> None:
    """Say what a run did, and on standard error what it did not."""
    for table, (rows, files) in report.rows.items():
        typer.echo(f"{table}: {rows:,} rows, {files:,} {'file' if files == 1 else 'files'}")
    if report.forgotten:
        typer.echo(f"{report.forgotten:,} erased customers taken out")
    if report.lost:
        typer.echo(
            f"nyxter: {report.lost:,} offsets had left the broker before they were exported "
            "(NYXTER_SEGMENT_EVENT_DAYS)",
            err=True,
        )
    if met := report.met.unreadable:
        typer.echo(
            f"nyxter: {met:,} records are not in the published shape and were passed over, the "
            f"first at {report.met.first_unreadable}",
            err=True,
        )
    if others := sorted(report.met.rules - {version}):
        typer.echo(
            f"nyxter: profiles were scored with rules {', '.join(others)}, the dimensions are of "
            f"{version}: give the workers' file with --rules",
            err=True,
        )


@contextmanager
def _trouble_told() -> Iterator[None]:
    from streams.exporting.state import BadDirectory  # noqa: PLC0415

    try:
        yield
    except (BadDirectory, ValueError) as error:
        raise failure(str(error)) from None
    except OSError as error:
        raise failure(f"{error.filename}: {error.strerror}") from None
