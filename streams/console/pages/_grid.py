"""The R × F × V grid of the page RFM e PRFV."""

from streams.console.charts.grid import Cell, cells
from streams.console.desk import Desk
from streams.console.downloads import download_buttons
from streams.console.frame import kept_fresh
from streams.console.markup import Markup, tag
from streams.console.sections import DRAWN_EVERY_S, counts_of, folded, put, scrolled, section
from streams.console.tables import shown
from streams.console.views import rfm_told as told
from streams.console.words import Words
from streams.console.words import rfm as texts
from streams.tabular import Table


class Grid:
    """The grid as one reader sees it."""

    def __init__(self, desk: Desk, words: Words) -> None:
        self._desk, self._words, self._rfm = desk, words, desk.rules.rfm

    async def show(self) -> None:
        """Show it: colours, cells, what is told of one, and the same as a table."""
        words = self._words
        buyers = sum(cell.customers for cell in await self._cells())
        with section("grade", words(texts.GRID), words(texts.GRID_NOTE, words.count(buyers))):
            await kept_fresh(words, self._segments, DRAWN_EVERY_S)
            await kept_fresh(words, self._blocks, DRAWN_EVERY_S)
            put(tag("p", words(texts.NO_CELL), class_="told", role="status"))
            with folded(words), scrolled(words(texts.GRID)):
                await kept_fresh(words, self._rows, DRAWN_EVERY_S)
            download_buttons(self._table, "rfm-grade")

    async def _cells(self) -> list[Cell]:
        return cells((await counts_of(self._desk)).table("cell"), self._rfm)

    async def _segments(self) -> Markup:
        return told.segments_shown(self._words, await self._cells(), self._rfm)

    async def _blocks(self) -> Markup:
        return told.grid_shown(self._words, await self._cells(), self._rfm)

    async def _table(self) -> Table:
        return told.grid_table(self._words, await self._cells())

    async def _rows(self) -> Markup:
        return shown(self._words, await self._table(), self._words(texts.GRID))
