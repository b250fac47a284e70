"""Summaries: what a partition tells the leader of its population, in chunks and a header."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from nyxter_online.figures import Ints
from nyxter_online.population import Counts, Key, Population, merged
from schemas.envelope import dumps, loads

HEADER_KEY: Final = b'["header"]'

_MOST: Final = 10_000  # figures in a chunk: far below the least limit of a message
_MOST_NAMES: Final = 900_000  # bytes of the chunks' names in a header, which is one message


class Summary(NamedTuple):
    """The header of a summary.

    Attributes
    ----------
    entry
        Number of the journal entry before whose batch the state was summarised.
    day, rules
        What the figures were counted by.
    next
        Next offset of each source topic: everything before is in.
    chunks
        Keys of all chunks that make it up.
    epoch
        The epoch of the mixture in use, 0: none.
    statistics
        The mixture's exact sums by that epoch, as `Statistics.to_json` writes them.
    learned
        How many contributions changed since the partition was loaded.
    accepted
        Offset and components of the last control event by which somebody accepted a model, None:
        there was none.

    """

    entry: int
    day: int
    rules: str
    next: Mapping[str, int]
    chunks: list[str]
    epoch: int
    statistics: Any
    learned: int
    accepted: Any

    def value(self) -> bytes:
        """Return the header's value."""
        return dumps(self._asdict())


def chunk_records(population: Population) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of each chunk: up to `_MOST` figures of an indicator and a group."""
    for (indicator, group), (figures, counts) in population.items():
        for part, start in enumerate(range(0, len(figures), _MOST)):
            some = slice(start, start + _MOST)
            value = dumps([figures[some].tolist(), counts[some].tolist()])
            yield dumps([indicator, group, part]), value


def chunk_names(population: Population) -> list[str]:
    """Return the keys of the chunks that a population makes, as headers name them, sorted."""
    return sorted(
        dumps([indicator, group, part]).decode()
        for (indicator, group), counts in population.items()
        for part in range(-(-len(counts.figures) // _MOST))
    )


def fits(population: Population, groups: int) -> bool:
    """Tell whether a population has at most so many groups, and its header fits a message."""
    if len({group for _, group in population}) > groups:
        return False
    return sum(len(name.encode()) for name in chunk_names(population)) <= _MOST_NAMES


def read_chunks(chunks: Mapping[bytes, bytes], keys: Iterable[str]) -> dict[Key, Counts]:
    """Return the population that the named chunks make up."""
    parts: dict[Key, list[Counts]] = {}
    for key in keys:
        indicator, group, _ = loads(key)
        figures, counts = loads(chunks[key.encode()])
        part = Counts(_ints(figures), _ints(counts))
        parts.setdefault((indicator, tuple(group)), []).append(part)
    return {key: merged(listed) for key, listed in parts.items()}


def _ints(values: list[Any]) -> Ints:
    return np.array(values, np.int64)
