"""The law of the faults' suite sees a worker that stops in silence, and no other."""

import pytest
from watching import PATIENCE_S, SILENT_S, Law, Seen, names

LONG = int(SILENT_S + PATIENCE_S) + 2


def look(law: Law, seconds: int, said: str = "", *, moves: bool = False, grows: bool = True) -> Law:
    """Let a law see seconds of a worker that owns partition 0 of two; 1 is nobody's and rests."""
    for second in range(seconds):
        ends = {0: 10 + second * grows, 1: 5}
        positions = {0: 10 + second if moves else 4, 1: 5}
        law.see(100.0 + second, Seen(ends, positions, {"a": said}, {"a": frozenset({0})}))
    return law


def test_who_says_ready_and_applies_nothing_breaks_it() -> None:
    (broken,) = look(Law(), LONG + 1).broken
    assert broken.startswith("a said 'that it is ready' for")
    assert "partition 0 stayed at 4, and its input grew from 10" in broken


@pytest.mark.parametrize("said", ["partition 0 stands still: …", "partitions being loaded: 3, 0"])
def test_who_names_the_partition_does_not(said: str) -> None:
    assert not look(Law(), 5 * LONG, said).broken


def test_who_names_another_one_does() -> None:
    assert look(Law(), LONG + 1, "partition 10 stands still: …").broken


def test_who_goes_on_or_has_nothing_new_does_not() -> None:
    assert not look(Law(), 5 * LONG, moves=True).broken
    assert not look(Law(), 5 * LONG, grows=False).broken


def test_who_has_applied_all_does_not_even_if_the_end_was_seen_late() -> None:
    law = Law()
    for second in range(2 * LONG):
        ends = {0: 8 if second == 0 else 10}
        law.see(float(second), Seen(ends, {0: 10}, {"a": ""}, {"a": frozenset({0})}))
    assert not law.broken


def test_a_late_look_proves_nothing() -> None:
    law, seen = Law(), Seen({0: 9}, {0: 4}, {"a": ""}, {"a": frozenset({0})})
    for moment, end in ((0.0, 9), (1.0, 10), (500.0, 11), (900.0, 12)):
        law.see(moment, seen._replace(ends={0: end}))
    assert not law.broken


def test_a_partition_of_nobody_is_everyones_while_all_say_that_all_is_well() -> None:
    for said, breaks in (("", True), ("the group is changing", False)):
        law = Law()
        for second in range(LONG + 1):
            seen = Seen({0: 10 + second}, {}, {"a": "", "b": said}, {"a": frozenset({1})})
            law.see(float(second), seen)
        assert bool(law.broken) == breaks


def test_words_of_the_whole_worker_are_of_every_partition() -> None:
    assert names("the worker stands still: the broker has not answered", 7)
    assert not names("the leader stands still: partitions 1, 2 have not come to 2026-11-28", 2)
    assert names("partitions being loaded: 1, 7", 7)
