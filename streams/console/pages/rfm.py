"""RFM e PRFV: the grid of buyers, how scores are spread, and the lists of campaigns."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote

from nicegui import ui

from streams.console.address import address
from streams.console.charts.grid import Cell, cells
from streams.console.charts.histogram import Spread, histogram, limits_on
from streams.console.desk import Desk
from streams.console.downloads import download_buttons
from streams.console.frame import frame, kept_fresh
from streams.console.markup import Markup, tag
from streams.console.sections import (
    DRAWN_EVERY_S,
    counts_of,
    drawn,
    dress,
    once_there,
    put,
    scrolled,
    section,
    warn_of_rules,
)
from streams.console.tables import shown
from streams.console.views import rfm_told as told
from streams.console.views.members import Page, read_all, read_page
from streams.console.views.spreads import INDICATORS, Group, groups, spreads
from streams.console.words import Words
from streams.console.words import rfm as texts
from streams.console.words import views as common
from streams.console.words.domain import label
from streams.counts import Counts
from streams.tabular import Table

PATH: Final = "/rfm"
_T = TypeVar("_T")


def add(desk: Desk) -> None:
    """Add the page."""

    @ui.page(PATH)
    async def page() -> None:
        asked = ui.context.client.request.query_params
        with frame(desk, "rfm") as words:
            await _Page(desk, words, asked).show()


class _Page:
    """The page as one reader asked for it."""

    def __init__(self, desk: Desk, words: Words, asked: Mapping[str, str]) -> None:
        self._desk, self._words = desk, words
        named = desk.rules.campaigns
        campaign = asked.get("lista", "")
        self._campaign = campaign if campaign in named else next(iter(named), "")
        number = asked.get("pagina", "")
        self._number = int(number) if number.isascii() and number.isdigit() else 1
        self._asked_group = asked.get("grupo", "")
        self._group: Group | None = None
        self._spread: tuple[Counts, dict[str, Spread]] | None = None
        self._chosen = {
            "celula": asked.get("celula"),
            "grupo": self._asked_group,
            "lista": self._campaign if "lista" in asked else None,
            "pagina": str(self._number) if self._number > 1 else None,
        }

    async def show(self) -> None:
        """Show it."""
        dress()
        put(tag("p", self._words(texts.LEAD), class_="lead"))
        await warn_of_rules(self._desk, self._words)
        await once_there(self._words, self._fill)

    async def _fill(self) -> None:
        counts = await self._counts()
        await self._show_grid(counts)
        await self._show_spreads(counts)
        await self._show_lists()

    async def _counts(self) -> Counts:
        return await counts_of(self._desk)

    async def _cells(self) -> list[Cell]:
        return cells((await self._counts()).table("cell"), self._desk.rules.rfm)

    # The grid.

    async def _show_grid(self, counts: Counts) -> None:
        words = self._words
        buyers = sum(counts.table("cell").values())
        note = words(texts.GRID_NOTE, words.count(buyers))
        with section("grade", words(texts.GRID), note):
            await kept_fresh(words, self._segments, DRAWN_EVERY_S)
            await kept_fresh(words, self._grid, DRAWN_EVERY_S)
            put(tag("p", words(texts.NO_CELL), class_="told", role="status"))
            with _more(words), scrolled(words(texts.GRID)):
                await kept_fresh(words, self._grid_rows, DRAWN_EVERY_S)
            download_buttons(self._grid_table, "rfm-grade")

    async def _grid(self) -> Markup:
        return told.grid_shown(self._words, await self._cells(), self._desk.rules.rfm)

    async def _segments(self) -> Markup:
        return told.segments_shown(self._words, await self._cells(), self._desk.rules.rfm)

    async def _grid_table(self) -> Table:
        return told.grid_table(self._words, await self._cells())

    async def _grid_rows(self) -> Markup:
        return shown(self._words, await self._grid_table(), self._words(texts.GRID))

    # Distributions.

    async def _show_spreads(self, counts: Counts) -> None:
        words = self._words
        named = {told.group_name(words, one): one for one in groups(counts.of("group"))}
        self._group = named.get(self._asked_group)
        with section("notas", words(texts.SPREADS), words(texts.SPREADS_NOTE)):
            if self._asked_group and self._group is None:
                missing = words(texts.NO_GROUP, self._asked_group)
                put(tag("p", missing, class_="banner", role="status"))
            put(self._groups_shown(named))
            with ui.element("div").classes("spreads"):
                for indicator in INDICATORS:
                    await self._show_spread(indicator)
            with _more(words), scrolled(words(texts.SPREADS)):
                await kept_fresh(words, self._spread_rows, DRAWN_EVERY_S)
            download_buttons(self._spreads_table, "prfv-distribuicao")

    def _groups_shown(self, named: Mapping[str, Group]) -> Markup:
        """Return the choice of a group: by typing, as there may be a thousand."""
        words = self._words
        if not self._desk.rules.analysis.compare_by:
            return tag("p", words(texts.ONE_RANKING), class_="muted small")
        options = (
            tag("option", words(texts.MANY, words.count(group.customers)), value=name)
            for name, group in named.items()
        )
        typed = tag(
            "input",
            name_="grupo",
            list="grupos",
            value=self._asked_group or None,
            placeholder=words(texts.ALL_GROUPS),
            autocomplete="off",
        )
        kept = (
            tag("input", type="hidden", name_=name, value=value)
            for name, value in self._chosen.items()
            if value and name != "grupo"
        )
        clear = address(PATH, self._chosen, "notas", grupo=None)
        return tag(
            "form",
            tag("label", words(texts.GROUP), typed),
            tag("datalist", *options, id="grupos"),
            *kept,
            tag("button", words(common.SHOW), type="submit", class_="button"),
            tag("a", words(texts.ALL_GROUPS), href=clear, class_="button") if self._group else None,
            action=f"{PATH}#notas",
            class_="field",
        )

    async def _spreads(self) -> dict[str, Spread]:
        """Return what is spread how, worked out once for counts that are read once."""
        counts = await self._counts()
        if self._spread is None or self._spread[0] is not counts:
            group = self._group and self._group.name
            self._spread = counts, spreads(counts.table("score"), group)
        return self._spread[1]

    async def _show_spread(self, indicator: str) -> None:
        words, limits = self._words, limits_on(indicator, self._desk.rules)
        name = told.indicator_name(words, indicator)

        async def head() -> Markup:
            of = (await self._spreads())[indicator]
            scored, without = words.count(of.scored), words.count(of.without)
            said = f"{words(texts.SCORED, scored)} · {words(texts.WITHOUT, without)}"
            return tag("div", tag("h3", name), tag("p", said, class_="muted small"))

        async def options() -> dict[str, Any]:
            bars = (await self._spreads())[indicator].bars
            return histogram(bars, told.bar_names(words), limits, words.tag)

        of = (await self._spreads())[indicator]
        alt = words(texts.CHART, name, words.count(of.scored), words.count(of.without))
        with ui.element("div").classes("spread"):
            await kept_fresh(words, head, DRAWN_EVERY_S)
            await drawn(options, alt, "chart low")
            put(told.limits_shown(words, limits))

    async def _spreads_table(self) -> Table:
        return told.spreads_table(self._words, await self._spreads())

    async def _spread_rows(self) -> Markup:
        return shown(self._words, await self._spreads_table(), self._words(texts.SPREADS))

    # Lists.

    async def _show_lists(self) -> None:
        words = self._words
        with section("listas", words(texts.LISTS), words(texts.LISTS_NOTE)):
            if not self._campaign:
                put(tag("p", words(texts.NO_CAMPAIGNS), class_="muted"))
                return
            with scrolled(words(texts.LISTS)):
                await kept_fresh(words, self._campaigns_shown, DRAWN_EVERY_S)
            download_buttons(self._campaigns_table, "campanhas")
            listed = words(texts.LIST_OF, label(words, "campaign", self._campaign))
            put(tag("h3", listed))
            with scrolled(listed):
                await kept_fresh(words, self._members_shown, DRAWN_EVERY_S)
            await kept_fresh(words, self._pager, DRAWN_EVERY_S)
            download_buttons(self._members_table, f"lista-{self._campaign}")

    async def _campaigns_table(self) -> Table:
        counts = await self._counts()
        sizes, rules = counts.of("campaign"), self._desk.rules
        return told.campaigns_table(self._words, rules, sizes, counts.base)

    async def _campaigns_shown(self) -> Markup:
        words, names = self._words, iter(self._desk.rules.campaigns)

        def link(_: object) -> str:
            return address(PATH, self._chosen, "listas", lista=next(names), pagina=None)

        table = await self._campaigns_table()
        return shown(words, table, words(texts.LISTS), places={"share": 1}, link=link)

    async def _members_shown(self) -> Markup:
        words = self._words
        page = await self._page()
        if not page.customers:
            return tag("p", words(texts.NOBODY), class_="muted")
        rows = [told.member_row(words, member) for member in page.members]
        named = label(words, "campaign", self._campaign)
        table = Table(named, told.member_columns(words), rows)
        return shown(words, table, named, link=lambda row: f"/cliente/{quote(row[0], safe='')}")

    async def _page(self) -> Page:
        return await read_page(self._desk.redis, self._campaign, self._number)

    async def _pager(self) -> Markup:
        words, page = self._words, await self._page()

        def step(text: Any, number: int) -> Markup | None:
            if not 1 <= number <= page.pages:
                return None
            to = address(PATH, self._chosen, "listas", lista=self._campaign, pagina=number)
            return tag("a", words(text), href=to, class_="button")

        where = words(texts.PAGE, words.count(page.number), words.count(page.pages))
        return tag(
            "nav",
            step(texts.BACK, page.number - 1),
            tag("span", f"{where} · {words(texts.MANY, words.count(page.customers))}"),
            step(texts.FORTH, page.number + 1),
            class_="pager",
            aria_label=words(texts.PAGES),
        )

    async def _members_table(self) -> Table:
        words, loop = self._words, asyncio.get_running_loop()
        members = read_all(self._desk.redis, self._campaign)
        rows = (
            told.member_row(words, member) for some in _drained(members, loop) for member in some
        )
        return Table(label(words, "campaign", self._campaign), told.member_columns(words), rows)


def _drained(source: AsyncIterator[_T], loop: asyncio.AbstractEventLoop) -> Iterator[_T]:
    """Yield, in another thread than the loop's, what a source on the loop gives."""

    async def following() -> tuple[_T, ...]:
        async for item in source:
            return (item,)
        return ()

    while got := asyncio.run_coroutine_threadsafe(following(), loop).result():
        yield from got


def _more(words: Words) -> Any:
    """Return what a table is folded into below its chart."""
    details = ui.element("details").classes("more")
    with details:
        ui.html(words(common.AS_TABLE), sanitize=False, tag="summary")
    return details
