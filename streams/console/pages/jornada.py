"""Jornada: where customers stand, who moved, which triggers that set off."""

import time
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from nicegui import ui

from streams.console.address import address, links, one_of
from streams.console.charts.lines import lines
from streams.console.charts.sankey import Flow, sankey
from streams.console.desk import Desk
from streams.console.downloads import download_buttons
from streams.console.frame import frame, kept_fresh
from streams.console.markup import Markup, tag
from streams.console.sections import (
    DRAWN_EVERY_S,
    PATIENCE_S,
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
from streams.console.views.journey_told import (
    MOST_FLOWS,
    days_table,
    moves_table,
    order_of,
    phases_shown,
    phases_table,
    reasons_shown,
    titles,
    triggers_table,
)
from streams.console.views.moves import Table, by_day, flows, triggers
from streams.console.views.sizes import last_days
from streams.console.views.stages import PhaseStanding, standings
from streams.console.views.today import today_of
from streams.console.words import Words
from streams.console.words import jornada as texts
from streams.console.words import views as common

PATH: Final = "/jornada"
_KINDS: Final = {"perfil": "profile", "porte": "tier", "rfm": "rfm", "campanha": "campaign"}
_DAYS: Final = ("7", "1", "30", "90")
_ENDS: Final = ("nao", "sim")
_SETTLED: Final = frozenset({"profile", "tier"})  # everyone has one: whoever is new comes from none


def add(desk: Desk) -> None:
    """Add the page."""

    @ui.page(PATH, response_timeout=PATIENCE_S)
    async def page() -> None:
        asked = ui.context.client.request.query_params
        with frame(desk, "jornada") as words:
            await _Page(desk, words, asked).show()


class _Page:
    """The page as one reader asked for it."""

    def __init__(self, desk: Desk, words: Words, asked: Mapping[str, str]) -> None:
        self._desk, self._words = desk, words
        self._what = one_of(common.KINDS, asked.get("mudou"))
        self._kind = _KINDS[self._what]
        self._days = one_of(_DAYS, asked.get("dias"))
        default = "nao" if self._kind in _SETTLED else "sim"
        said = asked.get("pontas")
        self._ends = said if said in _ENDS and self._kind != "campaign" else default
        self._chosen = {"mudou": self._what, "dias": self._days, "pontas": said}

    async def show(self) -> None:
        """Show it."""
        dress()
        put(tag("p", self._words(texts.LEAD), class_="lead"))
        await warn_of_rules(self._desk, self._words)
        await once_there(self._words, self._fill)

    async def _fill(self) -> None:
        await self._show_phases()
        await self._show_moves()
        await self._show_triggers()

    async def _show_phases(self) -> None:
        words = self._words

        async def render() -> Markup:
            counts = await counts_of(self._desk)
            return phases_shown(words, self._standings(counts), counts.base)

        async def table() -> Any:
            return phases_table(words, self._standings(await counts_of(self._desk)))

        with section("fases", words(texts.PHASES), words(texts.PHASES_NOTE)):
            await kept_fresh(words, render)
            download_buttons(table, "jornada-etapas")

    def _standings(self, counts: Any) -> list[PhaseStanding]:
        journey = self._desk.rules.journey
        return standings(journey, counts.of("phase"), counts.table("stage"))

    async def _show_moves(self) -> None:
        words = self._words
        days = await self._period()
        note = words(texts.MOVES_NOTE, words.day(days[0]), words.day(days[-1]))
        with section("mudancas", words(texts.MOVES), note):
            put(self._controls())
            with ui.element("div").classes("beside"):
                told = words(texts.CHART, words(common.KINDS[self._what]))
                if await self._flows():
                    await drawn(self._sankey, told)
                with scrolled(words(texts.MOVES)):
                    await kept_fresh(words, self._moves_shown, DRAWN_EVERY_S)
            download_buttons(self._moves_table, f"jornada-mudancas-{self._what}")

    def _controls(self) -> Markup:
        words, chosen = self._words, self._chosen
        whats = {key: words(text) for key, text in common.KINDS.items()}
        to = {key: address(PATH, chosen, "mudancas", mudou=key, pontas=None) for key in whats}
        made = [links(words(texts.KIND), whats, self._what, to), self._day_links("mudancas")]
        if self._kind != "campaign":
            ends = {"nao": words(texts.WITHOUT_ENDS), "sim": words(texts.WITH_ENDS)}
            to = {key: address(PATH, chosen, "mudancas", pontas=key) for key in ends}
            made.append(links(words(texts.ENDS), ends, self._ends, to))
        return tag("div", *made, class_="controls")

    def _day_links(self, anchor: str) -> Markup:
        words = self._words
        names = {days: words(texts.LAST_DAYS, days) for days in sorted(_DAYS, key=int)}
        names["1"] = words(texts.TODAY)
        to = {days: address(PATH, self._chosen, anchor, dias=days) for days in names}
        return links(words(texts.DAYS), names, self._days, to)

    async def _period(self) -> list[date]:
        meta = (await self._desk.pulse.reading()).meta
        return last_days(today_of(meta, int(time.time() * 1000)), int(self._days))

    async def _tables(self, what: str) -> dict[date, Table]:
        moves = await self._desk.pulse.moves(await self._period())
        return {day: counts.table(what) for day, counts in moves.items()}

    async def _flows(self) -> list[Flow]:
        tables = await self._tables("change")
        return flows(tables.values(), self._kind, ends=self._ends == "sim")

    async def _sankey(self) -> dict[str, Any]:
        made = (await self._flows())[:MOST_FLOWS]
        named = titles(self._words, self._kind, made, order_of(self._kind, self._desk.rules))
        return sankey(made, named, self._words.tag)

    async def _moves_table(self) -> Any:
        return moves_table(self._words, self._kind, await self._flows())

    async def _moves_shown(self) -> Markup:
        words, made = self._words, await self._flows()
        if not made:
            return tag("p", words(texts.NO_MOVES), class_="muted")
        return shown(words, moves_table(words, self._kind, made), words(texts.MOVES))

    async def _show_triggers(self) -> None:
        words = self._words
        with section("gatilhos", words(texts.TRIGGERS), words(texts.TRIGGERS_NOTE)):
            put(tag("div", self._day_links("gatilhos"), class_="controls"))
            await kept_fresh(words, self._reasons_shown, DRAWN_EVERY_S)
            with scrolled(words(texts.TRIGGERS)):
                await kept_fresh(words, self._triggers_shown, DRAWN_EVERY_S)
            download_buttons(self._triggers_table, "jornada-gatilhos")
            if self._days != "1" and await self._tables("trigger"):
                put(tag("h3", words(texts.BY_DAY)))
                await drawn(self._lines, await self._lines_told(), "chart low")
                download_buttons(self._days_table, "jornada-gatilhos-por-dia")

    async def _triggers_table(self) -> Any:
        tables = await self._tables("trigger")
        journey = self._desk.rules.journey
        phases = {stage: phase.name for phase in journey.phases for stage in phase.stages}
        return triggers_table(self._words, triggers(tables.values()), phases)

    async def _triggers_shown(self) -> Markup:
        words, table = self._words, await self._triggers_table()
        if not table.rows:
            return tag("p", words(texts.NO_TRIGGERS), class_="muted")
        return shown(words, table, words(texts.TRIGGERS))

    async def _reasons_shown(self) -> Markup:
        tables = await self._tables("trigger")
        return reasons_shown(self._words, triggers(tables.values()))

    async def _lines(self) -> dict[str, Any]:
        words, days = self._words, by_day(await self._tables("trigger"))
        named = {"fired": words(texts.FIRED), "suppressed": words(texts.SUPPRESSED)}
        figures = {key: [getattr(of, key) for of in days.values()] for key in named}
        return lines([words.day(day) for day in days], figures, named, words.tag)

    async def _lines_told(self) -> str:
        days = by_day(await self._tables("trigger")).values()
        fired, suppressed = (sum(of[at] for of in days) for at in (0, 1))
        count = self._words.count
        return self._words(texts.BY_DAY_CHART, count(fired), count(suppressed))

    async def _days_table(self) -> Any:
        return days_table(self._words, by_day(await self._tables("trigger")))
