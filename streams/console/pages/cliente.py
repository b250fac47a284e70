"""Cliente: one customer, found by id; the card changes while one looks at it."""

import re
from typing import Any, Final

from fastapi.responses import RedirectResponse
from nicegui import ui
from redis.exceptions import RedisError

from streams.console import person
from streams.console.desk import Desk
from streams.console.downloads import download_buttons
from streams.console.frame import card, frame, kept_fresh, language_of
from streams.console.gauges import explained, gauges
from streams.console.markup import Markup, tag
from streams.console.moves import changes, customer_path, live_list, timeline
from streams.console.sections import PATIENCE_S
from streams.console.sheet import Sheet, read_sheet
from streams.console.words import Words
from streams.console.words import customer as texts
from streams.tabular import Table

_NEWEST: Final = 10
_LOOKED_THROUGH: Final = 400
_EVERY_S: Final = 1.0
_NOT_FOUND: Final = 404
_LONGEST: Final = 80  # characters of an id in the name of a file
_NOT_IN_A_NAME: Final = re.compile(r"[^\w.-]+")


def add(desk: Desk) -> None:
    """Register the pages."""

    @ui.page("/cliente", response_timeout=PATIENCE_S)
    async def search(codigo: str = "") -> RedirectResponse | None:
        if codigo.strip():
            return RedirectResponse(customer_path(codigo.strip()), 303)
        with frame(desk, "cliente") as words:
            with ui.element("section").classes("card"):
                _form(words)
            with card(words(texts.RECENT)):
                await kept_fresh(words, lambda: _recent(words, desk), _EVERY_S)
        return None

    @ui.page("/cliente/{customer_id:path}", response_timeout=PATIENCE_S)
    async def page(customer_id: str) -> None:
        client = ui.context.client
        words = Words(language_of(client.request))
        first = await _first(desk, customer_id)
        is_there = first is None or first.card is not None
        if not is_there:
            client.status_code = _NOT_FOUND
        with frame(desk, "cliente", words(texts.TITLE, customer_id)):
            await (_customer if is_there else _stranger)(words, desk, customer_id)
            with card(words(texts.ANOTHER)):
                _form(words)


async def _first(desk: Desk, customer_id: str) -> Sheet | None:
    """Return the customer, None while Redis is away."""
    try:
        return await read_sheet(desk.redis, customer_id)
    except (RedisError, OSError):
        return None


def _form(words: Words) -> None:
    """Show the form of the search; it leads to an address, so it works like any link."""
    field = tag("input", name="codigo", required=True, maxlength=512, autocomplete="off")
    form = tag(
        "form",
        tag("label", words(texts.SEARCH), field),
        tag("button", words(texts.FIND), type="submit", class_="button primary"),
        action="/cliente",
        method="get",
        role="search",
        class_="field",
    )
    ui.html(str(form), sanitize=False)


async def _recent(words: Words, desk: Desk) -> Markup:
    """Return who changed a moment ago, each once."""
    by_customer: dict[str, dict[str, Any]] = {}
    for event in changes(desk.live.newest(_LOOKED_THROUGH)):
        by_customer.setdefault(event["subject"], event)
    events = list(by_customer.values())[:_NEWEST]
    if not events:
        return tag("p", words(texts.RECENT_EMPTY), class_="muted")
    return live_list(words, events)


async def _stranger(words: Words, desk: Desk, customer_id: str) -> None:
    """Say that there is no such customer; show the customer once there is."""

    async def show() -> Markup:
        sheet = await read_sheet(desk.redis, customer_id)
        if sheet.card is not None:
            ui.navigate.reload()
        return _nobody(words, customer_id, is_gone=sheet.is_gone)

    await kept_fresh(words, show, _EVERY_S)


async def _customer(words: Words, desk: Desk, customer_id: str) -> None:
    async def scores() -> Markup:
        sheet = await read_sheet(desk.redis, customer_id)
        if sheet.card is None:
            return _nobody(words, customer_id, is_gone=sheet.is_gone)
        return _scores(words, desk, sheet.card)

    async def rest() -> Markup:
        sheet = await read_sheet(desk.redis, customer_id)
        return Markup() if sheet.card is None else _rest(words, sheet.card)

    await kept_fresh(words, scores, _EVERY_S)
    with ui.element("div").classes("grid"):
        await _history(words, desk, customer_id)
        await kept_fresh(words, rest, _EVERY_S, "span-5")


async def _history(words: Words, desk: Desk, customer_id: str) -> None:
    async def show() -> Markup:
        sheet = await read_sheet(desk.redis, customer_id)
        if not sheet.history:
            return tag("p", words(texts.NO_HISTORY), class_="muted")
        return timeline(words, sheet.history)

    async def table() -> Table:
        sheet = await read_sheet(desk.redis, customer_id)
        return person.history_table(words, customer_id, sheet.history)

    with card(words(texts.HISTORY), "span-7"):
        name = _NOT_IN_A_NAME.sub("_", customer_id)[:_LONGEST]
        download_buttons(table, words(texts.FILE, name))
        await kept_fresh(words, show, _EVERY_S)


def _nobody(words: Words, customer_id: str, *, is_gone: bool) -> Markup:
    text, more = (texts.GONE, texts.GONE_MORE) if is_gone else (texts.UNKNOWN, texts.UNKNOWN_MORE)
    told = tag("h2", words(text, customer_id))
    return tag("section", told, tag("p", words(more), class_="muted"), class_="card nobody")


def _scores(words: Words, desk: Desk, shown: dict[str, Any]) -> Markup:
    parts = (person.chips(words, shown), gauges(words, desk, shown), explained(words))
    return tag("div", *parts, class_="column")


def _rest(words: Words, shown: dict[str, Any]) -> Markup:
    return tag(
        "div",
        _part(words(texts.SEGMENTS), person.standing(words, shown)),
        _part(words(texts.PROFILE), person.profile(words, shown)),
        _part(words(texts.JOURNEY), person.journey(words, shown["journey"])),
        person.source(words, shown),
        class_="column",
    )


def _part(title: str, content: Markup) -> Markup:
    return tag("section", tag("h2", title), content, class_="card")
