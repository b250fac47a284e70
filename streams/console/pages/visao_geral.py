"""Visão geral: the base by segment and colour, what moves just now, and whether all is well."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui

from schemas.instant import business_today
from streams.console.alarms import alarms, listed
from streams.console.desk import Desk
from streams.console.distribution import (
    TITLES,
    as_table,
    bars,
    colour_table,
    colours,
    distribution,
)
from streams.console.downloads import download_buttons
from streams.console.frame import card, frame, kept_fresh
from streams.console.markup import Markup, joined, tag
from streams.console.moves import changes, live_list
from streams.console.sections import PATIENCE_S, scrolled
from streams.console.words import Words
from streams.console.words import overview as texts
from streams.counts import Counts, read_counts
from streams.tabular import Table

_NEWEST: Final = 12
_LOOKED_THROUGH: Final = 400


def add(desk: Desk) -> None:
    """Register the page."""

    @ui.page("/", response_timeout=PATIENCE_S)
    async def page() -> None:
        with frame(desk, "visao-geral") as words:
            await kept_fresh(words, lambda: _figures(words, desk))
            with ui.element("div").classes("grid"):
                with ui.element("div").classes("grid span-8"):
                    for kind in TITLES:
                        await _segments(words, desk, kind)
                    await _colours(words, desk)
                with ui.element("div").classes("column span-4"):
                    await _alarms(words, desk)
                    await _live(words, desk)


async def _figures(words: Words, desk: Desk) -> Markup:
    """Return the numbers at the top: the base, and what changes today."""
    today = business_today(int(time.time() * 1000))
    counts = await _counts(desk)
    moves = (await desk.pulse.moves([today]))[today]
    fired = sum(n for case, n in moves.table("trigger").items() if not case[-1])
    held = sum(n for case, n in moves.table("trigger").items() if case[-1])
    stats = {
        texts.BASE: counts.base,
        texts.MOVED: sum(moves.table("change").values()),
        texts.FIRED: fired,
        texts.SUPPRESSED: held,
    }
    return tag(
        "dl",
        *(
            tag("div", tag("dt", words(name)), tag("dd", words.count(n)), class_="stat")
            for name, n in stats.items()
        ),
        class_="stats",
    )


async def _counts(desk: Desk) -> Counts:
    """Return the counts of this second; those of before while Redis is away."""
    counts = (await desk.pulse.reading()).counts
    return await read_counts(desk.redis) if counts is None else counts


async def _live(words: Words, desk: Desk) -> None:
    with card(words(texts.LIVE)):

        async def show() -> Markup:
            events = changes(desk.live.newest(_LOOKED_THROUGH))[:_NEWEST]
            empty = tag("p", words(texts.LIVE_EMPTY), class_="muted")
            return live_list(words, events) if events else empty

        await kept_fresh(words, show, 1.0)


async def _alarms(words: Words, desk: Desk) -> None:
    with card(words(texts.ALARMS)):

        async def show() -> Markup:
            found = alarms(words, desk, await desk.pulse.reading())
            more = tag("p", tag("a", words(texts.MORE), href="/operacao"), class_="small")
            return joined(listed(words, found), more)

        await kept_fresh(words, show)


async def _segments(words: Words, desk: Desk, kind: str) -> None:
    async def show() -> Markup:
        return bars(words, distribution(kind, await _counts(desk), desk.rules))

    async def table() -> Table:
        counts = await read_counts(desk.redis)
        return as_table(words, distribution(kind, counts, desk.rules))

    note = words(texts.OVERLAP) if kind == "campaign" else None
    await _charted(words, words(TITLES[kind]), "span-6", show, table, note)


async def _colours(words: Words, desk: Desk) -> None:
    async def show() -> Markup:
        return colours(words, await _counts(desk))

    async def table() -> Table:
        return colour_table(words, await read_counts(desk.redis))

    title = words(texts.BY_COLOUR)
    await _charted(words, title, "", show, table, words(texts.COLOURS_MEAN))


async def _charted(
    words: Words,
    title: str,
    span: str,
    show: Callable[[], Awaitable[Markup]],
    table: Callable[[], Awaitable[Table]],
    note: str | None,
) -> None:
    with card(title, span):
        with scrolled(title):
            await kept_fresh(words, show)
        if note:
            ui.html(str(tag("p", note, class_="muted small")), sanitize=False)
        download_buttons(table, title)
