"""`nyxter card`: one customer as Redis holds them, for a person or as JSON."""

from typing import Any, Final

import typer
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.envelope import dumps
from schemas.outputs import Profile
from streams.access.fields import Access
from streams.cli import words
from streams.cli.sheet import (
    COLOURS,
    NAMES,
    Sheet,
    fact,
    history_table,
    plain_console,
    provenance,
    read_sheet,
    segments,
)

_TRANSITIONS: Final = 5


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
    body = Group(_scores(card), Text(), segments(card), Text(), provenance(card))
    panel = Panel(body, title=title, expand=False, padding=(1, 2))
    if not history:
        return [panel]
    return [panel, Text("Últimas mudanças", "bold"), history_table(history)]


def _scores(card: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Indicador")
    table.add_column("Nota", justify="right")
    table.add_column("Cor")
    table.add_column("De onde vem")
    for name in NAMES:
        colour = card["bands"][name]
        style = COLOURS.get(colour, "")
        score = Text(words.number(card[name]), f"bold {style}")
        shown = Text(colour or words.NOTHING, style)
        table.add_row(f"{name} {NAMES[name]}", score, shown, fact(name, card["raw"]))
    table.add_row("PRFV", Text(words.number(card["prfv"]), "bold"), "", "média com os pesos")
    return table
