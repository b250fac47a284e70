"""A customer's card with its whys, in the reader's language, as tables of texts."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from schemas.outputs import UNASSIGNED
from schemas.rules import Rules
from streams.telling.formats import NOTHING
from streams.telling.language import Both, Language
from streams.telling.limits import nearest
from streams.telling.whys import Whys

Json = dict[str, Any]
Rows = list[tuple[str, ...]]

INDICATORS: Final = {
    "P": Both("Potencial", "Potential"),
    "R": Both("Recência", "Recency"),
    "F": Both("Frequência", "Frequency"),
    "V": Both("Valor", "Value"),
}
_COLOURS: Final = {
    "azul": Both("azul", "blue"),
    "verde": Both("verde", "green"),
    "vermelho": Both("vermelho", "red"),
}
_HEADINGS: Final = (
    Both("Indicador", "Indicator"),
    Both("Nota", "Score"),
    Both("Cor", "Colour"),
    Both("De onde vem", "Where from"),
    Both("Limite mais próximo", "Nearest limit"),
)


class Part(NamedTuple):
    """One table: headings, where it has some, and rows of texts."""

    title: str
    headings: tuple[str, ...]
    rows: Rows


class Explaining:
    """Explains cards in one language.

    >>> Explaining("pt").fact("P", {"potential": "1250.5"})
    '1.250,5 pontos'
    """

    def __init__(self, language: Language) -> None:
        self.whys = Whys(language)
        self.formats = self.whys.formats
        self._language = language

    def parts(self, card: Json, history: Sequence[Json], rules: Rules) -> Iterator[Part]:
        """Yield all there is to be told, with limits as the rules have them.

        A card that an earlier release wrote has neither profile nor journey.
        """
        headings = tuple(map(self._say, _HEADINGS))
        yield Part(self._of("Notas", "Scores"), headings, self.scores(card, rules))
        segments = [*self.segments(card), *self._rfm_total(card, rules)]
        yield Part(self._of("Segmentos", "Segments"), (), segments)
        if "consumption" in card:
            title = self._of("Perfil de consumo", "Consumption profile")
            yield Part(title, (), list(self._profile(card, history)))
            yield Part(self._of("Jornada", "Journey"), (), self._journey(card["journey"]))
        if history:
            yield Part(self._of("Últimas mudanças", "Latest changes"), (), self.changes(history))
        title = self._of("De onde vem", "Where this is from")
        yield Part(title, (), [*self.provenance(card), *self._warning(card, rules)])

    def scores(self, card: Json, rules: Rules | None = None) -> Rows:
        """Return indicator, score, colour, where it is from and, by `rules`, the nearest limit."""
        rows: Rows = []
        for name, noun in INDICATORS.items():
            colour = _COLOURS.get(card["bands"][name])
            shown = NOTHING if colour is None else self._say(colour)
            fact = self.fact(name, card["raw"])
            rows.append((f"{name} {self._say(noun)}", self.formats.number(card[name]), shown, fact))
        mean = self._of("média com os pesos", "weighted mean")
        rows.append(("PRFV", self.formats.number(card["prfv"]), "", mean))
        if rules is None:
            return rows
        given = [*((name, card[name]) for name in INDICATORS), ("PRFV", card["prfv"])]
        limits = [self._nearest(name, score, rules) for name, score in given]
        return [(*row, limit) for row, limit in zip(rows, limits, strict=True)]

    def fact(self, name: str, raw: Json) -> str:
        """Return the raw figure behind a score."""
        if name == "P":
            return self._points(raw["potential"])
        if name == "R":
            last = raw["last_sale"]
            if last is None:
                return self._of("sem compra no período", "nothing bought in the period")
            return f"{self._of('última compra em', 'bought last on')} {self.formats.day(last)}"
        if name == "F":
            nouns = ("pedido", "order") if raw["orders"] == 1 else ("pedidos", "orders")
            frequency = self.formats.number(raw["frequency"], 3)
            often = self._of("frequência", "frequency")
            return f"{raw['orders']} {self._of(*nouns)}, {often} {frequency}"
        return f"{self.formats.money(raw['value'])} {self._of('no período', 'in the period')}"

    def _points(self, points: str | None) -> str:
        if points is None:
            return self._of("sem indicadores no cadastro", "no indicators on record")
        places = len(points.partition(".")[2])
        written = self.formats.number(Decimal(points), places)
        return f"{written} {self._of('pontos', 'points')}"

    def _nearest(self, indicator: str, score: float | None, rules: Rules) -> str:
        found = nearest(indicator, score, rules)
        if found is None:
            return NOTHING
        limit, room = self.whys.short(found.limit), self.whys.room(found.distance)
        return f"{limit} {self._of('de', 'of')} {found.of}: {room}"

    def segments(self, card: Json) -> Rows:
        """Return the segments of a customer, and what else places them."""
        group = ", ".join(name or NOTHING for name in card["group"])
        nothing = self._of("sem compra no período", "nothing bought in the period")
        first = self.formats.day(card["raw"]["first_sale"])
        return [
            (self._of("Porte", "Tier"), card["tier"]),
            (self._of("Canal", "Channel"), card["channel"]),
            (self._of("Campanhas", "Campaigns"), ", ".join(card["campaigns"]) or NOTHING),
            (self._of("Segmento RFM", "RFM segment"), _rfm_marks(card) or nothing),
            (self._of("Grupo", "Group"), group or self._of("todos", "everyone")),
            (self._of("Primeira compra", "First purchase"), first),
        ]

    def _rfm_total(self, card: Json, rules: Rules) -> Rows:
        starts = rules.rfm.segments[1:]
        if not (card["rfm"] and starts):
            return []
        total = card["rfm"]["total"]
        near = min(starts, key=lambda segment: abs(total - segment.from_))
        room = self.whys.room(total - near.from_, 0)
        begins = self._of("começa em", "begins at")
        return [
            (
                self._of("Soma RFM", "RFM total"),
                f"{total}; {near.name} {begins} {near.from_}: {room}",
            )
        ]

    def chance(self, profile: Json | None) -> str | None:
        """Return a consumption profile with its probability, None where there is none."""
        if profile is None or profile["segment"] == UNASSIGNED:
            return None
        return f"{profile['segment']} ({self.formats.share(profile['probability'])})"

    def _profile(self, card: Json, history: Sequence[Json]) -> Iterator[tuple[str, ...]]:
        """Yield the profile, its rival, the features it follows from, and what contracts tell."""
        consumption, portfolio = card["consumption"], card["portfolio"]
        none = self._of("ainda sem perfil", "none yet")
        yield self._of("Perfil", "Profile"), self.chance(consumption) or none
        yield self._of("Em segundo", "Second"), self.chance(consumption["runner_up"]) or NOTHING
        yield from self._since(history)
        yield from self._features(card["features"])
        active, hired = portfolio["active_contracts"], portfolio["hired_last_12_months"]
        yield self._of("Contratos ativos", "Active contracts"), str(active)
        yield self._of("Novos em 12 meses", "New in 12 months"), str(hired)
        yield self._of("Hospedagem", "Hosting"), ", ".join(portfolio["hosting"]) or NOTHING
        categories = ", ".join(portfolio["product_categories"]) or NOTHING
        yield self._of("Categorias", "Categories"), categories
        yield self._of("Época do modelo", "Model epoch"), str(consumption["epoch"] or NOTHING)

    def _since(self, history: Sequence[Json]) -> Iterator[tuple[str, ...]]:
        changes = (it for it in history if it["kind"] == "profile" and "trigger" not in it)
        for change in changes:
            when = self.formats.stamp(change["time"])
            yield self._of("Desde", "Since"), f"{when}: {self.whys.reason(change['why'])}"
            return

    def _features(self, features: Json | None) -> Iterator[tuple[str, ...]]:
        contracts = self._of("Contratos", "Contracts")
        if features is None:
            yield contracts, self._of("nenhum", "none")
            return
        band: Any = features["revenue_band"]
        unknown = self._of("desconhecida", "unknown")
        yield contracts, str(features["contracts"])
        yield self._of("Marcas", "Brands"), str(features["brands"])
        yield self._of("Meses de casa", "Months with us"), str(features["tenure_months"])
        yield (
            self._of("Faixa de faturamento", "Revenue band"),
            unknown if band is None else str(band),
        )

    def _journey(self, journey: Json) -> Rows:
        return [
            (self._of("Fase", "Phase"), journey["phase"] or NOTHING),
            (self._of("Etapas", "Stages"), ", ".join(journey["stages"]) or NOTHING),
            (self._of("Ações sugeridas", "Suggested"), ", ".join(journey["actions"]) or NOTHING),
        ]

    def changes(self, history: Sequence[Json]) -> Rows:
        """Return changes and triggers: when, what, why."""
        return [
            (self.formats.stamp(it["time"]), self.whys.told(it), self.whys.reason(it["why"]))
            for it in history
        ]

    def provenance(self, card: Json) -> Rows:
        """Return what a card was computed from, and when."""
        return [
            (self._of("Dia da análise", "Day of analysis"), self.formats.day(card["day"])),
            (self._of("Publicado em", "Published"), self.formats.moment(card["updated_at"])),
            (self._of("Retrato da base", "Snapshot"), self.formats.count(card["snapshot"])),
            (self._of("Regras", "Rules"), card["rules"]),
        ]

    def _warning(self, card: Json, rules: Rules) -> Rows:
        if card["rules"] == rules.version:
            return []
        told = self._of("os limites acima são das regras", "the limits above are those of rules")
        return [(self._of("Atenção", "Mind"), f"{told} {rules.version}")]

    def _of(self, pt: str, en: str) -> str:
        return self._say(Both(pt, en))

    def _say(self, text: Both) -> str:
        return text.of(self._language)


def _rfm_marks(card: Json) -> str | None:
    """Return the RFM segment with its marks, None where nothing was bought."""
    rfm = card["rfm"]
    return rfm and f"{rfm['segment']} (R {rfm['r']} + F {rfm['f']} + V {rfm['v']} = {rfm['total']})"


def as_text(parts: Sequence[Part]) -> str:
    r"""Return an explanation as lines, parts one below the other.

    >>> as_text([Part("Jornada", (), [("Fase", "Adoção")]), Part("Segmentos", (), [])])
    'Jornada\n  Fase: Adoção\n\nSegmentos'
    """
    return "\n\n".join("\n".join([part.title, *map(_line, part.rows)]) for part in parts)


def _line(row: tuple[str, ...]) -> str:
    first, *rest = (cell for cell in row if cell)
    return f"  {first}: {' · '.join(rest)}"
