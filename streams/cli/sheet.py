"""Parts of what is shown of one customer: the card of Redis, read and laid out in tables."""

from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from schemas.outputs import UNASSIGNED
from streams import cards
from streams.access.fields import Access
from streams.access.places import redis_place
from streams.access.redis import redis_client
from streams.cli import whys, words

NAMES: Final = {"P": "Potencial", "R": "Recência", "F": "Frequência", "V": "Valor"}
COLOURS: Final = {"azul": "blue", "verde": "green", "vermelho": "red"}

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


def fact(name: str, raw: Json) -> str:
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


def rfm_marks(card: Json) -> str | None:
    """Return the RFM segment with its marks, None where nothing was bought."""
    rfm = card["rfm"]
    return rfm and f"{rfm['segment']} (R {rfm['r']} + F {rfm['f']} + V {rfm['v']} = {rfm['total']})"


def pairs() -> Table:
    """Return an empty table of names and what they are."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", min_width=_LABEL)
    table.add_column()
    return table


def segments(card: Json) -> Table:
    """Return the segments of a customer, and what else places them."""
    table = pairs()
    table.add_row("Porte", card["tier"])
    table.add_row("Canal", card["channel"])
    table.add_row("Campanhas", ", ".join(card["campaigns"]) or words.NOTHING)
    table.add_row("Segmento RFM", rfm_marks(card) or "sem compra no período")
    table.add_row("Grupo", ", ".join(name or words.NOTHING for name in card["group"]) or "todos")
    table.add_row("Primeira compra", words.day(card["raw"]["first_sale"]))
    return table


def chance(profile: Json | None) -> str | None:
    """Return a consumption profile with its probability in words, None where there is none."""
    if profile is None or profile["segment"] == UNASSIGNED:
        return None
    return f"{profile['segment']} ({words.share(profile['probability'])})"


def standing(card: Json) -> Table:
    """Return a customer's consumption profile, and where on the journey that is."""
    table = pairs()
    table.add_row("Perfil", chance(card["consumption"]) or "ainda sem perfil")
    table.add_row("Jornada", card["journey"]["phase"] or words.NOTHING)
    return table


def provenance(card: Json) -> Table:
    """Return what a card was computed from, and when."""
    table = pairs()
    table.add_row("Dia da análise", words.day(card["day"]))
    table.add_row("Publicado em", words.moment(card["updated_at"]))
    table.add_row("Retrato da base", words.number(card["snapshot"], 0))
    table.add_row("Regras", card["rules"])
    return table


def history_table(history: list[Json]) -> Table:
    """Return transitions and triggers with their why."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="bold")
    table.add_column()
    for it in history:
        table.add_row(words.stamp(it["time"]), whys.told(it), whys.reason(it["why"]))
    return table
