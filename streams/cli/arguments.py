"""What commands are told, by options and the environment, and how they refuse it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from confluent_kafka import KafkaException
from pydantic import ValidationError

from schemas.customer_id import problem_of
from schemas.rules import Rules, RulesError, load_rules
from streams.settings import Settings

REFUSED: Final = 2


class Sort(StrEnum):
    """What can be followed: changes of segment by their kind, and triggers of any."""

    TIER = "tier"
    CAMPAIGN = "campaign"
    RFM = "rfm"
    PROFILE = "profile"
    TRIGGER = "trigger"


class Reason(StrEnum):
    """Why triggers are held back (`schemas.events.HeldBack`)."""

    FIRST_SCORE = "first_score"
    RULES = "rules"
    MODEL = "model"


RulesFile = Annotated[
    Path | None,
    typer.Option("--rules", metavar="RULES.toml", help="The rules; none: the defaults."),
]
RedisUrl = Annotated[
    str | None, typer.Option("--redis", metavar="URL", help="The Redis; none: NYXTER_REDIS_URL.")
]


def rules_of(path: Path | None) -> Rules:
    """Return the rules of a file; a file that can't be used ends the command with its errors."""
    try:
        return load_rules(path, settings_of().rules_bytes)
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


def customer_of(customer_id: str) -> str:
    """Return a customer's id; one that can be nobody's ends the command, as it ends an event."""
    if problem := problem_of(customer_id):
        raise failure(f"the customer's id {problem}")
    return customer_id


def redis_url_of(url: str) -> str:
    """Return the URL of a Redis; one that can't be ends the command."""
    from redis import Redis  # noqa: PLC0415

    try:
        Redis.from_url(url)
    except ValueError as error:
        raise failure(f"the URL of the Redis: {error}") from None
    return url


def failure(message: str) -> typer.Exit:
    """Say what is wrong on the terminal; return what ends the command with status 2."""
    typer.echo(f"nyxter: {message}", err=True)
    return typer.Exit(REFUSED)


def unwritable(error: OSError) -> Exception:
    """Return what ends a command that cannot write: the reader of a pipe going is no news."""
    if isinstance(error, BrokenPipeError):
        return error
    return failure(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def broker_failure(broker: str, error: KafkaException) -> typer.Exit:
    """Say what the broker answered, or that it did not; return what ends the command."""
    return failure(f"the broker at {broker}: {error.args[0].str()}")
