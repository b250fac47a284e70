"""The table of figures that a run ends with."""

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import NamedTuple

HEADINGS = ("figure", "measured", "peer", "ratio", "mark", "met")


class Mark(NamedTuple):
    """What a figure ought to reach, and whether it did."""

    text: str
    met: bool


class Figure(NamedTuple):
    """One line of the table.

    Attributes
    ----------
    name
        What was measured.
    measured, peer
        The value and the one beside it in the same run, with their units.
    ratio
        Measured ÷ peer.
    mark
        What it ought to be, where anything is said.

    """

    name: str
    measured: str
    peer: str = ""
    ratio: float | None = None
    mark: Mark | None = None


def at_least(value: float, limit: float) -> Mark:
    """Return the mark of a value that ought not to be lower.

    >>> at_least(12.5, 10)
    Mark(text='≥ 10', met=True)
    """
    return Mark(f"≥ {limit:g}", value >= limit)


def at_most(value: float, limit: float, unit: str = "") -> Mark:
    """Return the mark of a value that ought not to be higher.

    >>> at_most(120, 100, " ms")
    Mark(text='≤ 100 ms', met=False)
    """
    return Mark(f"≤ {limit:g}{unit}", value <= limit)


def rate(per_second: float) -> str:
    """Write a number of events per second.

    >>> rate(53_123.4)
    '53,123/s'
    """
    return f"{per_second:,.0f}/s"


def lines(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the lines of the table."""
    rows = [HEADINGS, *map(_cells, figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    for row in rows:
        yield "  ".join(starmap(str.ljust, zip(row, widths, strict=True))).rstrip()


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    mark = ("", "") if figure.mark is None else (figure.mark.text, "yes" * figure.mark.met or "NO")
    return figure.name, figure.measured, figure.peer, ratio, *mark
