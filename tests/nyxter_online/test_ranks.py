"""Dense and percentile ranks and quartiles against slow, obvious references."""

from fractions import Fraction
from math import floor
from typing import Literal

import numpy as np
import pytest
from driving import arrived, event, nobody, purchase, settled, snapshot_of
from hypothesis import given, settings
from hypothesis import strategies as st

from nyxter_online.figures import amount_of
from nyxter_online.population import Counts
from nyxter_online.ranks import quartiles, scale

Ranking = Literal["dense", "percentile"]
Crowd = dict[int, int]  # how many customers have each figure

CROWDS = st.dictionaries(st.integers(-3, 40), st.integers(1, 5), max_size=30)
LARGE = st.dictionaries(st.integers(0, 10**15), st.integers(1, 10**6), min_size=90, max_size=130)
FIGURES = st.lists(st.integers(-5, 42), min_size=1, max_size=8)


def counts_of(crowd: Crowd) -> Counts:
    listed = sorted(crowd.items())
    return Counts(*(np.array([pair[i] for pair in listed], np.int64) for i in (0, 1)))


def everyone(crowd: Crowd) -> list[int]:
    return [figure for figure, count in crowd.items() for _ in range(count)]


def with_one_more(crowd: Crowd, figure: int) -> Crowd:
    return crowd | {figure: crowd.get(figure, 0) + 1}


def slow_score(ranking: Ranking, mine: int, crowd: Crowd) -> int:
    """The score of a figure that somebody of the crowd has, in hundredths."""
    if ranking == "dense":
        m, better = len(crowd), len([figure for figure in crowd if figure > mine])
        score = 100 - better * min(Fraction(1), Fraction(99, m - 1)) if m > 1 else Fraction(100)
    else:
        n = sum(crowd.values())
        worse = sum(count for figure, count in crowd.items() if figure < mine)
        score = 1 + Fraction(99 * worse, n - 1) if n > 1 else Fraction(100)
    return floor(score * 100 + Fraction(1, 2))


def slow_quartile(mine: int, crowd: list[int]) -> int:
    worse, same = len([f for f in crowd if f < mine]), crowd.count(mine)
    return min(4, 1 + floor(Fraction(4 * (2 * worse + same), 2 * len(crowd))))


@pytest.mark.parametrize("ranking", ["dense", "percentile"])
@settings(max_examples=150, deadline=None)
@given(crowd=CROWDS | LARGE, figures=FIGURES)
def test_a_figure_that_is_not_held_scores_as_if_one_had_it(
    ranking: Ranking, crowd: Crowd, figures: list[int]
) -> None:
    scores = scale(counts_of(crowd), ranking).scores(np.array(figures, np.int64))
    for figure, score in zip(figures, scores.tolist(), strict=True):
        then = crowd if figure in crowd else with_one_more(crowd, figure)
        after = scale(counts_of(then), ranking).scores(np.array([figure], np.int64))
        assert [score] == after.tolist() == [slow_score(ranking, figure, then)]


@pytest.mark.parametrize("ranking", ["dense", "percentile"])
@settings(max_examples=100, deadline=None)
@given(crowd=CROWDS | LARGE)
def test_scores_of_those_who_are_held(ranking: Ranking, crowd: Crowd) -> None:
    counts = counts_of(crowd)
    scores = scale(counts, ranking).scores(counts.figures).tolist()
    assert scores == [slow_score(ranking, f, crowd) for f in counts.figures.tolist()]
    assert all(100 <= score <= 10_000 for score in scores)
    assert scores == sorted(scores)
    assert ranking == "percentile" or scores[-1:] in ([], [10_000])


@settings(max_examples=150, deadline=None)
@given(CROWDS, FIGURES)
def test_quartiles_held_or_not(crowd: Crowd, figures: list[int]) -> None:
    found = quartiles(counts_of(crowd)).of(np.array(figures, np.int64)).tolist()
    for figure, quartile in zip(figures, found, strict=True):
        then = crowd if figure in crowd else with_one_more(crowd, figure)
        assert quartile == slow_quartile(figure, everyone(then))
        assert [quartile] == quartiles(counts_of(then)).of(np.array([figure])).tolist()


WORKED = [
    # ranking, how many have the figures 0, 1, 2 …, their scores
    ("dense", [1], [100.0]),
    ("dense", [7], [100.0]),
    ("dense", [1, 1], [99.0, 100.0]),
    ("dense", [9, 1, 9], [98.0, 99.0, 100.0]),
    ("dense", [1] * 100, [float(1 + i) for i in range(100)]),
    ("dense", [1] * 199, [1 + i * 0.5 for i in range(199)]),
    ("dense", [1] * 102, [round(1 + i * 99 / 101, 2) for i in range(102)]),
    ("percentile", [1], [100.0]),
    ("percentile", [2], [1.0]),
    ("percentile", [1, 1], [1.0, 100.0]),
    ("percentile", [1, 1, 1], [1.0, 50.5, 100.0]),
    ("percentile", [2, 1, 1], [1.0, 67.0, 100.0]),
    ("percentile", [1, 3], [1.0, 34.0]),
]


@pytest.mark.parametrize(("ranking", "counts", "scores"), WORKED)
def test_worked_scores(ranking: Ranking, counts: list[int], scores: list[float]) -> None:
    whole = counts_of(dict(enumerate(counts)))
    assert (scale(whole, ranking).scores(whole.figures) / 100).tolist() == scores


def test_the_published_example() -> None:
    """Datasul FAQ 40.023: by bands A leads B, by units B leads A."""
    assert scale(counts_of({50_000: 1, 25_000: 1}), "dense").held.tolist() == [9_900, 10_000]


def test_who_returned_more_than_bought_has_a_quartile_but_no_rank() -> None:
    customers = nobody()
    amounts = {"K1": "-5", "K2": "10", "K3": "20"}
    settled(customers, arrived([purchase(name, value=v) for name, v in amounts.items()]))
    snapshot = snapshot_of(customers)
    ranked = [amount_of(figure) for figure in snapshot.scale(("V", ())).figures.tolist()]
    assert ranked == [10, 20]
    assert snapshot.value_quartiles.of(np.array([0], np.int64)).tolist() == [1]
    assert snapshot.value_quartiles.worse[-1] == 3


def test_a_group_that_a_snapshot_does_not_know_is_ranked_as_if_new() -> None:
    customers = nobody('[analysis]\ncompare_by = ["city"]')
    snapshot = snapshot_of(customers)
    found = snapshot.scale(("R", ("Joinville",))).scores(np.array([5], np.int64))
    assert found.tolist() == [10_000]


def test_quartiles_are_over_all_groups() -> None:
    customers = nobody('[analysis]\ncompare_by = ["city"]')
    everyone_in = [event("customer.recorded", f"K{i}", city=f"city {i % 2}") for i in range(4)]
    bought = [purchase(f"K{i}", ordered_on=f"2026-11-1{i}") for i in range(4)]
    settled(customers, arrived([*everyone_in, *bought]))
    days = np.array(sorted(customers.figures[[c.slot for c in customers], 2]), np.int64)
    assert snapshot_of(customers).recency_quartiles.of(days).tolist() == [1, 2, 3, 4]
