"""How scores are spread in each comparison group, and over all of them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from schemas.envelope import loads
from streams.console.charts.histogram import Spread, spread

INDICATORS: Final = ("P", "R", "F", "V", "PRFV")
_COUNTED: Final = {"PRFV": "prfv"}  # as it is called where it is counted


class Group(NamedTuple):
    """A comparison group: its name in the counts, its values, and how many customers it has."""

    name: str
    values: tuple[str, ...]
    customers: int


def groups(counts: Mapping[str, int]) -> list[Group]:
    """Return all groups that hold somebody, the largest first.

    >>> groups({'["A"]': 2, '["B"]': 5, '["C"]': 0})[0]
    Group(name='["B"]', values=('B',), customers=5)
    """
    held = [Group(name, tuple(loads(name)), size) for name, size in counts.items() if size > 0]
    return sorted(held, key=lambda group: (-group.customers, group.values))


def spreads(scores: Mapping[tuple[str, ...], int], group: str | None) -> dict[str, Spread]:
    """Return by indicator how its score is spread in a group; None: in all.

    `scores` are customers by indicator, bin and group.
    """
    bins: dict[str, dict[str, int]] = {}
    for (indicator, number, of), customers in scores.items():
        if group is None or of == group:
            sums = bins.setdefault(indicator, {})
            sums[number] = sums.get(number, 0) + customers
    return {name: spread(bins.get(_COUNTED.get(name, name), {})) for name in INDICATORS}
