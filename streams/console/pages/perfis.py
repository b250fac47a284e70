"""Perfis: the mixture beside the published profiles, who is where, sizes over time, drift."""

import time
from collections.abc import Mapping
from datetime import date
from random import Random
from typing import Any, Final

from nicegui import ui

from nyxter_online.epochs import LEAST
from nyxter_online.profiles import PROFILES
from streams.console.address import address, links, one_of
from streams.console.charts.lines import lines
from streams.console.charts.scatter import scatter
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
)
from streams.console.tables import shown
from streams.console.views import profiles_told as told
from streams.console.views.components import Beside, beside
from streams.console.views.sample import Sampled, draw
from streams.console.views.sizes import before, last_days, over_days
from streams.console.views.today import today_of
from streams.console.words import Words
from streams.console.words import perfis as texts
from streams.tabular import Table

PATH: Final = "/perfis"
_DAYS: Final = ("90", "30", "365")
_NAMES: Final = tuple(profile.name for profile in PROFILES)
_AXES: Final = {"casa": "tenure", "contratos": "contracts", "marcas": "brands", "faixa": "band"}
_PLACES: Final = dict.fromkeys(("weight_percent", "tenure", "contracts", "brands", "band"), 1)


def add(desk: Desk) -> None:
    """Add the page."""

    @ui.page(PATH, response_timeout=PATIENCE_S)
    async def page() -> None:
        asked = ui.context.client.request.query_params
        with frame(desk, "perfis") as words:
            await _Page(desk, words, asked).show()


