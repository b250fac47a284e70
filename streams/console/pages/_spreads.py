"""How scores are spread, of the page RFM e PRFV: a histogram each, in a group or over all."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from streams.console.address import address
from streams.console.charts.histogram import Spread, histogram, limits_on
from streams.console.desk import Desk
from streams.console.downloads import download_buttons
from streams.console.frame import kept_fresh
from streams.console.markup import Markup, tag
from streams.console.sections import (
    DRAWN_EVERY_S,
    counts_of,
    drawn,
    folded,
    put,
    scrolled,
    section,
)
from streams.console.tables import shown
from streams.console.views import rfm_told as told
from streams.console.views.spreads import INDICATORS, Group, groups, spreads
from streams.console.words import Words
from streams.console.words import rfm as texts
from streams.console.words import views as common
from streams.counts import Counts
from streams.tabular import Table


class Spreads:
    """The distributions as one reader asked for them; `chosen` is what the address says."""

    def __init__(self, desk: Desk, words: Words, path: str, chosen: Mapping[str, str]) -> None:
        self._desk, self._words, self._path, self._chosen = desk, words, path, chosen
        self._asked = chosen.get("grupo", "")
        self._group: Group | None = None
        self._made: tuple[Counts, dict[str, Spread]] | None = None

    async def show(self) -> None:
        """Show the choice of a group, a histogram for each score, and all of them as a table."""
        words, counts = self._words, await counts_of(self._desk)
        named = {told.group_name(words, one): one for one in groups(counts.of("group"))}
        self._group = named.get(self._asked)
        with section("notas", words(texts.SPREADS), words(texts.SPREADS_NOTE)):
            put(self._choice(named))
            with ui.element("div").classes("spreads"):
                for indicator in INDICATORS:
                    await self._show_one(indicator)
            with folded(words), scrolled(words(texts.SPREADS)):
                await kept_fresh(words, self._rows, DRAWN_EVERY_S)
            download_buttons(self._table, "prfv-distribuicao")

    def _choice(self, named: Mapping[str, Group]) -> Markup:
        """Return the choice of a group, by typing: there may be a thousand."""
        words = self._words
        if not self._desk.rules.analysis.compare_by:
            return tag("p", words(texts.ONE_RANKING), class_="muted small")
        form = tag(
            "form",
            tag("label", words(texts.GROUP), self._typed()),
            self._known(named),
            *self._kept(),
            tag("button", words(common.SHOW), type="submit", class_="button"),
            self._way_back(),
            action=f"{self._path}#notas",
            class_="field",
        )
        if not self._asked or self._group is not None:
            return form
        missing = words(texts.NO_GROUP, self._asked)
        return tag("p", missing, class_="banner", role="status") + form

    def _typed(self) -> Markup:
        return tag(
            "input",
            name_="grupo",
            list="grupos",
            value=self._asked or None,
            placeholder=self._words(texts.ALL_GROUPS),
            autocomplete="off",
        )

    def _known(self, named: Mapping[str, Group]) -> Markup:
        words = self._words
        options = (
            tag("option", words(texts.MANY, words.count(group.customers)), value=name)
            for name, group in named.items()
        )
        return tag("datalist", *options, id="grupos")

    def _kept(self) -> list[Markup]:
        """Return what else the address says, to be in the next one too."""
        rest = {name: value for name, value in self._chosen.items() if name != "grupo"}
        return [tag("input", type="hidden", name_=name, value=rest[name]) for name in rest]

    def _way_back(self) -> Markup | None:
        if self._group is None:
            return None
        everyone = address(self._path, self._chosen, "notas", grupo=None)
        return tag("a", self._words(texts.ALL_GROUPS), href=everyone, class_="button")

    async def _spreads(self) -> dict[str, Spread]:
        """Return what is spread how, worked out once for counts that are read once."""
        counts = await counts_of(self._desk)
        if self._made is None or self._made[0] is not counts:
            group = self._group and self._group.name
            self._made = counts, spreads(counts.table("score"), group)
        return self._made[1]

    async def _show_one(self, indicator: str) -> None:
        words, limits = self._words, limits_on(indicator, self._desk.rules)

        async def head() -> Markup:
            return told.spread_head(words, indicator, (await self._spreads())[indicator])

        async def options() -> dict[str, Any]:
            bars = (await self._spreads())[indicator].bars
            return histogram(bars, told.bar_names(words), limits, words.tag)

        alt = told.spread_told(words, indicator, (await self._spreads())[indicator])
        with ui.element("div").classes("spread"):
            await kept_fresh(words, head, DRAWN_EVERY_S)
            await drawn(options, alt, "chart low")
            put(told.limits_shown(words, limits))

    async def _table(self) -> Table:
        return told.spreads_table(self._words, await self._spreads())

    async def _rows(self) -> Markup:
        return shown(self._words, await self._table(), self._words(texts.SPREADS))
