"""The mixture's components beside the published profiles, and how far they have come."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from nyxter_online.epochs import Epoch
from nyxter_online.features import BAND, BRANDS, CONTRACTS, START, month_of
from nyxter_online.profiles import PROFILES, Profile

FEATURES: Final = ("tenure", "contracts", "brands", "band")
_COLUMNS: Final[Mapping[str, int]] = {"contracts": CONTRACTS, "brands": BRANDS, "band": BAND}


class Beside(NamedTuple):
    """A component beside the profile it is named for.

    Attributes
    ----------
    published
        The profile, with its figures as they were published.
    customers
        How many customers have it now.
    weight
        The component's share of everyone, 0–1; None where there is no mixture yet.
    means
        By feature (`FEATURES`) the component's mean, tenure in months; empty as above.
    since
        By feature how far the mean has come since the model's first checkpoint; empty before it.

    """

    published: Profile
    customers: int
    weight: float | None
    means: Mapping[str, float]
    since: Mapping[str, float]


def beside(epoch: Epoch | None, customers: Mapping[str, int], today: date) -> list[Beside]:
    """Return all components, in the order of the profiles.

    Parameters
    ----------
    epoch
        The mixture in use, None before the first.
    customers
        How many customers each profile has now.
    today
        The day up to which tenure is told.

    """
    weights: list[float | None] = [None] * len(PROFILES)
    means: list[dict[str, float]] = [{} for _ in PROFILES]
    started: list[dict[str, float]] = [{} for _ in PROFILES]
    if epoch is not None and epoch.components is not None:
        weights = epoch.components.weights.tolist()
        means = [_told(row, today) for row in epoch.components.means.tolist()]
        started = [_told(row, today) for row in epoch.started or ()] or started
    return [
        Beside(
            profile,
            customers.get(profile.name, 0),
            weight,
            mean,
            {name: mean[name] - then for name, then in start.items()},
        )
        for profile, weight, mean, start in zip(PROFILES, weights, means, started, strict=True)
    ]


def _told(row: Sequence[Any], today: date) -> dict[str, float]:
    tenure = month_of(today.toordinal()) - row[START]
    return {"tenure": tenure} | {name: row[column] for name, column in _COLUMNS.items()}
