"""`nyxter model show`: the model in use, for a person."""

from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table

from nyxter_online.consumption import NAMES
from nyxter_online.epochs import Epoch
from nyxter_online.gmm import Components
from nyxter_online.profiles import PROFILES
from streams.cli.model.components import degenerate, empty_table, share_of, told_means
from streams.cli.simulate import business_day_now

_FAR: Final = 15  # per cent, from which on a difference from the published mean is marked


def show_model(epoch: Epoch, components: Components) -> None:
    """Print an epoch and its components beside the published profiles, and how they drifted."""
    console = Console(highlight=False)
    console.print(_numbers(epoch))
    console.print(_table(epoch, components))
    console.print(_drift(epoch, components))
    for line in degenerate(components):
        console.print(line, style="yellow")


def _numbers(epoch: Epoch) -> str:
    origin = "accepted by a person" if epoch.accepted >= 0 else "started from the published ones"
    state = "is a checkpoint" if epoch.step == 0 else f"is step {epoch.step} of a round"
    named = epoch.checkpoint or "none yet: nobody has a profile"
    return (
        f"Model {epoch.model} ({origin}), epoch {epoch.number}, which {state}; "
        f"checkpoint {named}; learned from {epoch.customers:,} customers"
    )


def _table(epoch: Epoch, components: Components) -> Table:
    table = empty_table("Means, and what was published (tenure in months; band −1: unknown)")
    means = told_means(components.means, business_day_now())
    sizes = share_of(components, epoch.customers)
    for profile, mean, size in zip(PROFILES, means, sizes, strict=True):
        found = (f"{value:.1f}" for value in mean.values())
        table.add_row(profile.name, "found", f"{size:,.0f}", *found)
        published = (
            _published(mean["tenure"], profile.tenure_months),
            _published(mean["contracts"], profile.contracts),
        )
        table.add_row("", "published", f"{profile.customers:,}", *published)
    return table


def _published(found: float, published: int) -> str:
    """Return a published mean, and by how much the one found differs from it.

    >>> _published(24.2, 22), _published(33.0, 22)
    ('22 (+10 %)', '22 [yellow](+50 %)[/]')
    """
    difference = round(100 * (found - published) / published)
    told = f"({difference:+d} %)"
    return f"{published} {f'[yellow]{told}[/]' if abs(difference) > _FAR else told}"


def _drift(epoch: Epoch, components: Components) -> Table:
    """Return how far the means have come since the first checkpoint of the model."""
    table = empty_table("Drift since the model's first checkpoint")
    if epoch.started is None:
        table.add_row("none yet", "")
        return table
    away = told_means(components.means, business_day_now())
    origin = told_means(np.array(epoch.started), business_day_now())
    for name, now, then in zip(NAMES, away, origin, strict=True):
        moved = (f"{round(now[it] - then[it], 2) + 0.0:+.2f}" for it in now)  # no minus nought
        table.add_row(name, "", "", *moved)
    return table
