"""The board of a worker: the latest snapshot, and a tenth of the time for sweeps."""

from hypothesis import given
from hypothesis import strategies as st

from nyxter_online.ranks import Snapshot
from streams.segmenter.board import Board


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def snapshot(number: int) -> Snapshot:
    return Snapshot(number, 739_942, "rules", {}, "dense")


@given(st.lists(st.integers(1, 9)))
def test_it_never_goes_back(numbers: list[int]) -> None:
    board, latest = Board(), 0
    assert board.latest is None
    for number in numbers:
        board.post(snapshot(number))
        latest = max(latest, number)
        assert board.latest is not None
        assert board.latest.number == latest


def test_an_equal_number_changes_nothing() -> None:
    board, first = Board(), snapshot(3)
    board.post(first)
    board.post(snapshot(3))
    assert board.latest is first


def test_it_gives_the_latest_by_its_number_and_no_other() -> None:
    board = Board()
    assert board.get(1) is None
    board.post(snapshot(1))
    board.post(snapshot(2))
    assert board.get(2) is board.latest
    assert board.get(1) is None
    assert board.get(3) is None


def test_after_a_sweep_of_t_seconds_there_is_none_for_9_t() -> None:
    clock = Clock()
    board = Board(clock)
    assert board.may_sweep()
    board.swept(2.0)
    clock.now += 17.9
    assert not board.may_sweep()
    clock.now += 0.1
    assert board.may_sweep()


def test_one_lane_sweeps_at_a_time() -> None:
    board = Board(Clock())
    assert board.may_sweep()
    assert not board.may_sweep()
    board.swept(0.0)
    assert board.may_sweep()


def test_a_short_part_does_not_cut_the_pause_after_a_long_one() -> None:
    clock = Clock()
    board = Board(clock)
    board.swept(2.0)
    board.swept(0.001)
    clock.now += 17.0
    assert not board.may_sweep()


@given(st.lists(st.floats(0.001, 1.0), min_size=2, max_size=20))
def test_sweeps_of_one_lane_take_a_tenth_at_most(parts: list[float]) -> None:
    clock = Clock()
    board = Board(clock)
    began = clock.now
    for seconds in parts:
        while not board.may_sweep():
            clock.now += 0.01
        clock.now += seconds
        board.swept(seconds)
    share = sum(parts[:-1]) / (clock.now - parts[-1] - began)
    assert share <= 0.1 + 1e-9
