"""Hypothesis strategies for small worlds in which ties and collisions are common.

An event is a dict as `json.loads(..., parse_float=Decimal)` gives it; `as_json` writes it with
every decimal digit kept. A rules file is drawn as text and parsed, so both say the same.
"""

from datetime import date
from typing import NamedTuple

from hypothesis import strategies as st

from strategies.events import Event, events
from strategies.rules import Rules, rules
from strategies.writing import as_json

__all__ = [
    "Event",
    "Rules",
    "World",
    "as_json",
    "days",
    "events",
    "rules",
    "shuffled_with_duplicates",
    "worlds",
]


class World(NamedTuple):
    """All that a score depends on."""

    events: list[Event]
    rules: Rules
    as_of: date


def days() -> st.SearchStrategy[date]:
    """Days to score on: ordinary, leap, and by a midnight that São Paulo skipped or had twice."""
    others = [date(2024, 2, 29), date(2018, 11, 3), date(2018, 11, 4), date(2018, 2, 17)]
    return st.sampled_from([date(2026, 11, 22), *others])


@st.composite
def worlds(draw: st.DrawFn, max_events: int = 40) -> World:
    """A day, rules whose period has its edges near that day, and events around both."""
    as_of = draw(days())
    return World(draw(events(as_of, max_events)), draw(rules(as_of)), as_of)


def shuffled_with_duplicates(events: list[Event]) -> st.SearchStrategy[list[Event]]:
    """The same events in any order, some of them more than once."""
    if not events:
        return st.just([])
    again = st.lists(st.sampled_from(events), max_size=len(events))
    return again.flatmap(lambda repeated: st.permutations(events + repeated))
