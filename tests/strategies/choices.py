"""How often what is drawn."""

from typing import Any

from hypothesis import strategies as st


@st.composite
def weighted(draw: st.DrawFn, *choices: tuple[int, st.SearchStrategy[Any]]) -> Any:
    """A value of one of the strategies, as often as its weight says (`one_of` drops repeats)."""
    tickets = [strategy for weight, strategy in choices for _ in range(weight)]
    return draw(tickets[draw(st.integers(0, len(tickets) - 1))])


@st.composite
def mostly_all(draw: st.DrawFn, members: dict[str, st.SearchStrategy[Any]]) -> dict[str, Any]:
    """A dict of all the members two times in three, else of some of them."""
    if draw(st.integers(0, 2)):
        return draw(st.fixed_dictionaries(members))
    return draw(st.fixed_dictionaries({}, optional=members))
