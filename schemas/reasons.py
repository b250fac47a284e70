"""Why the data of an event are refused, in words without their values."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

_MOST_PROBLEMS: Final = 5
_LONGEST_PLACE: Final = 100


def reasons(error: ValidationError) -> str:
    """Return what is wrong, of the first few things: a reason is bounded, whatever came in."""
    problems = error.errors(include_url=False, include_input=False)
    told = [f"{_place(problem)}: {_plain(problem)}" for problem in problems[:_MOST_PROBLEMS]]
    if (more := len(problems) - len(told)) > 0:
        told.append(f"and {more} more")
    return "; ".join(told)


def _place(problem: Any) -> str:
    place = f"data.{'.'.join(str(part) for part in problem['loc'])}"
    return place if len(place) <= _LONGEST_PLACE else f"{place[:_LONGEST_PLACE]}…"


_PLAIN: Final[Mapping[str, Callable[[Any], str]]] = {
    "missing": lambda _: "is missing",
    "value_error": lambda problem: str(problem["ctx"]["error"]),
}


def _plain(problem: Any) -> str:
    return _PLAIN.get(problem["type"], lambda p: str(p["msg"]))(problem)
