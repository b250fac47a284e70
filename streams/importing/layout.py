"""Where the header of a file is, what parts its cells, and whose columns they are."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from streams.importing.columns import Columns, Names, plain
from streams.importing.records import SPACES

SEPARATORS: Final = (";", ",", "\t", "|", SPACES)
LOOKED_AT: Final = 50
_SHOWN: Final = 12  # columns of a header that is not understood


class Layout(NamedTuple):
    """How the columns of a file lie.

    Attributes
    ----------
    separator
        Between cells.
    header
        The line, from 1, on which the columns are named.
    names
        As the file names them.
    preset
        Whose names they are: a preset, or the file of columns.
    columns
        What they mean.
    places
        Our field -> the column's number, from 0, of those that the file has.

    """

    separator: str
    header: int
    names: tuple[str, ...]
    preset: str
    columns: Columns
    places: Mapping[str, int]

    @property
    def passed_over(self) -> list[str]:
        """The columns that nothing is read from."""
        read = set(self.places.values())
        return [name for place, name in enumerate(self.names) if place not in read]


class LayoutUnknown(ValueError):  # noqa: N818 - it names what is the case
    """The columns of a file are not those of what it should be: what is there, and what to do."""


def layout_of(
    start: Sequence[str],
    candidates: Mapping[str, Columns],
    separator: str | None = None,
    header: int | None = None,
) -> Layout:
    """Return the layout of a file by its first lines.

    The header is the first line that names all columns that some candidate needs; of several
    candidates the one with the most columns there. Raises ``LayoutUnknown``.
    """
    among = (separator,) if separator else SEPARATORS
    for number, line in enumerate(start, 1):
        if header not in (None, number):
            continue
        found = [one for by in among for one in _layouts(line, number, by, candidates)]
        if found:
            return _best(found)
    raise LayoutUnknown(_told(start, candidates, among, header))


def _layouts(
    line: str, number: int, separator: str, candidates: Mapping[str, Columns]
) -> Iterator[Layout]:
    names = cells(line, separator)
    places = {plain(name): place for place, name in enumerate(names)}
    for preset, columns in candidates.items():
        if all(_place(places, known) is not None for known in columns.required()):
            there = {field: _place(places, known) for field, known in columns.every()}
            known = {field: place for field, place in there.items() if place is not None}
            yield Layout(separator, number, names, preset, columns, known)


def _place(places: Mapping[str, int], known: Names) -> int | None:
    return next((places[plain(name)] for name in known if plain(name) in places), None)


def _best(found: Sequence[Layout]) -> Layout:
    best = max(found, key=lambda one: len(one.places))
    rivals = sorted({x.preset for x in found if len(x.places) == len(best.places)})
    if len(rivals) > 1:
        raise LayoutUnknown(f"the columns fit {' and '.join(rivals)}: choose one by --preset")
    counts = Counter(plain(name) for name in best.names)
    read = {plain(best.names[place]) for place in best.places.values()}
    if twice := sorted(name for name in read if counts[name] > 1):
        raise LayoutUnknown(f"line {best.header}: the column {twice[0]} is there twice")
    return best


def cells(line: str, separator: str) -> tuple[str, ...]:
    """Return the cells of a header.

    >>> cells('a;"b;c"; d', ";"), cells("  a  b ", " ")
    (('a', 'b;c', 'd'), ('a', 'b'))
    """
    if separator == SPACES:
        return tuple(line.split())
    read = next(csv.reader([line], delimiter=separator), [])
    return tuple(cell.strip() for cell in read)


def _told(
    start: Sequence[str],
    candidates: Mapping[str, Columns],
    among: Sequence[str],
    header: int | None,
) -> str:
    """Say which columns there are, and which are needed."""
    looked = {n: line for n, line in enumerate(start, 1) if header in (None, n)}
    wider = ((len(cells(line, by)), -n) for n, line in looked.items() for by in among[:4])
    width, place = max(wider, default=(0, 0))
    needed = "; ".join(
        f"{name} needs {', '.join(' or '.join(one) for one in columns.required())}"
        for name, columns in candidates.items()
    )
    if not width:
        return f"there is no line to be the header; {needed}"
    by = max(among, key=lambda by: len(cells(looked[-place], by)) if by != SPACES else 0)
    names = cells(looked[-place], by)
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return (
        f"no header is understood; line {-place} reads as {shown}; {needed}. "
        "Name the columns in a file (--columns)"
    )
