"""`nyxter dead-letters`: what was refused, why, and sending it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from confluent_kafka import KafkaException

from streams.cli.arguments import RulesFile, broker_failure, broker_settings, failure, rules_of
from streams.cli.dead_letters.letter import Name
from streams.settings import Settings

letters_app = typer.Typer(no_args_is_help=True, help="What was refused, and sending it back.")

_MOMENTS: Final = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

Reason = Annotated[
    str | None, typer.Option(help="Part of the reason, or of its kind as --counts names it.")
]
Topic = Annotated[str | None, typer.Option(help="Where the messages were.")]
Since = Annotated[
    datetime | None, typer.Option(formats=_MOMENTS, help="Only of this moment (UTC) and later.")
]
Customer = Annotated[str | None, typer.Option(help="Only of this customer.")]


@letters_app.command("list")
def list_letters(
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    customer: Customer = None,
    counts: Annotated[bool, typer.Option("--counts", help="How many of each kind only.")] = False,
    oldest: Annotated[bool, typer.Option("--oldest", help="The oldest first.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, one a line.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
) -> None:
    """List dead letters, the newest first: when, which, its state, from where, whose, and why.

    A letter is open until it is sent back (`retry`), then retried, or failed again where another
    letter came of it. Nothing of a customer is shown but the id.

    Example: nyxter dead-letters list --reason "missing field" --since 2026-11-22
    """
    from streams.cli.dead_letters.listing import (  # noqa: PLC0415
        Filters,
        listing_of,
        print_counts,
        print_rows,
    )

    settings = broker_settings()
    filters = Filters(reason, topic, _utc(since), customer)
    with _refused(settings):
        told = listing_of(_client(settings), filters).told()
    if counts:
        print_counts(told, as_json=as_json)
    else:
        print_rows(told, newest=not oldest, limit=limit, as_json=as_json)


@letters_app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="As listed.")],
    raw: Annotated[bool, typer.Option("--raw", help="The value's bytes and nothing else.")] = False,
) -> None:
    """Show a dead letter whole: where it came from, why it was refused, its headers and its value.

    With --raw the value goes to a file as it is, to be mended.

    Example: nyxter dead-letters show 3:125 --raw > letter.json
    """
    from streams.cli.dead_letters.listing import print_letter  # noqa: PLC0415
    from streams.cli.dead_letters.reading import partitions_of, read_one  # noqa: PLC0415

    settings = broker_settings()
    with _refused(settings):
        client = _client(settings)
        partitions_of(client)
        letter = read_one(client, _name(name))
    if raw:
        typer.echo(letter.value or b"", nl=False)
    else:
        print_letter(letter)


@letters_app.command()
def retry(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[PARTITION:OFFSET]...", help="As listed.")
    ] = None,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    customer: Customer = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    value: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Send this in the place of the one letter's value."),
    ] = None,
    rules: RulesFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send dead letters back to where they came from, once the cause is mended.

    Each goes back once, however often this is run, and whatever ends it in between. One that is
    refused again makes a new letter, which names this one. A mended value is held against --rules
    (none: NYXTER_RULES) first. The exit status is 1 where the broker did not take one.

    Example: nyxter dead-letters retry --reason limits.attributes --dry-run
    """
    from streams.cli.dead_letters.commands import Wishes, retry_letters  # noqa: PLC0415
    from streams.cli.dead_letters.listing import Filters  # noqa: PLC0415

    named = frozenset(map(_name, names or ()))
    filters = Filters(reason, topic, _utc(since), customer, named)
    if filters == Filters() and not everything:
        raise failure("say which: PARTITION:OFFSET, --reason, --topic, --since, --customer, --all")
    if value is not None and len(named) != 1:
        raise failure("--value goes with one PARTITION:OFFSET")
    settings = broker_settings()
    mended = None if value is None else (value, rules_of(rules or settings.rules))
    with _refused(settings):
        retry_letters(settings, _client(settings), Wishes(filters, mended, dry_run, asks=not yes))


def _name(text: str) -> Name:
    try:
        return Name.read(text)
    except ValueError as error:
        raise failure(str(error)) from None


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _client(settings: Settings) -> dict[str, object]:
    from streams.client import client_config  # noqa: PLC0415

    return {**client_config(settings), "log_level": 0}


@contextmanager
def _refused(settings: Settings) -> Iterator[None]:
    """End the command with a plain error where the broker, or what it holds, is at fault."""
    from streams.cli.dead_letters.reading import NoLetter  # noqa: PLC0415
    from streams.lane.transaction import Fenced  # noqa: PLC0415
    from streams.topics import NoTopic  # noqa: PLC0415

    try:
        yield
    except (NoTopic, NoLetter) as error:
        raise failure(str(error)) from None
    except Fenced as error:
        again = "what was sent is marked: run this again for the rest"
        raise failure(f"ended in between ({error}); {again}") from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
