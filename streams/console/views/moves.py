"""Who moved, and which triggers that set off: what the counts of some days come to."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final, NamedTuple, get_args

from schemas.outputs import Suppression
from streams.console.charts.sankey import Flow

REASONS: Final[tuple[str, ...]] = get_args(Suppression)

Table = Mapping[tuple[str, ...], int]
"""Counts by the texts that follow their kind, as `streams.counts.Counts.table` gives them."""


class Fired(NamedTuple):
    """How often a trigger fired and was suppressed.

    Attributes
    ----------
    kind, segment
        What was entered.
    stage
        Where the trigger leads.
    fired
        How often it fired …
    held
        … and, by reason, how often it did not; reasons that never were are left out.

    """

    kind: str
    segment: str
    stage: str
    fired: int
    held: Mapping[str, int]

    @property
    def suppressed(self) -> int:
        """How often it did not fire, for whatever reason."""
        return sum(self.held.values())


class Day(NamedTuple):
    """How many triggers fired on a day, and how many were suppressed."""

    fired: int
    suppressed: int


def flows(days: Iterable[Table], kind: str, *, ends: bool) -> list[Flow]:
    """Return how often customers changed from where to where, the most first.

    Parameters
    ----------
    days
        The changes of each day: kind, old, new.
    kind
        The kind of segment.
    ends
        Whether to count those who came from none, or went to none.

    """
    sums: dict[tuple[str, str], int] = {}
    for table in days:
        for (of, old, new), moves in table.items():
            if of == kind and (ends or (old and new)):
                sums[old, new] = sums.get((old, new), 0) + moves
    made = [Flow(*way, moves) for way, moves in sums.items() if moves > 0]
    return sorted(made, key=lambda flow: (-flow.moves, flow))


def triggers(days: Iterable[Table]) -> list[Fired]:
    """Return what became of each trigger, the most decided first.

    `days` have kind, segment, stage, and the reason for which it was suppressed ("": it fired).
    """
    sums: dict[tuple[str, str, str], dict[str, int]] = {}
    for table in days:
        for (kind, segment, stage, reason), decisions in table.items():
            of = sums.setdefault((kind, segment, stage), {})
            of[reason] = of.get(reason, 0) + decisions
    made = [Fired(*name, of.pop("", 0), of) for name, of in sums.items()]
    return sorted(made, key=lambda one: (-one.fired - one.suppressed, one[:3]))


def by_day(days: Mapping[date, Table]) -> dict[date, Day]:
    """Return how many triggers fired and were suppressed on each day."""
    return {day: _day(table) for day, table in days.items()}


def _day(table: Table) -> Day:
    fired = sum(count for (*_, reason), count in table.items() if not reason)
    return Day(fired, sum(table.values()) - fired)
