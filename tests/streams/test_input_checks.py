"""Positions beside what the broker has: each cause is found, and nothing else is one."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.lane.input_checks import (
    RESTORE,
    Hole,
    Observed,
    find_holes,
    find_partition_changes,
    standstills_of,
)
from streams.lane.standstills import EVERY, Reason

OLD, NEW = "old", "new"


def hole_of(position: int, there: Observed, known: str | None = OLD) -> Hole | None:
    ids = {} if known is None else {"orders": known}
    found = find_holes(3, {"orders": position}, ids, {"orders": there})
    return found[0] if found else None


@pytest.mark.parametrize(
    ("position", "known", "there"),
    [
        (5, OLD, Observed(OLD, 4, 5, 9)),
        (9, OLD, Observed(OLD, 4, 9, 9)),
        (0, None, Observed(NEW, 4, 0, 0)),
        (5, OLD, Observed(None, 4, 0, 9)),
        (5, OLD, Observed()),
    ],
)
def test_where_all_is_there_or_not_known_nothing_is_a_hole(
    position: int, known: str | None, there: Observed
) -> None:
    assert hole_of(position, there, known) is None


@pytest.mark.parametrize(
    ("position", "known", "there", "reason", "resume"),
    [
        (0, OLD, Observed(OLD, 4, 1, 9), Reason.INPUT_DELETED, 1),
        (5, None, Observed(None, 4, 9, 9), Reason.INPUT_DELETED, 9),
        (5, OLD, Observed(NEW, 4, 0, 9), Reason.TOPIC_RECREATED, 0),
        (5, OLD, Observed(NEW, 4, 7, 9), Reason.TOPIC_RECREATED, 7),
        (5, OLD, Observed(NEW, 4), Reason.TOPIC_RECREATED, 0),
        (5, None, Observed(None, 4, 0, 3), Reason.TOPIC_RECREATED, 0),
        (5, OLD, Observed(OLD, 4, 0, 3), Reason.TOPIC_RECREATED, 3),
    ],
)
def test_each_cause_is_named_with_the_way_on(
    position: int, known: str | None, there: Observed, reason: Reason, resume: int
) -> None:
    hole = hole_of(position, there, known)
    assert hole is not None
    assert (hole.reason, hole.position, hole.resume) == (reason, position, resume)
    assert "orders, partition 3" in hole.detail
    assert hole.remedy.startswith(RESTORE)
    assert "`nyxter skip orders --partition 3`" in hole.remedy


def test_the_offsets_that_are_gone_are_named() -> None:
    hole = hole_of(5, Observed(OLD, 4, 9, 20))
    assert hole is not None
    assert "offsets 5 to 8 were deleted" in hole.detail


@given(
    st.dictionaries(st.sampled_from("abcd"), st.integers(0, 20)),
    st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(0, 9), st.integers(0, 9))),
)
def test_going_on_where_a_hole_says_is_no_hole(
    positions: Mapping[str, int], ranges: Mapping[str, tuple[int, int]]
) -> None:
    there = {t: Observed(NEW, 4, start, start + more) for t, (start, more) in ranges.items()}
    ids = {topic: OLD for topic in positions if topic < "c"}
    holes = find_holes(0, positions, ids, there)
    behind = {**positions, **{hole.topic: hole.resume for hole in holes}}
    learned = {**ids, **{hole.topic: NEW for hole in holes}}
    left = find_holes(0, behind, learned, there)
    assert left == []
    assert {s.reason for s in standstills_of(holes)} == {hole.reason for hole in holes}


def test_topics_that_have_grown_concern_the_whole_worker() -> None:
    there = {"a": Observed(OLD, 4), "b": Observed(OLD, 8), "c": Observed()}
    change = find_partition_changes(4, there)
    assert change is not None
    assert (change.reason, change.partition) == (Reason.PARTITIONS_CHANGED, EVERY)
    assert change.detail == "b has 8 partitions, expected 4"
    assert find_partition_changes(8, {"b": there["b"]}) is None
