"""Summaries: what a partition tells the leader of its population, in chunks and a header."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from nyxter_online.figures import Ints
from nyxter_online.population import Counts, Key
from schemas.envelope import dumps, loads

HEADER_KEY: Final = b'["header"]'

Chunks = dict[bytes, bytes]


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

    """

    entry: int
    day: int
    rules: str
    next: Mapping[str, int]
    chunks: list[str]

    def value(self) -> bytes:
        """Return the header's value."""
        return dumps(self._asdict())


def chunk_records(counts: Mapping[Key, Counts]) -> Iterator[tuple[bytes, bytes | None]]:
    """Yield key and value of each chunk; None where no one is counted any more."""
    for key, (figures, numbers) in counts.items():
        value = dumps([figures.tolist(), numbers.tolist()]) if len(figures) else None
        yield chunk_key(key), value


def chunk_key(key: Key) -> bytes:
    """Return the record key of a chunk."""
    indicator, group = key
    return dumps([indicator, group])


def read_chunks(chunks: Mapping[bytes, bytes], keys: list[str]) -> dict[Key, Counts]:
    """Return the population that the named chunks make up."""
    population: dict[Key, Counts] = {}
    for key in keys:
        indicator, group = loads(key)
        figures, counts = loads(chunks[key.encode()])
        population[indicator, tuple(group)] = Counts(_ints(figures), _ints(counts))
    return population


def _ints(values: list[Any]) -> Ints:
    return np.array(values, np.int64)
