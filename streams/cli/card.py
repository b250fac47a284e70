"""`nyxter card`: one customer as Redis holds them, for a person or as JSON."""

from typing import Any, Final

import typer
from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from schemas.envelope import dumps
from schemas.outputs import Profile
from streams.access.fields import Access
from streams.cli import words
from streams.cli.sheet import (
    EXPLAINING,
    Sheet,
    changes_table,
    pairs,
    plain_console,
    read_sheet,
    scores_table,
)

_TRANSITIONS: Final = 5
_HEADINGS: Final = ("Indicador", "Nota", "Cor", "De onde vem")


def show_card(access: Access, customer_id: str, *, as_json: bool) -> None:
    """Print a customer's card, with the newest transitions; `as_json`: the profile as published.

    Raises as `read_sheet` does.
    """
    sheet = read_sheet(access, customer_id, 0 if as_json else _TRANSITIONS)
    if as_json:
        typer.echo(dumps({name: sheet.card[name] for name in Profile.model_fields}))
    else:
        plain_console().print(*_page(Sheet(*words.harmless(list(sheet)))), sep="\n")


def _page(sheet: Sheet) -> list[Any]:
    card, history = sheet
    title = Text.assemble((card["customer_id"], "bold"), " · ", (card["tier"], "bold magenta"))
    scores = scores_table(card, _HEADINGS, EXPLAINING.scores(card))
    segments, provenance = EXPLAINING.segments(card), EXPLAINING.provenance(card)
    body = Group(scores, Text(), pairs(segments), Text(), pairs(provenance))
    panel = Panel(body, title=title, expand=False, padding=(1, 2))
    if not history:
        return [panel]
    return [panel, Text("Últimas mudanças", "bold"), changes_table(EXPLAINING.changes(history))]
