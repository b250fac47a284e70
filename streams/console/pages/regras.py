"""Regras: the rules in words, with their version, and whether they are the ones in force."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from nicegui import ui

from nyxter_online.journey import Journey
from schemas.rules import read_rules
from streams.console.desk import Desk
from streams.console.downloads import download_buttons
from streams.console.frame import frame, kept_fresh
from streams.console.markup import Markup, tag
from streams.console.sections import PATIENCE_S, dress, put, scrolled, section
from streams.console.tables import shown
from streams.console.views import rules_told as told
from streams.console.words import Words
from streams.console.words import regras as texts
from streams.tabular import Table

_AS_GIVEN: Final = dict.fromkeys(("P", "R", "F", "V", "points"))


def add(desk: Desk) -> None:
    """Add the page."""

    @ui.page("/regras", response_timeout=PATIENCE_S)
    async def page() -> None:
        with frame(desk, "regras") as words:
            await _Page(desk, words).show()


class _Page:
    """The page as one reader sees it."""

    def __init__(self, desk: Desk, words: Words) -> None:
        self._desk, self._words, self._rules = desk, words, desk.rules

    async def show(self) -> None:
        """Show it."""
        dress()
        words, rules = self._words, self._rules
        put(tag("p", words(texts.LEAD), class_="lead"))
        await kept_fresh(words, self._version)
        self._sentences("analise", texts.ANALYSIS, told.analysis(words, rules))
        with ui.element("div").classes("pairs"):
            self._table("portes", texts.TIERS, texts.TIERS_NOTE, told.tiers)
            self._table("campanhas", texts.CAMPAIGNS, texts.CAMPAIGNS_NOTE, told.campaigns)
            self._table("potencial", texts.POTENTIAL, texts.POTENTIAL_NOTE, told.potential)
            self._table("rfm", texts.RFM, texts.RFM_NOTE, told.rfm)
        self._show_journey()
        default = rules.operation_natures.get("default", True)
        with ui.element("div").classes("pairs"):
            self._table("limites", texts.LIMITS, texts.LIMITS_NOTE, told.limits)
            self._table("naturezas", texts.NATURES, texts.NATURES_DEFAULT[default], told.natures)
        await self._show_file()

    async def _version(self) -> Markup:
        meta = (await self._desk.pulse.reading()).meta
        return told.version(self._words, self._rules.version, meta)

    def _sentences(self, anchor: str, title: Any, sentences: Sequence[str]) -> None:
        with section(anchor, self._words(title)):
            put(tag("ul", *(tag("li", one) for one in sentences), class_="rule-sentences"))

    def _table(
        self, anchor: str, title: Any, note: Any, made: Callable[[Words, Any], Table]
    ) -> None:
        with section(anchor, self._words(title), self._words(note)):
            self._held(made, f"regras-{anchor}")

    def _held(self, made: Callable[[Words, Any], Table], name: str) -> None:
        """Show a table and its downloads; where it has no row, say so."""
        words, rules = self._words, self._rules
        table = made(words, rules)
        if not table.rows:
            put(tag("p", words(texts.NO_ROW), class_="muted"))
            return
        with scrolled(table.name):
            put(shown(words, table, table.name, places=_AS_GIVEN))
        download_buttons(_again(made, words, rules), name)

    def _show_journey(self) -> None:
        words = self._words
        known = Journey(self._rules).triggers
        with section("jornada", words(texts.JOURNEY)):
            sentences = (tag("li", one) for one in told.journey(words, self._rules))
            put(tag("ul", *sentences, class_="rule-sentences"))
            put(tag("h3", words(texts.PHASES)))
            self._held(told.stages, "regras-etapas")
            put(tag("h3", words(texts.PLACES)))
            self._held(told.places, "regras-perfis")
            put(tag("h3", words(texts.TRIGGERS)))
            self._held(lambda words, rules: told.triggers(words, rules, known), "regras-gatilhos")

    async def _show_file(self) -> None:
        words, path = self._words, self._desk.settings.rules
        with section("toml", words(texts.TOML)):
            if path is None:
                put(tag("p", words(texts.BY_DEFAULT), class_="muted"))
                return
            put(tag("p", words(texts.FROM_FILE, path.name), class_="muted small"))
            try:
                text = await asyncio.to_thread(path.read_text, "utf-8")
                same = read_rules(text).version == self._rules.version
            except (OSError, ValueError):
                put(tag("p", words(texts.FILE_AWAY), class_="banner"))
                return
            if not same:
                put(tag("p", words(texts.FILE_CHANGED), class_="banner"))
            put(tag("pre", text, class_="toml", tabindex="0", aria_label=words(texts.TOML)))


def _again(
    made: Callable[[Words, Any], Table], words: Words, rules: Any
) -> Callable[[], Awaitable[Table]]:
    async def table() -> Table:
        return made(words, rules)

    return table
