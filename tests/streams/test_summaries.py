"""Summaries and snapshots as records: chunks there and back, changed ones only, gone ones gone."""

from typing import Any

import numpy as np
import pytest
from driving import plain
from hypothesis import given, settings
from hypothesis import strategies as st

from nyxter_online.population import Counts, Population, tally
from schemas.envelope import loads
from streams import topics
from streams.lane.records import Record
from streams.segmenter import summaries
from streams.segmenter.snapshots import SnapshotHeader, snapshot_records
from streams.segmenter.summaries import (
    HEADER_KEY,
    Summary,
    chunk_names,
    chunk_records,
    read_chunks,
)

GROUPS = st.sampled_from([(), ("",), ("varejo",), ("indústria", "SP"), ('"]', ",")])
KEYS = st.tuples(st.sampled_from(["P", "R", "F", "V"]), GROUPS)
FIGURES = st.dictionaries(st.integers(-1, 2**62), st.integers(1, 10**6), min_size=1, max_size=7)


def counts(held: dict[int, int]) -> Counts:
    return tally(np.array(list(held), np.int64), np.array(list(held.values()), np.int64))


POPULATIONS = st.dictionaries(KEYS, FIGURES.map(counts), max_size=4)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "_MOST", 5)


@settings(max_examples=50, deadline=None)
@given(POPULATIONS)
def test_chunks_are_read_as_written(population: Population) -> None:
    chunks = dict(chunk_records(population))
    assert sorted(chunks) == sorted(name.encode() for name in chunk_names(population))
    assert plain(read_chunks(chunks, chunk_names(population))) == plain(population)
    assert all(len(loads(value)[0]) <= 5 for value in chunks.values())


@settings(max_examples=50, deadline=None)
@given(POPULATIONS, POPULATIONS)
def test_chunks_that_are_not_named_are_not_read(new: Population, old: Population) -> None:
    chunks = dict(chunk_records(old)) | dict(chunk_records(new))
    assert plain(read_chunks(chunks, chunk_names(new))) == plain(new)


def test_a_header_is_read_as_written() -> None:
    summary = Summary(
        7, 739_942, "0f3a", {"a": 3, "b": 0}, ['["R",["é"],0]'], 3, {"sums": [["1"]]}, 5, None
    )
    assert Summary(**loads(summary.value())) == summary
    header = SnapshotHeader(9, 739_942, "0f3a", {"0": {"a": 3}}, ['["R",["é"],0]'])
    assert SnapshotHeader(**loads(header.value())) == header


def header_of(number: int, population: Population) -> SnapshotHeader:
    return SnapshotHeader(number, 739_942, "rules", {}, chunk_names(population))


def applied(known: dict[bytes, bytes], records: list[Record]) -> dict[bytes, bytes]:
    """What a compacted topic holds after some records."""
    held: dict[Any, Any] = known | {record.key: record.value for record in records}
    return {key: value for key, value in held.items() if value is not None}


@settings(max_examples=50, deadline=None)
@given(st.lists(POPULATIONS, min_size=1, max_size=5))
def test_a_snapshot_writes_what_changed_and_leaves_nothing_else(some: list[Population]) -> None:
    topic: dict[bytes, bytes] = {}
    known: dict[bytes, bytes] = {}
    for number, population in enumerate(some, 1):
        before = dict(topic)
        records, known = snapshot_records(header_of(number, population), population, known)
        topic = applied(topic, records)
        header = SnapshotHeader(**loads(topic[HEADER_KEY]))
        assert header.number == number
        assert plain(read_chunks(topic, header.chunks)) == plain(population)
        assert topic.keys() - {HEADER_KEY} == known.keys()
        assert all(before.get(r.key or b"") != r.value for r in records)
        assert records[-1].key == HEADER_KEY
        assert {(r.topic, r.partition) for r in records} == {(topics.SNAPSHOTS, 0)}


def test_a_population_that_stays_is_a_header_alone() -> None:
    population = {("R", ("x",)): counts({1: 2})}
    _, known = snapshot_records(header_of(1, population), population, {})
    records, _ = snapshot_records(header_of(2, population), population, known)
    assert [record.key for record in records] == [HEADER_KEY]
