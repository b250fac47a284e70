"""Parts of what is shown of one customer: the card of Redis, read and laid out in tables."""

from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams import cards
from streams.access.fields import Access
from streams.access.places import redis_place
from streams.access.redis import redis_client
from streams.telling.explanation import INDICATORS, Explaining, Rows

EXPLAINING: Final = Explaining("pt")

_COLOURS: Final = {"azul": "blue", "verde": "green", "vermelho": "red"}
_LABEL: Final = 15

Json = dict[str, Any]


class NoCard(LookupError):  # noqa: N818 - it names what is the case
    """Redis holds no card of the customer."""


class Sheet(NamedTuple):
    """What Redis holds of a customer: the card, and transitions with triggers, newest first."""

    card: Json
    history: list[Json]


def read_sheet(access: Access, customer_id: str, transitions: int) -> Sheet:
    """Return a customer's card with so many of the newest transitions.

    Raises
    ------
    NoCard
        There is none.
    RedisError
        Redis does not answer, or does not hold what we write.

    """
    with redis_client(access) as redis:
        card = cards.read_card(redis, customer_id)
        if card is None:
            raise NoCard(
                f"no card of {customer_id} in the Redis at {redis_place(access.redis_url)}"
            )
        history = cards.read_history(redis, customer_id, transitions) if transitions else []
        return Sheet(card, history)


def plain_console() -> Console:
    """Return a console that takes brackets and colons in names for what they are."""
    return Console(highlight=False, markup=False, emoji=False)


def scores_table(card: Json, headings: tuple[str, ...], rows: Rows) -> Table:
    """Return a table of scores (`Explaining.scores`), coloured as the card says."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number == 1 else "left")
    colours = [_COLOURS.get(card["bands"][name], "") for name in INDICATORS]
    for (name, score, colour, *rest), style in zip(rows, [*colours, ""], strict=True):
        table.add_row(name, Text(score, f"bold {style}"), Text(colour, style), *rest)
    return table


def pairs(rows: Rows) -> Table:
    """Return a table of names and what they are."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", min_width=_LABEL)
    table.add_column()
    for row in rows:
        table.add_row(*row)
    return table


def changes_table(rows: Rows) -> Table:
    """Return a table of changes with their why (`Explaining.changes`)."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold")
    table.add_column()
    for row in rows:
        table.add_row(*row)
    return table
