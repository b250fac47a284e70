"""What commands are told, by options and the environment, and how they refuse it."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from confluent_kafka import KafkaException
from pydantic import ValidationError

from schemas.customer_id import problem_of
from schemas.rules import Rules, RulesError, load_rules
from streams.access.fields import variable
from streams.access.kafka import reach_broker
from streams.access.places import redis_place, redis_problem, shows_password
from streams.access.reach import Unreachable
from streams.settings import Settings

if TYPE_CHECKING:
    from redis import RedisError

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
FormerRules = Annotated[
    list[Path] | None,
    typer.Option(
        "--former",
        metavar="RULES.toml",
        help="Rules that were in force before, once for each: the journal names them.",
    ),
]
RedisUrl = Annotated[
    str | None, typer.Option("--redis", metavar="URL", help="The Redis; none: NYXTER_REDIS_URL.")
]


def former_rules(paths: list[Path] | None) -> list[Rules]:
    """Return the rules of each file, as `rules_of`."""
    return [rules_of(path) for path in paths or []]


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


def settings_of(**given: Any) -> Settings:
    """Return the settings of the environment, but for what is `given`.

    What can't be ends the command, by name.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
        raise failure("\n".join(_told(p["loc"], p["msg"]) for p in problems)) from None


def customer_of(customer_id: str) -> str:
    """Return a customer's id; one that can be nobody's ends the command, as it ends an event."""
    if problem := problem_of(customer_id):
        raise failure(f"the customer's id {problem}")
    return customer_id


def _told(place: tuple[int | str, ...], message: str) -> str:
    """Say what is wrong with a setting; what concerns several names them itself."""
    if not place:
        return message.removeprefix("Value error, ")
    return f"{variable(str(place[0]))}: {message}"


def broker_settings() -> Settings:
    """Return the settings of the environment, once the broker has let us in by them.

    Where it does not, the command ends within seconds and says at which step. Without this,
    Kafka's clients would go on trying, whatever the reason.
    """
    settings = settings_of()
    try:
        reach_broker(settings)
    except Unreachable as error:
        raise failure(str(error)) from None
    return settings


def refuse_empty_secret(settings: Settings) -> None:
    """End the command where erasures would be remembered under names that can be guessed."""
    if not (settings.secret.get_secret_value() or settings.is_local or settings.allow_empty_secret):
        raise failure(
            "NYXTER_SECRET is empty: whoever reads the changelog could guess whom it remembers as "
            "erased. Set it (or NYXTER_SECRET_FILE) to something long that nobody knows, the same "
            "for all workers and for good, or set NYXTER_ALLOW_EMPTY_SECRET=true"
        )


def redis_settings(url: str | None) -> Settings:
    """Return the settings of the environment, with this Redis where one is given.

    What is on the command line, everyone on this machine can read: a password there is refused.
    """
    if url is None:
        return settings_of()
    if redis_problem(url) is None and shows_password(url):
        raise failure(
            "--redis shows the password to everyone on this machine: set NYXTER_REDIS_URL, or name "
            "a file that holds the URL in NYXTER_REDIS_URL_FILE"
        )
    return settings_of(redis_url=url, redis_url_file=None)


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


def redis_failure(settings: Settings, error: "RedisError") -> typer.Exit:
    """Say at which step Redis fails, or what it answered; return what ends the command."""
    from streams.access.redis import reach_redis  # noqa: PLC0415

    try:
        list(reach_redis(settings))
    except Unreachable as reason:
        return failure(str(reason))
    return failure(f"the Redis at {redis_place(settings.redis_url)}: {error}")
