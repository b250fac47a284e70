"""How many customers stand in each of some segments: as bars that are a table, and as a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.journey import PROFILES
from schemas.outputs import UNASSIGNED
from schemas.rules import OTHER_TIER, TIERS, Rules
from streams.console.markup import Markup, tag
from streams.console.words import Words
from streams.console.words import overview as texts
from streams.console.words.domain import COLOURS, INDICATORS, label
from streams.counts import Counts
from streams.tabular import Column, Table
from streams.telling.language import Both

TITLES: Final[Mapping[str, Both]] = {
    "tier": texts.BY_TIER,
    "campaign": texts.BY_CAMPAIGN,
    "profile": texts.BY_PROFILE,
    "rfm": texts.BY_RFM,
}


@dataclass(frozen=True)
class Distribution:
    """Customers by the cases of one kind.

    Attributes
    ----------
    kind
        ``tier``, ``profile``, ``rfm`` or ``campaign``.
    figures
        How many customers there are in each, in the order to be shown; campaigns overlap.
    base
        How many customers there are in all.

    """

    kind: str
    figures: Mapping[str, int]
    base: int

    def share(self, name: str) -> float:
        """Return the part of the base in a case, 0 where there is nobody at all.

        >>> Distribution("tier", {"vip": 1, "medio": 3}, 4).share("medio")
        0.75
        """
        return self.figures[name] / self.base if self.base else 0.0


def distribution(kind: str, counts: Counts, rules: Rules) -> Distribution:
    """Return the customers by a kind, in the order of the rules; what they do not name, last."""
    held = counts.of(kind)
    known = _order(kind, rules)
    extra = sorted(name for name in held if name not in known)
    figures = {name: held.get(name, 0) for name in (*known, *extra)}
    return Distribution(kind, figures, counts.base)


def _order(kind: str, rules: Rules) -> Sequence[str]:
    return {
        "tier": (*TIERS, OTHER_TIER),
        "profile": (*PROFILES, UNASSIGNED),
        "rfm": (*reversed(rules.segment_names), ""),
        "campaign": tuple(rules.campaigns),
    }[kind]


def bars(words: Words, shown: Distribution) -> Markup:
    """Return the table, whose middle column is a bar."""
    heads = (words(TITLES[shown.kind]), "", words(texts.CUSTOMERS), words(texts.SHARE))
    rows = (_bar_row(words, shown, name) for name in shown.figures)
    return tag(
        "table",
        tag("caption", words(TITLES[shown.kind]), class_="seen-not"),
        tag("thead", tag("tr", *_heads(heads))),
        tag("tbody", *rows),
        class_="data bars",
    )


def _heads(names: Sequence[str]) -> Iterator[Markup]:
    for at, name in enumerate(names):
        if name:
            yield tag("th", name, scope="col", class_="num" if at > 1 else None)
        else:
            yield tag("td", aria_hidden="true")


def _bar_row(words: Words, shown: Distribution, name: str) -> Markup:
    share = shown.share(name)
    bar = tag("span", tag("i", style=f"--share:{share:.4f}", class_=None if share else "none"))
    return tag(
        "tr",
        tag("th", label(words, shown.kind, name), scope="row"),
        tag("td", bar, class_="bar", aria_hidden="true"),
        tag("td", words.count(shown.figures[name]), class_="num"),
        tag("td", words.share(share), class_="num"),
    )


def as_table(words: Words, shown: Distribution) -> Table:
    """Return the same as a file has it; shares in percent, as they are shown."""
    title = words(TITLES[shown.kind])
    columns = (
        Column(shown.kind, title),
        Column("customers", words(texts.CUSTOMERS), "integer"),
        Column("share_percent", f"{words(texts.SHARE)} (%)", "number"),
    )
    rows = [
        (label(words, shown.kind, name), figure, round(100 * shown.share(name), 1))
        for name, figure in shown.figures.items()
    ]
    return Table(title, columns, rows)


def colours(words: Words, counts: Counts) -> Markup:
    """Return the colours of each indicator: a stacked bar and its figures."""
    rows = (_colour_row(words, indicator, figures) for indicator, figures in _by_colour(counts))
    heads = (
        tag("th", words(texts.INDICATOR), scope="col"),
        tag("td", aria_hidden="true"),
        *(
            tag("th", tag("i", class_=f"swatch {name}"), label(words, "colour", name),
                scope="col", class_="num")
            for name in (*COLOURS, "")
        ),
    )  # fmt: skip
    return tag(
        "table",
        tag("caption", words(texts.BY_COLOUR), class_="seen-not"),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *rows),
        class_="data bars colours",
    )


def _by_colour(counts: Counts) -> Iterator[tuple[str, dict[str, int]]]:
    held = counts.table("colour")
    for indicator in INDICATORS:
        yield indicator, {name: held.get((indicator, name), 0) for name in (*COLOURS, "")}


def _colour_row(words: Words, indicator: str, figures: Mapping[str, int]) -> Markup:
    total = sum(figures.values()) or 1
    parts = (
        tag("i", class_=name or None, style=f"--share:{figure / total:.4f}")
        for name, figure in figures.items()
        if figure
    )
    return tag(
        "tr",
        tag("th", _named(words, indicator), scope="row"),
        tag("td", tag("div", *parts, class_="stack"), class_="bar", aria_hidden="true"),
        *(tag("td", words.count(figure), class_="num") for figure in figures.values()),
    )


def _named(words: Words, indicator: str) -> str:
    name = words(INDICATORS[indicator])
    return name if indicator == "prfv" else f"{indicator} · {name}"


def colour_table(words: Words, counts: Counts) -> Table:
    """Return the colours of each indicator as a file has them."""
    named = [
        Column(name or "none", label(words, "colour", name), "integer") for name in (*COLOURS, "")
    ]
    columns = (Column("indicator", words(texts.INDICATOR)), *named)
    rows = [
        (_named(words, indicator), *figures.values()) for indicator, figures in _by_colour(counts)
    ]
    return Table(words(texts.BY_COLOUR), columns, rows)