class _Page:
    """The page as one reader asked for it."""

    def __init__(self, desk: Desk, words: Words, asked: Mapping[str, str]) -> None:
        self._desk, self._words = desk, words
        self._across = one_of(_AXES, asked.get("x"))
        upwards = {name: at for name, at in _AXES.items() if name != self._across}
        default = "contratos" if "contratos" in upwards else "casa"
        said = asked.get("y", "")
        self._upwards = said if said in upwards else default
        self._days = one_of(_DAYS, asked.get("dias"))
        self._chosen = {"x": self._across, "y": self._upwards, "dias": self._days}
        self._next = "2" if asked.get("vez") == "1" else "1"  # another address is another draw
        self._sample: list[Sampled] = []

    async def show(self) -> None:
        """Show it."""
        dress()
        put(tag("p", self._words(texts.LEAD), class_="lead"))
        await once_there(self._words, self._fill)

    async def _fill(self) -> None:
        await self._show_components()
        await self._show_points()
        await self._show_sizes()
        await self._show_drift()

    async def _besides(self) -> list[Beside]:
        counts = await counts_of(self._desk)
        return beside(self._desk.board.epoch, counts.of("profile"), await self._today())

    async def _today(self) -> date:
        meta = (await self._desk.pulse.reading()).meta
        return today_of(meta, int(time.time() * 1000))

    # Components.

    async def _show_components(self) -> None:
        words = self._words

        async def table() -> Table:
            return told.components_table(words, await self._besides())

        async def render() -> Markup:
            return shown(words, await table(), words(texts.BESIDE), places=_PLACES)

        with section("componentes", words(texts.BESIDE), words(texts.BESIDE_NOTE)):
            await kept_fresh(words, self._model)
            with scrolled(words(texts.BESIDE)):
                await kept_fresh(words, render, DRAWN_EVERY_S)
            download_buttons(table, "perfis-componentes")

    async def _model(self) -> Markup:
        """Return which model is in use and how far it is."""
        words, epoch = self._words, self._desk.board.epoch
        if epoch is None:
            return tag("p", words(texts.NO_MODEL, words.count(LEAST)), class_="said")
        origin = words(texts.ACCEPTED if epoch.accepted >= 0 else texts.STARTED)
        facts = (
            words(texts.MODEL, epoch.model, origin),
            words(texts.EPOCH, words.count(epoch.number)),
            words(texts.CHECKPOINT, words.count(epoch.checkpoint)),
            words(texts.LEARNED, words.count(epoch.customers)),
        )
        return tag("ul", *(tag("li", fact, class_="chip") for fact in facts), class_="chips plain")

    # The sample.

    async def _show_points(self) -> None:
        words = self._words
        self._sample = await draw(self._desk.redis, _NAMES)
        sizes = (await counts_of(self._desk)).of("profile")
        everyone = words.count(sum(sizes.get(name, 0) for name in _NAMES))
        note = words(texts.POINTS_NOTE, words.count(len(self._sample)), everyone)
        with section("pontos", words(texts.POINTS), note):
            if not self._sample:
                put(tag("p", words(texts.NO_POINTS), class_="muted"))
                return
            put(self._axes_shown())
            across, upwards = (_AXES[name] for name in (self._across, self._upwards))
            features = (words(texts.FEATURES[name]) for name in (across, upwards))
            said = words(texts.POINTS_CHART, words.count(len(self._sample)), *features)
            await drawn(self._scatter, said, "chart high")
            download_buttons(self._sample_table, "perfis-amostra")

    def _axes_shown(self) -> Markup:
        words = self._words
        names = {name: words(texts.FEATURES[at]) for name, at in _AXES.items()}
        x_to = {name: address(PATH, self._chosen, "pontos", x=name) for name in names}
        others = {name: text for name, text in names.items() if name != self._across}
        y_to = {name: address(PATH, self._chosen, "pontos", y=name) for name in others}
        return tag(
            "div",
            links(words(texts.ACROSS), names, self._across, x_to),
            links(words(texts.UPWARDS), others, self._upwards, y_to),
            tag(
                "a",
                words(texts.AGAIN),
                href=address(PATH, self._chosen, "pontos", vez=self._next),
                class_="button",
            ),
            class_="controls",
        )

    async def _scatter(self) -> dict[str, Any]:
        words = self._words
        across, upwards = (_AXES[name] for name in (self._across, self._upwards))
        points = told.points(words, self._sample, _NAMES, across, upwards)
        axes = told.axes(words, across, upwards)
        spread = Random(0)  # noqa: S311 - the same spread each time; nothing is guessed from it
        return scatter(points, {name: name for name in points}, axes, words.tag, spread)

    async def _sample_table(self) -> Table:
        return told.sample_table(self._words, self._sample)

    # Sizes and drift.

    async def _sizes(self, days: int) -> dict[date, Mapping[str, int]]:
        held = await self._desk.pulse.sizes(last_days(await self._today(), days))
        return {day: counts.of("profile") for day, counts in held.items()}

    async def _show_sizes(self) -> None:
        words = self._words
        with section("tamanhos", words(texts.SIZES), words(texts.SIZES_NOTE)):
            names = {days: words(texts.LAST_DAYS, days) for days in sorted(_DAYS, key=int)}
            to = {days: address(PATH, self._chosen, "tamanhos", dias=days) for days in names}
            chosen = links(words(texts.PERIOD), names, self._days, to)
            put(tag("div", chosen, class_="controls"))
            if not any((await self._sizes(int(self._days))).values()):
                put(tag("p", words(texts.NO_SIZES), class_="muted"))
                return
            await drawn(self._lines, words(texts.SIZES_CHART, self._days))
            download_buttons(self._sizes_table, "perfis-tamanhos")

    async def _over_days(self) -> tuple[list[date], dict[str, list[int | None]]]:
        """Return the days from the first that was counted, and the sizes on them."""
        sizes = await self._sizes(int(self._days))
        days = list(sizes)
        while len(days) > 1 and not sizes[days[0]]:
            del days[0]
        return days, over_days(sizes, days, _NAMES)

    async def _lines(self) -> dict[str, Any]:
        words = self._words
        days, figures = await self._over_days()
        named = {name: name for name in figures}
        return lines([words.day(day) for day in days], figures, named, words.tag)

    async def _sizes_table(self) -> Table:
        days, figures = await self._over_days()
        return told.sizes_table(self._words, days, figures)

    async def _show_drift(self) -> None:
        words = self._words

        async def table() -> Table:
            today = await self._today()
            sizes = await self._sizes(max(told.ENDS) + 1)
            earlier = {days: before(sizes, today, days) for days in told.ENDS}
            return told.drift_table(words, await self._besides(), earlier)

        async def render() -> Markup:
            return shown(words, await table(), words(texts.DRIFT), signed=True)

        with section("deriva", words(texts.DRIFT), words(texts.DRIFT_NOTE)):
            with scrolled(words(texts.DRIFT)):
                await kept_fresh(words, render, DRAWN_EVERY_S)
            download_buttons(table, "perfis-deriva")
