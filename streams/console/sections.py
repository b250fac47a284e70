"""Sections of a page of figures: a card with a title, its charts, tables and downloads."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any, Final

from nicegui import ui
from redis.exceptions import RedisError

from streams.console.desk import Desk
from streams.console.frame import EVERY_S
from streams.console.markup import Markup, tag
from streams.console.words import Words
from streams.console.words import frame as frame_texts
from streams.console.words import views as texts
from streams.counts import Counts, read_counts

DRAWN_EVERY_S: Final = 10.0
PATIENCE_S: Final = 20.0
"""Seconds that a page has to be made: NiceGUI's 3 end it where machine or Redis are busy."""

_LETTERS: Final[dict[str, Any]] = {"textStyle": {"fontFamily": "Roboto, system-ui, sans-serif"}}

Options = Callable[[], Awaitable[Mapping[str, Any]]]


def dress() -> None:
    """Give the page the look of grids and charts, and the way to a section named in its address."""
    ui.add_head_html(_head())


@cache
def _head() -> str:
    look = files("streams.console") / "look"
    style, script = ((look / name).read_text("utf-8") for name in ("views.css", "views.js"))
    return f"<style>{style}</style><script>{script}</script>"


@contextmanager
def section(anchor: str, title: str, note: str = "") -> Iterator[None]:
    """Make a card; what is made inside is its content.

    Parameters
    ----------
    anchor
        Its id, which addresses name after ``#``.
    title, note
        What it shows, and how that is to be read.

    """
    with (
        ui.element("section").classes("card view").props(f"id={anchor} aria-labelledby={anchor}-t")
    ):
        heading = tag("h2", title, id=f"{anchor}-t")
        told = tag("p", note, class_="muted small") if note else None
        put(tag("div", heading, told, class_="titled"))
        yield


@contextmanager
def scrolled(caption: str) -> Iterator[None]:
    """Make a place for a table that may be wider than the page: it keeps where it was moved to."""
    with ui.element("div").classes("scroll") as place:
        place.props["tabindex"], place.props["role"] = "0", "region"
        place.props["aria-label"] = caption
        yield


@contextmanager
def folded(words: Words) -> Iterator[None]:
    """Make a place that is folded: for a table that says what a chart does."""
    with ui.element("details").classes("more"):
        ui.html(words(texts.AS_TABLE), sanitize=False, tag="summary")
        yield


def put(content: Markup, classes: str = "") -> ui.html:
    """Put HTML on the page."""
    return ui.html(str(content), sanitize=False).classes(classes)


async def drawn(options: Options, told: str, classes: str = "chart") -> None:
    """Draw a chart, and draw it anew where its figures have changed.

    Parameters
    ----------
    options
        Returns echarts options.
    told
        What the chart shows, for who does not see it.
    classes
        How large it is.

    """
    chart = ui.echart(_LETTERS | dict(await options()), renderer="svg").classes(classes)
    chart.props["role"], chart.props["aria-label"] = "img", told
    last = str(chart.options)

    async def draw() -> None:
        nonlocal last
        try:
            made = _LETTERS | dict(await options())
        except (RedisError, OSError):
            return
        if str(made) != last:
            last = str(made)
            chart.options.clear()
            chart.options.update(made)
            chart.update()

    ui.timer(DRAWN_EVERY_S, draw, immediate=False)


async def counts_of(desk: Desk) -> Counts:
    """Return the counts of this second; while Redis is away those of before, or its error."""
    counts = (await desk.pulse.reading()).counts
    return await read_counts(desk.redis) if counts is None else counts


async def warn_of_rules(desk: Desk, words: Words) -> None:
    """Say so where the console's rules are not those that cards were scored by."""
    in_force = (await desk.pulse.reading()).meta.get("rules")
    if in_force not in (None, "", desk.rules.version):
        link = tag("a", words(texts.SEE_RULES), href="/regras")
        put(tag("div", words(texts.RULES_NOT_IN_FORCE), " ", link, class_="banner"))


async def once_there(words: Words, fill: Callable[[], Awaitable[None]]) -> None:
    """Make the content of a page; while Redis is away say so, and make it once that answers."""
    place = ui.element("div").classes("filled")

    async def tried() -> bool:
        place.clear()
        try:
            with place:
                await fill()
        except (RedisError, OSError):
            place.clear()
            with place:
                put(tag("p", words(frame_texts.WAITING), class_="muted"))
            return False
        return True

    async def again() -> None:
        if await tried():
            timer.cancel()

    if not await tried():
        timer = ui.timer(EVERY_S, again, immediate=False)
