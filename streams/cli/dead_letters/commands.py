"""What `nyxter dead-letters retry` does, step by step, with what it says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import typer

from schemas.instant import Refused
from schemas.rules import Rules
from streams.cli.arguments import failure, unwritable
from streams.cli.dead_letters.letter import Name, State
from streams.cli.dead_letters.listing import Filters, Listing, listing_of
from streams.cli.dead_letters.reading import NoLetter, read_one
from streams.cli.dead_letters.retry import Mended, Result, Retrier, mended_with
from streams.clock import now
from streams.settings import Settings


class Wishes(NamedTuple):
    """What is asked for.

    Attributes
    ----------
    filters
        Which letters are meant.
    mended
        What the one letter's value is to be, and the rules to hold it against.
    dry_run, asks
        Whether nothing is sent, and whether a person is asked first.

    """

    filters: Filters
    mended: tuple[Path, Rules] | None
    dry_run: bool
    asks: bool


def retry_letters(settings: Settings, client: Mapping[str, Any], wishes: Wishes) -> None:
    """List what is meant, ask, send, and say what became of it (typer.Exit, and as `Retrier`)."""
    listing = listing_of(client, wishes.filters)
    _check_all_there(wishes.filters.names, listing)
    mended = _mended(client, wishes)
    open_ = [row for row, state in listing.told() if state is State.OPEN]
    if wishes.dry_run:
        for row in open_:
            typer.echo(row.told(State.OPEN))
    _say_sent_before(len(listing.rows) - len(open_))
    if wishes.dry_run or not open_:
        typer.echo(f"{len(open_)} would go back" if wishes.dry_run else "0 went back")
        return
    if wishes.asks:
        typer.confirm(f"Send {len(open_)} back to where they came from?", abort=True)
    names = frozenset(row.name for row in open_)
    _tell(Retrier(client, settings.app_id, now).send(names, mended))


def _check_all_there(names: frozenset[Name], listing: Listing) -> None:
    for name in sorted(names - {row.name for row in listing.rows}):
        raise NoLetter(f"there is no dead letter {name}, or an option leaves it out")


def _mended(client: Mapping[str, Any], wishes: Wishes) -> Mended | None:
    if wishes.mended is None:
        return None
    file, rules = wishes.mended
    (name,) = wishes.filters.names
    try:
        return mended_with(read_one(client, name), file.read_bytes(), rules)
    except Refused as refused:
        raise failure(f"{file}: would be refused again: {refused}") from None
    except OSError as error:
        raise unwritable(error) from None


def _say_sent_before(count: int) -> None:
    if count:
        typer.echo(f"{count} went back before")


def _tell(result: Result) -> None:
    """Say what became of each; the exit status is 1 where the broker did not take one."""
    for name in result.sent:
        typer.echo(f"{name} went back")
    _say_sent_before(len(result.before))
    for name, reason in result.refused.items():
        typer.echo(f"nyxter: the broker does not take {name}: {reason}", err=True)
    typer.echo(f"{len(result.sent)} went back")
    if result.refused:
        raise typer.Exit(1)
