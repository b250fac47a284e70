"""The page RFM e PRFV as tables and HTML: grid, distributions and lists in the reader's words."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from schemas.rules import Rfm, Rules
from streams.console.charts.colours import shade
from streams.console.charts.grid import Cell
from streams.console.charts.histogram import BINS, Limit, Spread, bin_bounds
from streams.console.markup import Markup, tag
from streams.console.views.members import Member
from streams.console.views.rules_told import conditions, plain
from streams.console.views.spreads import Group
from streams.console.words import Words
from streams.console.words import regras as rule_texts
from streams.console.words import rfm as texts
from streams.console.words.domain import INDICATORS as NAMES
from streams.console.words.domain import label
from streams.tabular import Column, Table


def indicator_name(words: Words, indicator: str) -> str:
    """Return what a score is called.

    >>> indicator_name(Words("pt"), "R"), indicator_name(Words("pt"), "PRFV")
    ('Recência (R)', 'PRFV')
    """
    if indicator == "PRFV":
        return indicator
    return f"{words(NAMES[indicator])} ({indicator})"


def grid_shown(words: Words, cells: Sequence[Cell], rfm: Rfm) -> Markup:
    """Return the grid: a block for each frequency, value upwards, recency to the right."""
    buyers = sum(cell.customers for cell in cells)
    places = {one.name: place for place, one in enumerate(rfm.segments)}
    made = (
        _block(words, f, list(of), places, buyers) for f, of in groupby(cells, lambda cell: cell.f)
    )
    return tag("div", *made, class_="blocks")


def _block(
    words: Words, f: int, cells: Sequence[Cell], places: Mapping[str, int], buyers: int
) -> Markup:
    held: list[Markup] = []
    for at, cell in enumerate(cells):
        if at % 4 == 0:
            held.append(tag("span", f"V{cell.v}", class_="edge", aria_hidden="true"))
        held.append(_cell(words, cell, places[cell.segment], buyers))
    held.append(tag("span", class_="edge", aria_hidden="true"))
    held += [tag("span", f"R{r}", class_="edge", aria_hidden="true") for r in range(1, 5)]
    title = words(texts.ORDERS[f])
    return tag("div", tag("h3", title), tag("div", *held, class_="cells"), class_="block")


def _cell(words: Words, cell: Cell, place: int, buyers: int) -> Markup:
    named = {"r": cell.r, "f": cell.f, "v": cell.v, "segment": cell.segment}
    customers = words(texts.MANY, words.count(cell.customers))
    told = words(
        texts.CELL_TOLD,
        **named,
        total=cell.total,
        customers=customers,
        share=words.share(cell.customers / buyers if buyers else 0),
        recency=words(texts.QUARTERS[cell.r]),
        orders=words(texts.ORDERS_TOLD[cell.f]),
        value=words(texts.QUARTERS[cell.v]),
    )
    return tag(
        "a",
        tag("b", words.count(cell.customers)),
        tag("small", cell.segment),
        href=f"?celula={cell.mark}#grade",
        class_="cell" if cell.customers else "cell nobody",
        style=f"--shade: {shade(cell.segment, place)}; --depth: {cell.depth:.3f}",
        data_mark=cell.mark,
        data_told=told,
        aria_label=words(texts.CELL, **named, customers=customers),
    )


def segments_shown(words: Words, cells: Iterable[Cell], rfm: Rfm) -> Markup:
    """Return what the colours of the grid stand for, with how many customers each has."""
    sums: dict[str, int] = dict.fromkeys((one.name for one in rfm.segments), 0)
    for cell in cells:
        sums[cell.segment] += cell.customers
    items = (
        tag(
            "li",
            tag("span", class_="swatch", style=f"--shade: {shade(name, place)}"),
            name,
            " ",
            tag("b", words.count(customers)),
        )
        for place, (name, customers) in enumerate(sums.items())
    )
    return tag("ul", *items, class_="key")


def grid_table(words: Words, cells: Iterable[Cell]) -> Table:
    """Return all cells as rows."""
    columns = (
        Column("segment", words(texts.SEGMENT)),
        *(Column(mark, words(text), "integer") for mark, text in texts.MARK.items()),
        Column("total", words(texts.TOTALS), "integer"),
        Column("customers", words(texts.CUSTOMERS), "integer"),
    )
    rows = [(c.segment, c.r, c.f, c.v, c.total, c.customers) for c in cells]
    return Table("RFV", columns, rows)


def group_name(words: Words, group: Group) -> str:
    """Return what a comparison group is called: its values, one after the other.

    >>> group_name(Words("pt"), Group('["Indústria",""]', ("Indústria", ""), 3))
    'Indústria · não informado'
    """
    return " · ".join(value or words(texts.NO_VALUE) for value in group.values)


def spread_head(words: Words, indicator: str, of: Spread) -> Markup:
    """Return what stands above a histogram."""
    scored, without = words.count(of.scored), words.count(of.without)
    said = f"{words(texts.SCORED, scored)} · {words(texts.WITHOUT, without)}"
    name = tag("h3", indicator_name(words, indicator))
    return tag("div", name, tag("p", said, class_="muted small"))


def spread_told(words: Words, indicator: str, of: Spread) -> str:
    """Return what a histogram shows, for who does not see it."""
    name, count = indicator_name(words, indicator), words.count
    return words(texts.CHART, name, count(of.scored), count(of.without))


def bar_names(words: Words) -> list[str]:
    """Return what each bar of a histogram is called when pointed at."""
    bounds = (bin_bounds(number) for number in range(1, BINS + 1))
    return [words(texts.BAR, above, up_to) for above, up_to in bounds]


def limits_shown(words: Words, limits: Sequence[Limit]) -> Markup:
    """Return what stands at each limit that is drawn in."""
    if not limits:
        return tag("p", words(texts.NO_LIMIT), class_="muted small")
    items = (
        tag(
            "li",
            tag("b", plain(words, at)),
            " ",
            ", ".join(_limit(words, limit) for limit in of),
        )
        for at, of in groupby(limits, lambda limit: limit.at)
    )
    return tag("ul", *items, class_="limits")


def _limit(words: Words, limit: Limit) -> str:
    return f"{label(words, limit.of, limit.name)} {words(texts.SIDES[limit.comparison])}"


def spreads_table(words: Words, spreads: Mapping[str, Spread]) -> Table:
    """Return how many customers have which score, bar by bar, for every indicator."""
    columns = (
        Column("indicator", words(texts.INDICATOR)),
        Column("above", words(texts.ABOVE), "integer"),
        Column("up_to", words(texts.UP_TO), "integer"),
        Column("customers", words(texts.CUSTOMERS), "integer"),
    )
    rows = [
        (indicator, *bounds, customers)
        for indicator, of in spreads.items()
        for bounds, customers in [
            ((None, 0), of.without),
            *((bin_bounds(number), count) for number, count in enumerate(of.bars, 1)),
        ]
    ]
    return Table(words(texts.SPREADS), columns, rows)


def campaigns_table(words: Words, rules: Rules, sizes: Mapping[str, int], base: int) -> Table:
    """Return the campaigns with how many customers each has, and who they are."""
    columns = (
        Column("campaign", words(texts.CAMPAIGN)),
        Column("customers", words(texts.CUSTOMERS), "integer"),
        Column("share", words(texts.SHARE_PERCENT), "number"),
        Column("who", words(rule_texts.CONDITIONS)),
    )
    rows = [
        (
            label(words, "campaign", name),
            sizes.get(name, 0),
            round(100 * sizes.get(name, 0) / base, 1) if base else None,
            conditions(words, campaign),
        )
        for name, campaign in rules.campaigns.items()
    ]
    return Table(words(texts.LISTS), columns, rows)


def member_columns(words: Words) -> Sequence[Column]:
    """Return the columns of a list of customers."""
    return (
        Column("customer_id", words(texts.ID)),
        Column("tier", words(texts.TIER)),
        Column("channel", words(texts.CHANNEL)),
        Column("prfv", "PRFV", "number"),
        *(Column(one, one, "number") for one in ("P", "R", "F", "V")),
        Column("rfm", words(texts.RFM)),
        Column("profile", words(texts.PROFILE)),
        Column("last_sale", words(texts.LAST_SALE), "date"),
        Column("value", words(texts.VALUE), "money"),
    )


def member_row(words: Words, member: Member) -> tuple[object, ...]:
    """Return a customer's row under `member_columns`."""
    return (
        member.customer_id,
        label(words, "tier", member.tier),
        label(words, "channel", member.channel),
        member.prfv,
        *(member.P, member.R, member.F, member.V),
        member.rfm,
        label(words, "profile", member.profile),
        member.last_sale,
        member.value,
    )
