"""Components of a mixture in words and numbers that people use, as tables."""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from rich.table import Table

from nyxter_online.consumption import NAMES
from nyxter_online.features import BAND, BRANDS, CONTRACTS, START, month_of
from nyxter_online.features import NAMES as FEATURES
from nyxter_online.gmm import Components, Floats
from streams.cli.simulate import business_day_now

_FEATURES: Final = {CONTRACTS: "contracts", BRANDS: "brands", BAND: "band"}
_NARROW: Final = 0.02  # of the variance of all: twice what the M-step adds to every component


class Side(NamedTuple):
    """One of two mixtures that are compared.

    Attributes
    ----------
    name
        What it is called.
    components
        The mixture.
    customers
        By component, how many customers it has.

    """

    name: str
    components: Components
    customers: Sequence[float]


def share_of(components: Components, customers: int) -> list[float]:
    """Return how many of so many customers each component has."""
    return [weight * customers for weight in components.weights.tolist()]


def told_means(means: Floats, today: date) -> list[dict[str, float]]:
    """Return the means of each component by name, the start as months of tenure until today."""
    return [
        {"tenure": month_of(today.toordinal()) - row[START]}
        | {name: row[column] for column, name in _FEATURES.items()}
        for row in means.tolist()
    ]


def empty_table(title: str) -> Table:
    """Return a table of profiles without rows: a column says what a row tells of which."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.title, table.title_justify = title, "left"
    table.add_column("Profile", no_wrap=True)
    table.add_column("", style="dim", no_wrap=True)
    for name in ("customers", "tenure", *_FEATURES.values()):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def beside(old: Side | None, new: Side, today: date | None = None) -> Table:
    """Return a table of a mixture, and of the one before where there is one."""
    sides = {"before": old, "after": new} if old is not None else {"": new}
    table = empty_table(" → ".join(side.name for side in sides.values()))
    for k, name in enumerate(NAMES):
        for row, (when, side) in enumerate(sides.items()):
            mean = told_means(side.components.means, today or business_day_now())[k]
            size = f"{side.customers[k]:,.0f}"
            means = (f"{value:.1f}" for value in mean.values())
            table.add_row("" if row else name, when, size, *means)
    return table


def degenerate(components: Components) -> list[str]:
    """Return a line for each component that is no Gaussian fitted to its customers, and why.

    One that hardly varies in a feature in which the whole base does is none, either: it has
    collapsed onto a value, and the likelihood is high for nothing.
    """
    whys = zip(NAMES, components.degenerate, strict=True)
    told = [f"degenerate: {name} {why}" for name, why in whys if why is not None]
    for name, feature in collapsed(components):
        told.append(f"collapsed: {name} hardly varies in {feature}")
    return told


def collapsed(components: Components) -> list[tuple[str, str]]:
    """Return each component, with the feature, whose variance is little more than its floor."""
    means, weights = components.means, components.weights
    own = np.diagonal(components.covariances, axis1=1, axis2=2)
    whole = weights @ (own + (means - weights @ means) ** 2)
    narrow = (own < _NARROW * whole) & (whole > 0)
    return [(NAMES[k], FEATURES[column]) for k, column in np.argwhere(narrow).tolist()]
