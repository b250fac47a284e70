"""The frame of every page: language, title, side, how fresh it is, and whether Redis answers.

A page is written as::

    @ui.page("/jornada")
    async def page() -> None:
        with frame(desk, "jornada") as words:
            await kept_fresh(words, render)

and may be given ``?lang=en``.
"""

import copy
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from fastapi import Request
from nicegui import ui
from nicegui.translations import translations
from redis.exceptions import RedisError

from streams.console.desk import Desk
from streams.console.freshness import freshness
from streams.console.markup import Markup, escape, tag
from streams.console.shell import PAGES, head, shell
from streams.console.words import Words
from streams.console.words import frame as texts
from streams.telling.language import LANGUAGES, Language

LANGUAGE_COOKIE: Final = "nyxter_lang"
EVERY_S: Final = 2.0

Render = Callable[[], Awaitable[Markup]]

_head = cache(head)

# What a page says by itself when the console is away; NiceGUI does not say it in Portuguese.
translations["pt-BR"] = {
    "connection_lost": "Sem contato com o console.",
    "trying_to_reconnect": "Tentando de novo…",
    "message_too_long": "Mensagem longa demais",
    "message_too_long_body": "O navegador não recebe mensagens deste tamanho.",
}


def language_of(request: Request) -> Language:
    """Return the language that a request asks for, or the reader once chose."""
    asked = (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    return next((said for said in asked if said in LANGUAGES), LANGUAGES[0])


@contextmanager
def frame(desk: Desk, page: str, title: str | None = None) -> Iterator[Words]:
    """Frame a page; what is made inside is its content.

    Parameters
    ----------
    desk
        Tells how fresh everything is.
    page
        Its name in `PAGES`.
    title
        Its title, where that is not the page's name.

    """
    client = ui.context.client
    words = Words(language_of(client.request))
    named = title or words(PAGES[page].title)
    _dress(client, words, f"{named} · Nyxter Online")
    with ui.element("div").classes("page").props("tabindex=-1") as content:
        inner = ui.element("div").classes("inner")
    side = shell(words, page, content.html_id, client.request.url.path)
    ui.add_body_html(str(side))  # as Markup it would escape what NiceGUI puts before it
    with inner:
        with ui.element("div").classes("head"):
            ui.html(str(escape(named)), sanitize=False, tag="h1")
            _follow_freshness(desk, words)
        yield words


def _dress(client: Any, words: Words, title: str) -> None:
    """Give the document its language, title, look and script."""
    client.page = copy.copy(client.page)  # the page is everybody's, its language this reader's
    client.page.language = words.tag
    client.title = title
    ui.add_head_html(_head())


def _follow_freshness(desk: Desk, words: Words) -> None:
    line = ui.html("", sanitize=False)
    banner = ui.html("", sanitize=False).props("role=status")

    async def show() -> None:
        reading = await desk.pulse.reading()
        line.set_content(str(freshness(words, reading, desk.live)))
        away = tag("div", words(texts.AWAY), class_="banner") if reading.is_away else ""
        banner.set_content(str(away))

    ui.timer(0.5, show, once=True)
    ui.timer(EVERY_S, show, immediate=False)


async def kept_fresh(
    words: Words, render: Render, every_s: float = EVERY_S, classes: str = ""
) -> None:
    """Show what `render` returns, now and again every so often, only where it changed.

    While Redis is away what was there stays; where nothing was, it says so.
    """
    shown = ui.html("", sanitize=False).classes(classes)

    async def show() -> None:
        try:
            shown.set_content(str(await render()))
        except (RedisError, OSError):
            if not shown.content:
                shown.set_content(str(tag("p", words(texts.WAITING), class_="muted")))

    await show()
    ui.timer(every_s, show, immediate=False)


def card(title: str, span: str = "") -> ui.element:
    """Return a card with its heading; what is made inside (``with``) comes below it.

    `span`: how much of a grid's width it takes where there is room, as ``span-6`` of 12.
    """
    made = ui.element("section").classes(f"card {span}")
    with made:
        ui.html(str(escape(title)), sanitize=False, tag="h2")
    return made
