"""`nyxter card`: one customer as Redis holds them, for a person or as JSON."""

from typing import Any, Final
from urllib.parse import urlsplit

import typer
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.envelope import dumps
from schemas.outputs import Profile
from streams import cards
from streams.cli import whys, words

ANSWER_S: Final = 5.0

_TRANSITIONS: Final = 5
_NAMES: Final = {"P": "Potencial", "R": "Recência", "F": "Frequência", "V": "Valor"}
_COLOURS: Final = {"azul": "blue", "verde": "green", "vermelho": "red"}
_LABEL: Final = 15


class NoCard(LookupError):  # noqa: N818 - it names what is the case
    """Redis holds no card of the customer."""


def show_card(url: str, customer_id: str, *, as_json: bool) -> None:
    """Print a customer's card, with the newest transitions; `as_json`: the profile as published.

    Raises
    ------
    NoCard
        There is none.
    RedisError
        Redis does not answer, or does not hold what we write.
    ValueError
        The URL is not one of a Redis.

    """
    with Redis.from_url(
        url,
        socket_timeout=ANSWER_S,
        socket_connect_timeout=ANSWER_S,
        retry=Retry(NoBackoff(), 0),
    ) as redis:
        card = cards.read_card(redis, customer_id)
        if card is None:
            raise NoCard(f"no card of {customer_id} in the Redis at {place(url)}")
        history = [] if as_json else cards.read_history(redis, customer_id, _TRANSITIONS)
    if as_json:
        typer.echo(dumps({name: card[name] for name in Profile.model_fields}))
    else:
        Console(highlight=False).print(*_page(card, history), sep="\n")


def place(url: str) -> str:
    """Return where a Redis is, without what opens it.

    >>> place("redis://:secret@cache.example:6379/0")
    'cache.example:6379'
    """
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path


def _page(card: dict[str, Any], history: list[dict[str, Any]]) -> list[Any]:
    title = Text.assemble((card["customer_id"], "bold"), " · ", (card["tier"], "bold magenta"))
    body = Group(_scores(card), Text(), _segments(card), Text(), _provenance(card))
    panel = Panel(body, title=title, expand=False, padding=(1, 2))
    return [panel, Text("Últimas mudanças", "bold"), _history(history)] if history else [panel]


def _scores(card: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Indicador")
    table.add_column("Nota", justify="right")
    table.add_column("Cor")
    table.add_column("De onde vem")
    for name in _NAMES:
        colour = card["bands"][name]
        style = _COLOURS.get(colour, "")
        score = Text(words.number(card[name]), f"bold {style}")
        shown = Text(colour or words.NOTHING, style)
        table.add_row(f"{name} {_NAMES[name]}", score, shown, _fact(name, card["raw"]))
    table.add_row("PRFV", Text(words.number(card["prfv"]), "bold"), "", "média com os pesos")
    return table


def _fact(name: str, raw: dict[str, Any]) -> str:
    """Return the raw figure behind a score."""
    if name == "P":
        points = raw["potential"]
        return "sem indicadores no cadastro" if points is None else f"{_plain(points)} pontos"
    if name == "R":
        last = raw["last_sale"]
        return "sem compra no período" if last is None else f"última compra em {words.day(last)}"
    if name == "F":
        noun = "pedido" if raw["orders"] == 1 else "pedidos"
        return f"{raw['orders']} {noun}, frequência {words.number(raw['frequency'], 3)}"
    return f"{words.money(raw['value'])} no período"


def _plain(points: str) -> str:
    """Return points with the decimals they have.

    >>> _plain("1250.5"), _plain("50")
    ('1.250,5', '50')
    """
    whole, _, part = points.partition(".")
    return words.number(int(whole), 0) + (f",{part}" if part else "")


def _segments(card: dict[str, Any]) -> Table:
    table = _pairs()
    rfm = card["rfm"]
    marks = (
        rfm and f"{rfm['segment']} (R {rfm['r']} + F {rfm['f']} + V {rfm['v']} = {rfm['total']})"
    )
    table.add_row("Porte", card["tier"])
    table.add_row("Canal", card["channel"])
    table.add_row("Campanhas", ", ".join(card["campaigns"]) or words.NOTHING)
    table.add_row("Segmento RFM", marks or "sem compra no período")
    table.add_row("Grupo", ", ".join(name or words.NOTHING for name in card["group"]) or "todos")
    table.add_row("Primeira compra", words.day(card["raw"]["first_sale"]))
    return table


def _provenance(card: dict[str, Any]) -> Table:
    table = _pairs()
    table.add_row("Dia da análise", words.day(card["day"]))
    table.add_row("Publicado em", words.moment(card["updated_at"]))
    table.add_row("Retrato da base", words.number(card["snapshot"], 0))
    table.add_row("Regras", card["rules"])
    return table


def _pairs() -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", min_width=_LABEL)
    table.add_column()
    return table


def _history(history: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for it in history:
        told = whys.change(it["kind"], it["old"], it["new"])
        table.add_row(words.stamp(it["time"]), told, whys.reason(it["why"]))
    return table
