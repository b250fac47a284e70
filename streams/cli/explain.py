"""`nyxter explain`: everything on a customer's card with its why, for a person."""

from typing import Final

from rich.table import Table
from rich.text import Text

from schemas.rules import Rules
from streams.access.fields import Access
from streams.cli import words
from streams.cli.sheet import (
    EXPLAINING,
    Json,
    changes_table,
    pairs,
    plain_console,
    read_sheet,
    scores_table,
)
from streams.telling.explanation import Part

_TRANSITIONS: Final = 10
_OF_CHANGES: Final = 3


def show_explanation(access: Access, customer_id: str, rules: Rules) -> None:
    """Print a customer's card, part by part, with limits as the rules have them.

    Raises as `read_sheet` does.
    """
    card, history = words.harmless(list(read_sheet(access, customer_id, _TRANSITIONS)))
    console = plain_console()
    console.print(Text.assemble("Cliente ", (card["customer_id"], "bold")))
    for part in EXPLAINING.parts(card, history, rules):
        console.print(Text(f"\n{part.title}", "bold"), _table(card, part), sep="\n")


def _table(card: Json, part: Part) -> Table:
    if part.headings:
        return scores_table(card, part.headings, part.rows)
    is_of_changes = bool(part.rows) and len(part.rows[0]) == _OF_CHANGES
    return changes_table(part.rows) if is_of_changes else pairs(part.rows)
