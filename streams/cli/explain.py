"""`nyxter explain`: everything on a customer's card with its why, for a person."""

from collections.abc import Iterator
from typing import Any, Final

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from schemas.rules import TIERS, Rules
from streams.access.fields import Access
from streams.cli import whys, words
from streams.cli.sheet import (
    COLOURS,
    NAMES,
    Json,
    chance,
    fact,
    history_table,
    pairs,
    plain_console,
    provenance,
    read_sheet,
    segments,
)

_TRANSITIONS: Final = 10


def show_explanation(access: Access, customer_id: str, rules: Rules) -> None:
    """Print a customer's card, part by part, with limits as the rules have them.

    Raises as `read_sheet` does.
    """
    card, history = words.harmless(list(read_sheet(access, customer_id, _TRANSITIONS)))
    console = plain_console()
    console.print(Text.assemble("Cliente ", (card["customer_id"], "bold")))
    for title, part in _parts(card, history, rules):
        console.print(Text(f"\n{title}", "bold"), part, sep="\n")


def _parts(card: Json, history: list[Json], rules: Rules) -> Iterator[tuple[str, RenderableType]]:
    yield "Notas", _scores(card, rules)
    yield "Segmentos", _segments(card, rules)
    if "consumption" in card:  # one that an earlier release wrote has none
        yield "Perfil de consumo", _profile(card, history)
        yield "Jornada", _journey(card["journey"])
    if history:
        yield "Últimas mudanças", history_table(history)
    yield "De onde vem", _provenance(card, rules)


def _scores(card: Json, rules: Rules) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Indicador")
    table.add_column("Nota", justify="right")
    for name in ("Cor", "De onde vem", "Limite mais próximo"):
        table.add_column(name)
    for name, noun in NAMES.items():
        colour = card["bands"][name]
        style = COLOURS.get(colour, "")
        score = Text(words.number(card[name]), f"bold {style}")
        shown = Text(colour or words.NOTHING, style)
        limit = _nearest(card[name], _limits(name, rules))
        table.add_row(f"{name} {noun}", score, shown, fact(name, card["raw"]), limit)
    prfv = Text(words.number(card["prfv"]), "bold")
    limit = _nearest(card["prfv"], _limits("PRFV", rules))
    table.add_row("PRFV", prfv, "", "média com os pesos", limit)
    return table


def _limits(indicator: str, rules: Rules) -> Iterator[tuple[float, str]]:
    """Yield each limit of an indicator, and the tier or campaign that has it."""
    if indicator != "PRFV":
        yield from ((float(getattr(rules.tiers[tier], indicator)), tier) for tier in TIERS)
    for name, campaign in rules.campaigns.items():
        yield from ((float(limit), name) for i, _, limit in campaign.conditions if i == indicator)


def _nearest(score: float | None, limits: Iterator[tuple[float, str]]) -> str:
    """Return the limit nearest to a score in words.

    >>> _nearest(76.2, iter([(75.0, "vip"), (55.0, "medio")]))
    '75 de vip: folga de 1,20'
    >>> _nearest(70.0, iter([(75.0, "vip"), (55.0, "medio")])), _nearest(None, iter([(1.0, "a")]))
    ('75 de vip: faltam 5,00', '—')
    """
    listed = list(limits)
    if score is None or not listed:
        return words.NOTHING
    limit, name = min(listed, key=lambda pair: abs(score - pair[0]))
    return f"{whys.short(limit)} de {name}: {whys.room(score - limit)}"


def _segments(card: Json, rules: Rules) -> Table:
    table = segments(card)
    starts = rules.rfm.segments[1:]
    if card["rfm"] and starts:
        total = card["rfm"]["total"]
        near = min(starts, key=lambda segment: abs(total - segment.from_))
        room = whys.room(total - near.from_, 0)
        table.add_row("Soma RFM", f"{total}; {near.name} começa em {near.from_}: {room}")
    return table


def _profile(card: Json, history: list[Json]) -> Table:
    """Return the profile with its rivals, the features it follows from, and what contracts tell."""
    table = pairs()
    consumption, features, portfolio = card["consumption"], card["features"], card["portfolio"]
    table.add_row("Perfil", chance(consumption) or "ainda sem perfil")
    table.add_row("Em segundo", chance(consumption["runner_up"]) or words.NOTHING)
    change = next((it for it in history if it["kind"] == "profile" and "trigger" not in it), None)
    if change is not None:
        table.add_row("Desde", f"{words.stamp(change['time'])}: {whys.reason(change['why'])}")
    for name, told in _features(features):
        table.add_row(name, told)
    table.add_row("Contratos ativos", str(portfolio["active_contracts"]))
    table.add_row("Novos em 12 meses", str(portfolio["hired_last_12_months"]))
    table.add_row("Hospedagem", ", ".join(portfolio["hosting"]) or words.NOTHING)
    table.add_row("Categorias", ", ".join(portfolio["product_categories"]) or words.NOTHING)
    table.add_row("Época do modelo", str(consumption["epoch"] or words.NOTHING))
    return table


def _features(features: Json | None) -> Iterator[tuple[str, str]]:
    if features is None:
        yield "Contratos", "nenhum"
        return
    band: Any = features["revenue_band"]
    yield "Contratos", str(features["contracts"])
    yield "Marcas", str(features["brands"])
    yield "Meses de casa", str(features["tenure_months"])
    yield "Faixa de faturamento", "desconhecida" if band is None else str(band)


def _journey(journey: Json) -> Table:
    table = pairs()
    table.add_row("Fase", journey["phase"] or words.NOTHING)
    table.add_row("Etapas", ", ".join(journey["stages"]) or words.NOTHING)
    table.add_row("Ações sugeridas", ", ".join(journey["actions"]) or words.NOTHING)
    return table


def _provenance(card: Json, rules: Rules) -> Table:
    table = provenance(card)
    if card["rules"] != rules.version:
        table.add_row("Atenção", f"os limites acima são das regras {rules.version} (--rules)")
    return table
