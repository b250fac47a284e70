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
from streams.console.markup import Markup, joined, tag
from streams.console.moves import changes, customer_path, live_list, timeline
from streams.console.sheet import Sheet, read_sheet
from streams.console.words import Words
from streams.console.words import customer as texts
from streams.tabular import Table

_NEWEST: Final = 10
_LOOKED_THROUGH: Final = 400
_EVERY_S: Final = 1.0
_NOT_FOUND: Final = 404
_NOT_IN_A_NAME: Final = re.compile(r"[^\w.-]+")


def add(desk: Desk) -> None:
    """Register the pages."""

    @ui.page("/cliente")
    async def search(codigo: str = "") -> RedirectResponse | None:
        if codigo.strip():
            return RedirectResponse(customer_path(codigo.strip()), 303)
        with frame(desk, "cliente") as words:
            with ui.element("section").classes("card"):
                _form(words)
            with card(words(texts.RECENT)):
                await kept_fresh(words, lambda: _recent(words, desk), _EVERY_S)
        return None

    @ui.page("/cliente/{customer_id:path}")
    async def page(customer_id: str) -> None:
        client = ui.context.client
        words = Words(language_of(client.request))
        first = await _first(desk, customer_id)
        if first is not None and first.card is None:
            client.status_code = _NOT_FOUND
        with frame(desk, "cliente", words(texts.TITLE, customer_id)):
            await _customer(words, desk, customer_id)
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


async def _customer(words: Words, desk: Desk, customer_id: str) -> None:
    async def show() -> Markup:
        sheet = await read_sheet(desk.redis, customer_id)
        if sheet.card is None:
            return _nobody(words, customer_id, is_gone=sheet.is_gone)
        return _sheet(words, desk, sheet)

    async def table() -> Table:
        sheet = await read_sheet(desk.redis, customer_id)
        return person.history_table(words, customer_id, sheet.history)

    await kept_fresh(words, show, _EVERY_S)
    name = _NOT_IN_A_NAME.sub("_", customer_id)[:80]
    download_buttons(table, words(texts.FILE, name))


def _nobody(words: Words, customer_id: str, *, is_gone: bool) -> Markup:
    text, more = (texts.GONE, texts.GONE_MORE) if is_gone else (texts.UNKNOWN, texts.UNKNOWN_MORE)
    told = tag("h2", words(text, customer_id))
    return tag("section", told, tag("p", words(more), class_="muted"), class_="card nobody")


def _sheet(words: Words, desk: Desk, sheet: Sheet) -> Markup:
    shown = sheet.card
    assert shown is not None
    history = timeline(words, sheet.history)
    empty = tag("p", words(texts.NO_HISTORY), class_="muted")
    return tag(
        "div",
        joined(person.chips(words, shown), gauges(words, desk, shown), explained(words)),
        tag(
            "div",
            _part(words(texts.HISTORY), history if sheet.history else empty, "span-7"),
            tag(
                "div",
                _part(words(texts.SEGMENTS), person.standing(words, shown)),
                _part(words(texts.PROFILE), person.profile(words, shown)),
                _part(words(texts.JOURNEY), person.journey(words, shown["journey"])),
                class_="span-5 column",
            ),
            class_="grid",
        ),
        person.source(words, shown),
        class_="sheet",
    )


def _part(title: str, content: Markup, span: str = "") -> Markup:
    return tag("section", tag("h2", title), content, class_=f"card {span}".strip())
