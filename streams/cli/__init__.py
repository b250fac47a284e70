"""The `nyxter` command."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pydantic import ValidationError

from schemas.rules import Rules, RulesError, load_rules
from streams.settings import Settings
from streams.topics import TopicsDiffer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

topics_app = typer.Typer(no_args_is_help=True, help="The topics on the broker.")
app.add_typer(topics_app, name="topics")

RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", metavar="RULES.toml", help="The rules; none: the defaults."),
]


@app.callback()
def nyxter() -> None:
    """Nyxter Online: customer segments in real time."""


@app.command()
def replay(
    events: Annotated[
        str | None, typer.Argument(help="CloudEvents, one JSON a line; - reads the input.")
    ] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today.")] = None,
    profiles: Annotated[
        Path | None, typer.Option(help="Where profiles go, one JSON a line, by customer id.")
    ] = None,
    outputs: Annotated[Path | None, typer.Option(help="Where segment changes go.")] = None,
    rules: RulesFile = None,
    journal: Annotated[
        bool,
        typer.Option("--journal", help="Run again what live ran, from NYXTER_BROKER's topics."),
    ] = False,
) -> None:
    """Score everyone from a file of events, without a broker.

    Lines that can't be read go to PROFILES.rejects with the reason; the exit status is then 3.
    With --journal nothing is read from a file: the journal and the input topics of a running or
    stopped system are, and what comes out is what it published, id by id.

    Example: nyxter replay events.jsonl --rules nyxter.toml --as-of 2026-11-22
    --profiles profiles.jsonl --outputs outputs.jsonl
    """
    try:
        if journal:
            from streams.cli.replay_journal import replay_journal  # noqa: PLC0415

            replay_journal(settings_of(), rules_of(rules), profiles, outputs)
            return
        from streams.cli.replay import replay_file  # noqa: PLC0415 - commands load what they need

        if events is None or as_of is None or profiles is None:
            raise failure("give EVENTS, --as-of and --profiles, or --journal (see --help)")
        status = replay_file(events, rules_of(rules), as_of.date(), profiles, outputs)
    except OSError as error:
        raise failure(f"{error.filename}: {error.strerror}") from None
    raise typer.Exit(status)


@app.command()
def worker(rules: RulesFile = None) -> None:
    """Segment customers as events arrive, beside your own Kafka (NYXTER_BROKER, NYXTER_...).

    Start as many as you like: they share the partitions. SIGTERM ends one after the work in hand.

    Example: NYXTER_BROKER=kafka:9092 nyxter worker --rules nyxter.toml
    """
    from streams.worker import StateUnusable, run_worker  # noqa: PLC0415

    settings = settings_of()
    try:
        run_worker(settings, rules_of(rules or settings.rules))
    except (TopicsDiffer, StateUnusable, KafkaException) as error:
        raise failure(str(error)) from None


@topics_app.command("create")
def create_topics() -> None:
    """Create the topics that are missing, with partitions, cleanup and retention as they must be.

    Example: NYXTER_BROKER=kafka:9092 NYXTER_PARTITIONS=40 nyxter topics create
    """
    from streams import topics  # noqa: PLC0415
    from streams.app import client_config  # noqa: PLC0415

    settings = settings_of()
    admin = AdminClient(dict(client_config(settings)))
    wanted = topics.every_topic(settings)
    try:
        for name in topics.create(admin, wanted):
            typer.echo(f"created {name}")
        topics.check(admin, wanted)
    except (TopicsDiffer, KafkaException) as error:
        raise failure(str(error)) from None
    typer.echo(f"{len(wanted)} topics are as they have to be")


def rules_of(path: Path | None) -> Rules:
    """Return the rules of a file; a file that can't be used ends the command with its errors."""
    try:
        return load_rules(path)
    except RulesError as error:
        raise failure(str(error)) from None
    except OSError as error:
        raise failure(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise failure(f"{path}: not UTF-8") from None


def settings_of() -> Settings:
    """Return the settings of the environment; what can't be ends the command, by name."""
    try:
        return Settings()
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        lines = [f"NYXTER_{str(p['loc'][0]).upper()}: {p['msg']}" for p in problems]
        raise failure("\n".join(lines)) from None


def failure(message: str) -> typer.Exit:
    """Say what is wrong on the terminal; return what ends the command with status 2."""
    typer.echo(f"nyxter: {message}", err=True)
    return typer.Exit(2)
