"""The `nyxter` command."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from schemas.rules import Rules, RulesError, load_rules

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", metavar="RULES.toml", help="The rules; none: the defaults."),
]


@app.callback()
def nyxter() -> None:
    """Nyxter Online: customer segments in real time."""


@app.command()
def replay(
    events: Annotated[str, typer.Argument(help="CloudEvents, one JSON a line; - reads the input.")],
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Today.")],
    profiles: Annotated[Path, typer.Option(help="Where profiles go, one JSON a line.")],
    rules: RulesFile = None,
    outputs: Annotated[Path | None, typer.Option(help="Where segment changes go.")] = None,
) -> None:
    """Score everyone from a file of events, without a broker.

    Lines that can't be read go to PROFILES.rejects with the reason; the exit status is then 3.

    Example: nyxter replay events.jsonl --rules nyxter.toml --as-of 2026-11-22
    --profiles profiles.jsonl --outputs outputs.jsonl
    """
    from streams.cli.replay import replay_file  # noqa: PLC0415 - each command loads its own needs

    try:
        status = replay_file(events, rules_of(rules), as_of.date(), profiles, outputs)
    except OSError as error:
        raise failure(f"{error.filename}: {error.strerror}") from None
    raise typer.Exit(status)


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


def failure(message: str) -> typer.Exit:
    """Say what is wrong on the terminal; return what ends the command with status 2."""
    typer.echo(f"nyxter: {message}", err=True)
    return typer.Exit(2)
