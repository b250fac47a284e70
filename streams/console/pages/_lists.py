"""The campaigns and their lists of customers, of the page RFM e PRFV."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from streams.console.address import address
from streams.console.desk import Desk
from streams.console.downloads import download_buttons
from streams.console.frame import kept_fresh
from streams.console.markup import Markup, tag
from streams.console.sections import DRAWN_EVERY_S, counts_of, put, scrolled, section
from streams.console.tables import shown
from streams.console.views import rfm_told as told
from streams.console.views.members import Page, read_all, read_page
from streams.console.words import Words
from streams.console.words import rfm as texts
from streams.console.words.domain import label
from streams.tabular import Table

_T = TypeVar("_T")
_MOST = 9  # digits of a page's number that are worth reading


class Lists:
    """The lists as one reader asked for them; `chosen` is what the address says."""

    def __init__(self, desk: Desk, words: Words, path: str, chosen: Mapping[str, str]) -> None:
        self._desk, self._words, self._path, self._chosen = desk, words, path, chosen
        campaigns, asked = desk.rules.campaigns, chosen.get("lista", "")
        self._campaign = asked if asked in campaigns else next(iter(campaigns), "")
        number = chosen.get("pagina", "")
        self._number = int(number) if number.isdecimal() and len(number) <= _MOST else 1
        self._named = label(words, "campaign", self._campaign)

    async def show(self) -> None:
        """Show the campaigns, and a page of the list of one of them."""
        words = self._words
        with section("listas", words(texts.LISTS), words(texts.LISTS_NOTE)):
            if not self._campaign:
                put(tag("p", words(texts.NO_CAMPAIGNS), class_="muted"))
                return
            with scrolled(words(texts.LISTS)):
                await kept_fresh(words, self._campaigns_shown, DRAWN_EVERY_S)
            download_buttons(self._campaigns, "campanhas")
            await self._show_members(words(texts.LIST_OF, self._named))

    async def _show_members(self, title: str) -> None:
        put(tag("h3", title))
        with scrolled(title):
            await kept_fresh(self._words, self._members_shown, DRAWN_EVERY_S)
        await kept_fresh(self._words, self._pager, DRAWN_EVERY_S)
        download_buttons(self._members, f"lista-{self._campaign}")

    async def _campaigns(self) -> Table:
        counts = await counts_of(self._desk)
        sizes, rules = counts.of("campaign"), self._desk.rules
        return told.campaigns_table(self._words, rules, sizes, counts.base)

    async def _campaigns_shown(self) -> Markup:
        words, names = self._words, iter(self._desk.rules.campaigns)

        def link(_: object) -> str:
            return address(self._path, self._chosen, "listas", lista=next(names), pagina=None)

        table = await self._campaigns()
        return shown(words, table, words(texts.LISTS), places={"share": 1}, link=link)

    async def _page(self) -> Page:
        return await read_page(self._desk.redis, self._campaign, self._number)

    async def _members_shown(self) -> Markup:
        words, page = self._words, await self._page()
        if not page.customers:
            return tag("p", words(texts.NOBODY), class_="muted")
        rows = [told.member_row(words, member) for member in page.members]
        table = Table(self._named, told.member_columns(words), rows)
        return shown(words, table, self._named, link=lambda row: f"/cliente/{quote(row[0], '')}")

    async def _pager(self) -> Markup:
        words, page = self._words, await self._page()
        where = words(texts.PAGE, words.count(page.number), words.count(page.pages))
        return tag(
            "nav",
            self._step(texts.BACK, page.number - 1, page),
            tag("span", f"{where} · {words(texts.MANY, words.count(page.customers))}"),
            self._step(texts.FORTH, page.number + 1, page),
            class_="pager",
            aria_label=words(texts.PAGES),
        )

    def _step(self, text: Any, number: int, page: Page) -> Markup | None:
        """Return the way to another page, None where there is none."""
        if not 1 <= number <= page.pages:
            return None
        to = address(self._path, self._chosen, "listas", lista=self._campaign, pagina=number)
        return tag("a", self._words(text), href=to, class_="button")

    async def _members(self) -> Table:
        """Return all members; their cards are read while the file is written, some at a time."""
        words, loop = self._words, asyncio.get_running_loop()
        parts = _drained(read_all(self._desk.redis, self._campaign), loop)
        rows = (told.member_row(words, member) for some in parts for member in some)
        return Table(self._named, told.member_columns(words), rows)


def _drained(source: AsyncIterator[_T], loop: asyncio.AbstractEventLoop) -> Iterator[_T]:
    """Yield, in another thread than the loop's, what a source on the loop gives."""

    async def following() -> tuple[_T, ...]:
        async for item in source:
            return (item,)
        return ()

    while got := asyncio.run_coroutine_threadsafe(following(), loop).result():
        yield from got
