"""Marks: how far somebody has come in the topic of segment events, as a text they give back.

A mark is the next offset of every partition, in their order. Whoever has all events before a mark
and asks for those after it misses none and gets none twice, whoever answers.
"""

from collections.abc import Sequence
from typing import Final

_BETWEEN: Final = "."
_LARGEST: Final = 2**63 - 1
_DIGITS: Final = len(str(_LARGEST))


class NoMark(ValueError):  # noqa: N818 - it names what is the case
    """A text is no mark, or one of another number of partitions."""


class Gone(LookupError):  # noqa: N818 - it names what is the case
    """The topic does not hold what comes after a mark, or not any more."""


class Over(Exception):  # noqa: N818 - it names what is the case
    """Nobody tells any more what comes after a mark; somebody else may, or the same anew."""


def written(offsets: Sequence[int]) -> str:
    """Return the mark of the next offsets of partitions 0 to n - 1.

    >>> written([12, 0, 7])
    '12.0.7'
    """
    return _BETWEEN.join(map(str, offsets))


def read(mark: str, partitions: int) -> list[int]:
    """Return the offsets that a mark tells; NoMark where it tells none.

    >>> read("12.0.7", 3)
    [12, 0, 7]
    """
    parts = mark.split(_BETWEEN)
    if not all(part.isascii() and part.isdigit() and len(part) <= _DIGITS for part in parts):
        raise NoMark("not a mark that was given out")
    offsets = [int(part) for part in parts]
    if len(offsets) != partitions or max(offsets) > _LARGEST:
        raise NoMark(f"not a mark of a topic with {partitions} partitions")
    return offsets
