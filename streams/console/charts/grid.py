"""The R x F x V grid: all 64 cells, whoever stands in them."""

from collections.abc import Mapping
from itertools import product
from math import log1p
from typing import Final, NamedTuple

from schemas.rules import Rfm

MARKS: Final = (1, 2, 3, 4)


class Cell(NamedTuple):
    """One cell of the grid.

    Attributes
    ----------
    r, f, v
        Its marks, 1–4.
    customers
        How many customers have them.
    segment
        What the rules call their sum.
    depth
        How full it is beside the fullest, 0–1, by logarithms: one customer can be told from none.

    """

    r: int
    f: int
    v: int
    customers: int
    segment: str
    depth: float

    @property
    def total(self) -> int:
        """The sum that names the segment."""
        return self.r + self.f + self.v

    @property
    def mark(self) -> str:
        """Its three marks as they stand in an address.

        >>> Cell(4, 1, 3, 0, "Campeões", 0.0).mark
        '413'
        """
        return f"{self.r}{self.f}{self.v}"


def cells(counts: Mapping[tuple[str, ...], int], rfm: Rfm) -> list[Cell]:
    """Return all cells: by frequency, then value from the best on, then recency."""
    held = {tuple(map(int, marks)): count for marks, count in counts.items()}
    fullest = log1p(max(held.values(), default=0)) or 1.0
    return [
        Cell(r, f, v, count, segment_of(r + f + v, rfm), log1p(count) / fullest)
        for f, v, r in product(MARKS, reversed(MARKS), MARKS)
        for count in [held.get((r, f, v), 0)]
    ]


def segment_of(total: int, rfm: Rfm) -> str:
    """Return the segment of a sum of marks, 3–12."""
    return next(one.name for one in reversed(rfm.segments) if one.from_ <= total)
