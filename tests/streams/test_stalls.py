"""Partitions that stand still are found, and those that only seem to are not."""

from collections.abc import Mapping

import pytest

from streams.monitoring.stalls import STALLED_S, Look, Stalls

WHY = "it waits for snapshot 7"


class Watched:
    """One partition that is looked at every second."""

    def __init__(self) -> None:
        self.now = 100.0
        self.stalls = Stalls(self.now)

    def after(
        self,
        seconds: int,
        reached: Mapping[str, int] | None,
        obstacle: str = WHY,
        end: int = 9,
        *,
        counts: bool = True,
    ) -> str:
        """Return what is found after so many seconds in which all stayed like this."""
        found = {}
        for _ in range(seconds):
            self.now += 1
            look = Look(reached, {"orders": end}, obstacle, counts)
            found = self.stalls.look(self.now, {3: look})
        return found.get(3, "")


@pytest.fixture
def watched() -> Watched:
    return Watched()


LIMIT = int(STALLED_S)


def test_a_partition_that_lies_behind_and_does_not_move_is_stalled(watched: Watched) -> None:
    assert watched.after(LIMIT, {"orders": 4}) == ""
    found = watched.after(1, {"orders": 4})
    assert found == f"orders goes on to offset 9 and nothing is applied beyond 4; {WHY}"
    assert watched.after(1, {"orders": 5}) == ""


def test_one_that_has_never_applied_anything_is_stalled_too(watched: Watched) -> None:
    assert "beyond 0" in watched.after(LIMIT + 1, {})


def test_words_stay_while_the_input_grows_and_change_with_the_cause(watched: Watched) -> None:
    found = watched.after(LIMIT + 1, {"orders": 4})
    assert watched.after(5, {"orders": 4}, end=700) == found
    assert watched.after(1, {"orders": 4}, "it is computed", 700).endswith("; it is computed")


@pytest.mark.parametrize(("reached", "end"), [({"orders": 9}, 9), ({"orders": 12}, 9), ({}, 0)])
def test_one_that_has_nothing_to_do_is_not(
    watched: Watched, reached: Mapping[str, int], end: int
) -> None:
    assert watched.after(50, reached, end=end) == ""


def test_one_that_moves_slowly_is_not(watched: Watched) -> None:
    assert not any(watched.after(LIMIT - 1, {"orders": at}) for at in range(8))


def test_time_passes_only_between_looks_that_were_made(watched: Watched) -> None:
    """A process that was stopped for an hour does not know what happened meanwhile."""
    watched.after(2, {"orders": 4})
    watched.now += 3_600
    assert watched.after(1, {"orders": 4}) == ""
    assert watched.after(LIMIT, {"orders": 4})


def test_the_first_loading_is_named_elsewhere_and_a_repeated_one_here(watched: Watched) -> None:
    assert watched.after(50, None, "it is being loaded", counts=False) == ""
    again = "it is being loaded again: its lane ended broken"
    assert watched.after(LIMIT, None, again).endswith(again)


def test_a_lane_that_breaks_again_and_again_is_stalled_between_its_lives(watched: Watched) -> None:
    watched.after(1, {"orders": 4})
    for _ in range(3):
        found = watched.after(3, None, "again") or watched.after(1, {"orders": 4})
    assert "beyond 4" in found


def test_a_partition_that_was_given_back_begins_anew(watched: Watched) -> None:
    watched.after(LIMIT, {"orders": 4})
    assert watched.stalls.look(watched.now, {}) == {}
    assert watched.after(LIMIT - 1, {"orders": 4}) == ""
