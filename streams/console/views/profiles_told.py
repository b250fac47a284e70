"""The page Perfis as tables: components, sizes, drift and a sample in the reader's words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from streams.console.charts.scatter import Axis, Point
from streams.console.views.components import FEATURES, Beside
from streams.console.views.sample import Sampled
from streams.console.words import Words
from streams.console.words import perfis as texts
from streams.tabular import Column, Table

WIDE: Final = frozenset({"contracts"})
BANDS: Final = range(-1, 12)
ENDS: Final = (7, 30)
"""Days over which sizes are said to have changed."""


def components_table(words: Words, besides: Iterable[Beside]) -> Table:
    """Return each component beside its published profile."""
    columns = (
        Column("profile", words(texts.PROFILE)),
        Column("customers", words(texts.NOW), "integer"),
        Column("published_customers", words(texts.PUBLISHED_CUSTOMERS), "integer"),
        Column("tenure", words(texts.FEATURES["tenure"]), "number"),
        Column("published_tenure", words(texts.PUBLISHED_TENURE), "integer"),
        Column("contracts", words(texts.FEATURES["contracts"]), "number"),
        Column("published_contracts", words(texts.PUBLISHED_CONTRACTS), "integer"),
        Column("brands", words(texts.FEATURES["brands"]), "number"),
        Column("band", words(texts.FEATURES["band"]), "number"),
        Column("weight_percent", words(texts.WEIGHT), "number"),
    )
    rows = [
        (
            one.published.name,
            one.customers,
            one.published.customers,
            _rounded(one.means.get("tenure")),
            one.published.tenure_months,
            _rounded(one.means.get("contracts")),
            one.published.contracts,
            _rounded(one.means.get("brands")),
            _rounded(one.means.get("band")),
            None if one.weight is None else round(100 * one.weight, 1),
        )
        for one in besides
    ]
    return Table(words(texts.BESIDE), columns, rows)


def drift_table(
    words: Words, besides: Iterable[Beside], earlier: Mapping[int, Mapping[str, int] | None]
) -> Table:
    """Return how each profile grew, and how far its component's means have come.

    `earlier` are the sizes of so many days ago, None where nothing is known of that day.
    """
    columns = (
        Column("profile", words(texts.PROFILE)),
        *(Column(f"in_{days}_days", words(texts.SINCE_DAYS, days), "integer") for days in earlier),
        *(
            Column(f"{name}_since", words(texts.MEANS_SINCE, words(text)), "number")
            for name, text in texts.FEATURES.items()
        ),
    )
    rows = [
        (
            one.published.name,
            *(_grown(one, sizes) for sizes in earlier.values()),
            *(_rounded(one.since.get(name)) for name in FEATURES),
        )
        for one in besides
    ]
    return Table(words(texts.DRIFT), columns, rows)


def _grown(one: Beside, sizes: Mapping[str, int] | None) -> int | None:
    return None if sizes is None else one.customers - sizes.get(one.published.name, 0)


def _rounded(mean: float | None) -> float | None:
    """Return a mean to two places, without a minus before nought."""
    return None if mean is None else round(mean, 2) + 0.0


def sizes_table(
    words: Words, days: Sequence[date], figures: Mapping[str, Sequence[int | None]]
) -> Table:
    """Return the sizes day by day; days of which nothing is known are left out."""
    columns = (
        Column("day", words(texts.DAY), "date"),
        *(Column(name, name, "integer") for name in figures),
    )
    by_day = zip(days, zip(*figures.values(), strict=True), strict=True)
    rows = [(day, *sizes) for day, sizes in by_day if None not in sizes]
    return Table(words(texts.SIZES), columns, rows)


def sample_table(words: Words, sample: Iterable[Sampled]) -> Table:
    """Return the customers who were drawn, with their features."""
    columns = (
        Column("customer_id", words(texts.ID)),
        Column("profile", words(texts.PROFILE)),
        *(Column(name, words(text), "integer") for name, text in texts.FEATURES.items()),
    )
    return Table(words(texts.POINTS), columns, list(sample))


def points(
    words: Words, sample: Iterable[Sampled], names: Iterable[str], across: str, upwards: str
) -> dict[str, list[Point]]:
    """Return the sample as points by profile; who has no figure on an axis is left out.

    An unknown revenue band is none: it stands at −1.
    """
    made: dict[str, list[Point]] = {name: [] for name in names}
    for one in sample:
        x, y = (_at(getattr(one, axis)) for axis in (across, upwards))
        told = f"{words(texts.FEATURES[across])}: {x} · {words(texts.FEATURES[upwards])}: {y}"
        made.setdefault(one.profile, []).append(Point(x, y, f"{one.customer_id}\n{told}"))
    return {name: of for name, of in made.items() if of}


def _at(figure: int | None) -> int:
    return -1 if figure is None else figure


def axes(words: Words, across: str, upwards: str) -> tuple[Axis, Axis]:
    """Return the axes of two features."""
    first, second = (
        Axis(words(texts.FEATURES[name]), name in WIDE, BANDS if name == "band" else ())
        for name in (across, upwards)
    )
    return first, second
