"""A table on a page: the very one that downloads, written as the reader does."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, Final

from streams.console.markup import Markup, tag
from streams.console.words import Words
from streams.console.words import views as texts
from streams.tabular import Column, Kind, Table
from streams.telling.formats import NOTHING

_TO_THE_RIGHT: Final = frozenset({"integer", "number", "money"})

Link = Callable[[Sequence[Any]], str]


def shown(
    words: Words,
    table: Table,
    caption: str,
    *,
    places: Mapping[str, int | None] | None = None,
    link: Link | None = None,
    signed: bool = False,
) -> Markup:
    """Return a table as HTML, to stand in `sections.scrolled`; its rows are used up.

    Parameters
    ----------
    words
        The reader's language.
    table
        What to show; the first column is the name of its row.
    caption
        What it is, for who does not see the page.
    places
        By column, how many decimals its numbers have (2 where nothing is said).
    link
        Returns, for a row, where its name leads.
    signed
        Whether numbers are differences: what is more has a plus.

    """
    heads = (tag("th", one.title, scope="col", class_=_side(one)) for one in table.columns)
    tell_row = partial(_told, words, table.columns, places or {}, signed)
    rows = (tag("tr", *_cells(table.columns, row, tell_row(row), link)) for row in table.rows)
    return tag(
        "table",
        tag("caption", caption, class_="seen-not"),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *rows),
        class_="data",
    )


def _told(
    words: Words,
    columns: Sequence[Column],
    places: Mapping[str, int | None],
    signed: bool,
    row: Sequence[Any],
) -> list[str]:
    told: list[str] = []
    for column, cell in zip(columns, row, strict=True):
        sign = "+" if signed and column.kind in _TO_THE_RIGHT and cell and cell > 0 else ""
        told.append(sign + tell(words, column, cell, places.get(column.name, 2)))
    return told


def _cells(
    columns: Sequence[Column], row: Sequence[Any], told: Sequence[str], link: Link | None
) -> list[Markup]:
    name: Any = tag("a", told[0], href=link(row)) if link is not None else told[0]
    rest = zip(columns[1:], told[1:], strict=True)
    cells = (tag("td", text, class_=_side(column)) for column, text in rest)
    return [tag("th", name, scope="row", class_=_side(columns[0])), *cells]


def tell(words: Words, column: Column, cell: Any, places: int | None = 2) -> str:
    """Return what stands in a cell; `places` None: the decimals that a number has.

    >>> tell(Words("pt"), Column("v", "V", "money"), 1234), tell(Words("en"), Column("n", ""), None)
    ('R$ 1.234,00', '—')
    >>> tell(Words("pt"), Column("P", "P", "number"), 62.5, None)
    '62,5'
    """
    if cell is None or cell == "":
        return NOTHING
    if column.kind == "number":
        return words.number(cell, _decimals(cell) if places is None else places)
    return _TELLERS[column.kind](words, cell)


def _decimals(number: float) -> int:
    return max(0, -int(Decimal(repr(number)).normalize().as_tuple().exponent))


_TELLERS: Final[Mapping[Kind, Callable[[Words, Any], str]]] = {
    "text": lambda _, text: str(text),
    "texts": lambda _, several: ", ".join(several) or NOTHING,
    "integer": lambda words, count: words.count(count),
    "money": lambda words, amount: words.money(amount),
    "date": lambda words, day: words.day(day),
    "flag": lambda words, is_so: words(texts.YES if is_so else texts.NO),
}


def _side(column: Column) -> str | None:
    return "num" if column.kind in _TO_THE_RIGHT else None
