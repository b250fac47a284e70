"""The incremental mixture: exact sums, shares that depend on nothing but their row, no collapse."""

import json
import pickle
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from river import checks, datasets
from river.checks import common
from sklearn.mixture import GaussianMixture

from nyxter_online.gmm import (
    GRID,
    Components,
    Floats,
    Ints,
    Statistics,
    Trail,
    accelerated,
    distance,
    hard,
    log_likelihood,
    m_step,
    nearest,
    onward,
    responsibilities,
    terms,
)
from nyxter_online.gmm.estimator import IncrementalGaussianMixture
from nyxter_online.gmm.grid import exp

D, K = 3, 3
ROWS = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 60), st.just(D)), elements=st.integers(-40, 40)
)
MILLIONS = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 12), st.just(D)), elements=st.integers(-(10**6), 10**6)
)
FARTHEST = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 5), st.just(D)), elements=st.integers(1 - 2**31, 2**31 - 1)
)
FEW_KINDS = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 9), st.just(D)), elements=st.sampled_from([0, 1, 10**6])
)
ANY = ROWS | MILLIONS | FARTHEST | FEW_KINDS
quickly = settings(max_examples=60, deadline=None)


def blobs(seed: int, rows: int = 600, apart: float = 40) -> tuple[Ints, Ints]:
    """Rows around four places, and whose place each is at."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, 4, rows)
    places = apart * np.array([[0, 0, 0], [1, 0, 1], [0, 2, 1], [2, 2, 0]])
    spread = chance.normal(size=(rows, 3)) * (4 + 2 * truth[:, None])
    return np.rint(places[truth] + spread).astype(np.int64), truth


def some_shares(rows: int, seed: int = 0) -> Ints:
    """Shares that sum to the grid, of any kind."""
    cuts = np.sort(np.random.default_rng(seed).integers(0, GRID + 1, (rows, K - 1)), axis=1)
    return np.diff(np.column_stack([np.zeros(rows, np.int64), cuts, np.full(rows, GRID)]), axis=1)


def slow_sums(rows: Ints, shares: Ints) -> list[list[int]]:
    """Σ r·t in Python's integers."""
    listed = [[int(number) for number in row] for row in rows]
    every = [[1, *row, *(row[i] * row[j] for i in range(D) for j in range(i, D))] for row in listed]
    return [
        [
            sum(int(share) * term[p] for share, term in zip(column, every, strict=True))
            for p in range(len(every[0]))
        ]
        for column in shares.T
    ]


def summed(rows: Ints, shares: Ints) -> Statistics:
    return Statistics.zero(shares.shape[1], rows.shape[1]).added(rows, shares)


def is_finite(components: Components) -> bool:
    return all(np.isfinite(column).all() for column in components[:4])


def same_bits(one: Components, other: Components) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one[:4], other[:4], strict=True))


def fitted(rows: Ints, sweeps: int = 30) -> Components:
    """Components after so many sweeps from four rows."""
    natural = nearest(rows[:4].astype(np.float64), rows.std(axis=0))
    components = m_step(summed(rows, hard(rows, natural)))
    for _ in range(sweeps):
        components = m_step(summed(rows, responsibilities(rows, components.natural)))
    return components


# Sums ---------------------------------------------------------------------------------------


@quickly
@given(rows=ANY)
def test_sums_are_those_of_exact_arithmetic(rows: Ints) -> None:
    shares = some_shares(len(rows))
    assert [list(row) for row in summed(rows, shares).sums] == slow_sums(rows, shares)


def test_sums_of_more_rows_than_a_part_are_exact_whatever_their_size() -> None:
    chance = np.random.default_rng(5)
    for farthest in (1_023, 4_095, 10**6, 2**31 - 1):
        rows = chance.integers(-farthest, farthest, (5_000, D), endpoint=True)
        shares = some_shares(len(rows), farthest)
        exact = shares.astype(object).T @ np.array(terms(rows[:, :]).tolist(), dtype=object)
        assert np.array_equal(np.array(summed(rows, shares).sums, dtype=object), exact)


@quickly
@given(rows=ANY, data=st.data())
def test_order_batches_and_partitions_do_not_matter(rows: Ints, data: st.DataObject) -> None:
    shares = some_shares(len(rows))
    whole = summed(rows, shares)
    order = data.draw(st.permutations(range(len(rows))))
    cuts = sorted({0, len(rows), *data.draw(st.lists(st.integers(0, len(rows)), max_size=5))})
    parts = [summed(rows[order[a:b]], shares[order[a:b]]) for a, b in pairwise(cuts)]
    together = Statistics.zero(K, D)
    for part in data.draw(st.permutations(parts)):
        together = together.plus(part)
    assert together == whole
    assert same_bits(m_step(together), m_step(whole))


@quickly
@given(rows=ANY, others=ANY)
def test_what_is_replaced_and_removed_was_never_there(rows: Ints, others: Ints) -> None:
    before = summed(others, some_shares(len(others)))
    size = min(len(rows), len(others))
    shares, other = some_shares(len(rows), 1), some_shares(size, 2)
    after = before.added(rows, shares)
    after = after.replaced(rows[:size], shares[:size], others[:size], other)
    assert after != before
    after = after.added(others[:size], other, -1).added(rows[size:], shares[size:], -1)
    assert after == before


@quickly
@given(rows=ANY)
def test_sums_come_back_from_json(rows: Ints) -> None:
    statistics = summed(rows, some_shares(len(rows)))
    assert Statistics.from_json(json.loads(json.dumps(statistics.to_json()))) == statistics


@pytest.mark.parametrize(
    ("row", "share"), [(2**31, GRID), (-(2**31), GRID), (1, -1), (1, GRID + 1)]
)
def test_what_would_not_be_summed_exactly_is_refused(row: int, share: int) -> None:
    with pytest.raises(ValueError, match="are"):
        summed(np.array([[row]]), np.array([[share]]))


# Shares -------------------------------------------------------------------------------------


@quickly
@given(rows=ANY, others=ANY)
def test_shares_sum_to_the_grid_wherever_the_components_stand(rows: Ints, others: Ints) -> None:
    components = m_step(summed(rows, some_shares(len(rows))))
    shares = responsibilities(others, components.natural)
    assert (shares.sum(axis=1) == GRID).all()
    assert shares.min() >= 0
    assert shares.dtype == np.int64


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 64, 100, 1_023, 1_025, 3_000])
def test_a_row_s_shares_do_not_depend_on_what_comes_along(rows: int) -> None:
    every, _ = blobs(3, 3_000, apart=12)
    natural = fitted(every, 3).natural
    alone = np.concatenate([responsibilities(every[i : i + 1], natural) for i in range(300)])
    assert len(np.unique(alone)) > 400  # shares of all kinds, not just 0 and 1
    for first in (0, 1, 2, 3, 5, 8, 13):
        found = responsibilities(every[first : first + rows], natural)[: 300 - first]
        assert np.array_equal(found, alone[first : first + len(found)])


def test_strides_and_alignment_do_not_matter() -> None:
    every, _ = blobs(3, 2_000, apart=12)
    natural = fitted(every, 3).natural
    expected = responsibilities(every, natural)
    room = np.zeros(every.nbytes + 64, np.uint8)
    for offset in (0, 8, 16, 24, 40):
        moved = room[offset : offset + every.nbytes].view(np.int64).reshape(every.shape)
        moved[:] = every
        assert np.array_equal(responsibilities(moved, natural), expected)
    assert np.array_equal(responsibilities(np.asfortranarray(every), natural), expected)
    assert np.array_equal(responsibilities(every[::-3], natural), expected[::-3])
    assert np.array_equal(responsibilities(every, np.asfortranarray(natural)), expected)


def test_exp_does_not_depend_on_the_place_in_an_array_and_is_close() -> None:
    exponents = -np.random.default_rng(1).uniform(0, 45, 4_001)
    every = exp(exponents)
    singly = np.array([exp(exponents[i : i + 1])[0] for i in range(len(exponents))])
    assert every.tobytes() == singly.tobytes()
    for first in range(1, 9):
        assert exp(exponents[first:]).tobytes() == every[first:].tobytes()
    assert np.allclose(every, np.exp(np.maximum(exponents, -40)), rtol=1e-11, atol=0)
    assert exp(np.zeros(1))[0] == 1


def test_known_bits() -> None:
    """What another machine found, of rows that are made without floats."""
    place = np.arange(300)
    rows = np.column_stack([place * place % 101, place * 7 % 53 + place, place**3 % 37 + place])
    components = m_step(summed(rows, np.eye(K, dtype=np.int64)[place // 100] * GRID))
    for _ in range(5):
        components = m_step(summed(rows, responsibilities(rows, components.natural)))
    assert [number.hex() for number in components.natural[[0, 1, 9], 1].tolist()] == [
        "-0x1.c14ed83e8cd3fp+3",
        "0x1.8e03095b36a42p+5",
        "0x1.727cb20d2a8b8p-5",
    ]
    assert responsibilities(rows, components.natural)[117].tolist() == [123357, 923383, 1836]


def test_what_rounding_leaves_over_goes_to_the_largest_of_equals_to_the_first() -> None:
    three = nearest(np.zeros((3, 1)), np.ones(1))
    row = responsibilities(np.array([[5]]), three)
    assert row.tolist() == [[GRID // 3 + 1, GRID // 3, GRID // 3]]
    assert hard(np.array([[5]]), three).tolist() == [[GRID, 0, 0]]


def test_the_nearest_mean_is_by_features_in_use_and_their_scale() -> None:
    means = np.array([[0.0, 0, 0], [10, 100, 50]])
    rows = np.array([[9, 1, 50], [9, 49, 0], [1, 60, 0]])
    by_all = hard(rows, nearest(means, np.array([10.0, 10, 0])))
    by_first = hard(rows, nearest(means, np.ones(3), np.array([True, False, False])))
    assert by_all.argmax(axis=1).tolist() == [0, 0, 1]
    assert by_first.argmax(axis=1).tolist() == [1, 1, 0]


# The M-step ---------------------------------------------------------------------------------


@quickly
@given(rows=ROWS)
def test_means_and_covariances_are_those_of_fractions_rounded_once(rows: Ints) -> None:
    shares = some_shares(len(rows))
    components = m_step(summed(rows, shares))
    sums = slow_sums(rows, shares)
    for k in range(K):
        if count := sums[k][0]:
            mean = [Fraction(number, count) for number in sums[k][1 : 1 + D]]
            second = Fraction(sums[k][1 + D + 1], count)  # features 0 and 1
            assert components.means[k].tolist() == [float(number) for number in mean]
            assert components.covariances[k, 0, 1] == float(second - mean[0] * mean[1])


@quickly
@given(rows=ANY)
def test_numbers_stay_finite_and_what_degenerates_is_told(rows: Ints) -> None:
    natural = nearest(rows[:1].repeat(K, axis=0) + np.arange(K)[:, None], np.ones(D))
    statistics = summed(rows, hard(rows, natural))
    for _ in range(5):
        components = m_step(statistics)
        assert is_finite(components)
        assert np.isfinite(log_likelihood(rows, components)).all()
        for k, size in enumerate(statistics.sizes):
            if size < D + 1 or (np.ptp(rows, axis=0) == 0).any():
                assert components.degenerate[k]
        statistics = summed(rows, responsibilities(rows, components.natural))


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (np.empty((0, 3), np.int64), "answers for no rows"),
        (np.array([[4, 5, 6]]), "answers for 1 rows, fewer than 4"),
        (np.tile([[10**6, 5, 6]], (9, 1)), "does not vary in feature 0, 1, 2"),
        (
            np.column_stack([np.arange(9), np.arange(9) ** 2, np.full(9, 7)]),
            "does not vary in feature 2",
        ),
        (np.column_stack([np.arange(9), np.arange(9) ** 2, np.arange(9) % 4]), None),
    ],
)
def test_a_degenerate_component_is_reported(rows: Ints, why: str | None) -> None:
    components = m_step(summed(rows, np.full((len(rows), 1), GRID)))
    assert components.degenerate == (why,)
    assert is_finite(components)


def test_an_empty_component_stays_finite_and_comes_back_for_a_row_that_none_explains() -> None:
    rows, truth = blobs(4)
    shares = np.eye(4, dtype=np.int64)[np.minimum(truth, 2)] * GRID
    components = m_step(summed(rows, shares))
    assert components.degenerate == (None, None, None, "answers for no rows")
    assert components.weights[3] == 0
    usual = responsibilities(rows[truth == 0], components.natural)
    assert usual[:, 3].max() <= 1
    outlier = responsibilities(np.array([[400, -400, 900]]), components.natural)
    assert outlier[0, 3] > 0.99 * GRID


def test_a_component_that_shrinks_to_nothing_goes_through_every_size() -> None:
    rows, truth = blobs(4)
    shares = np.eye(4, dtype=np.int64)[truth] * GRID
    statistics = summed(rows, shares)
    for place in np.flatnonzero(truth == 1):
        statistics = statistics.added(rows[place : place + 1], shares[place : place + 1], -1)
        components = m_step(statistics)
        assert is_finite(components)
        assert (components.degenerate[1] is None) == (statistics.sizes[1] >= 4)
    assert components.degenerate[1] == "answers for no rows"


def test_what_is_constant_tells_components_apart_in_none() -> None:
    rows, truth = blobs(6)
    constant = np.column_stack([rows, np.full(len(rows), 10**9)])
    shares = np.eye(4, dtype=np.int64)[truth] * GRID
    with_it = m_step(summed(constant, shares))
    without = m_step(summed(rows, shares))
    assert np.array_equal(
        responsibilities(constant, with_it.natural), responsibilities(rows, without.natural)
    )


def test_a_mean_far_from_zero_costs_no_precision() -> None:
    rows, truth = blobs(6)
    shares = np.eye(4, dtype=np.int64)[truth] * GRID
    here = m_step(summed(rows, shares))
    far = m_step(summed(rows + 10**6, shares))
    assert (
        np.abs(
            responsibilities(rows, here.natural) - responsibilities(rows + 10**6, far.natural)
        ).max()
        <= 1
    )


@pytest.mark.parametrize("epsilon", [0.0, -1.0, float("nan"), float("inf")])
def test_epsilon_is_positive(epsilon: float) -> None:
    with pytest.raises(ValueError, match="epsilon"):
        m_step(Statistics.zero(1, 1), epsilon)


def test_more_taken_than_given_is_refused() -> None:
    with pytest.raises(ValueError, match="more taken than given"):
        m_step(Statistics.zero(1, 1).added(np.array([[1]]), np.array([[GRID]]), -1))


# Jumps --------------------------------------------------------------------------------------


def settle(rows: Ints, natural: Floats, jumps: bool) -> tuple[Floats, int]:
    """Return where EM comes to rest, and after how many steps."""
    trail: Trail = ()
    settled, steps = False, 0
    while not settled and steps < 5_000:
        steps += 1
        found = m_step(summed(rows, responsibilities(rows, natural))).natural
        step = onward(natural, trail, found)
        natural, trail, settled = step if jumps else (found, (), step.settled)
    return natural, steps


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_jumps_lead_where_em_leads_and_sooner(seed: int) -> None:
    rows, _ = blobs(seed, 1_000, apart=10)
    start = fitted(rows, 1).natural
    slow, many = settle(rows, start, jumps=False)
    fast, few = settle(rows, start, jumps=True)
    assert few < many / 2
    assert distance(fast, slow) < 0.005
    labels = [responsibilities(rows, natural).argmax(axis=1) for natural in (slow, fast)]
    assert (labels[0] != labels[1]).mean() < 0.002


@quickly
@given(rows=ANY, other=ANY, another=ANY)
def test_whatever_the_way_a_jump_ends_at_a_mixture(rows: Ints, other: Ints, another: Ints) -> None:
    way = [m_step(summed(each, some_shares(len(each)))).natural for each in (rows, other, another)]
    found = accelerated(*way)
    assert np.isfinite(found).all()
    shares = responsibilities(rows, found)
    assert (shares.sum(axis=1) == GRID).all()
    assert accelerated(*way).tobytes() == found.tobytes()


def test_a_jump_keeps_weights_that_sum_to_one() -> None:
    rows, _ = blobs(3, 2_000, apart=18)
    way = [fitted(rows, sweeps).natural for sweeps in (3, 4, 5)]
    jumped = accelerated(*way)
    assert 3 * distance(way[1], way[2]) < distance(jumped, way[2])
    diagonal = [1 + 3, 1 + 3 + 3, 1 + 3 + 5]
    weights = np.exp(jumped[0] - np.log(jumped[diagonal]).sum(axis=0) + 1.5 * np.log(2 * np.pi))
    assert abs(weights.sum() - 1) < 1e-12


def test_a_feature_that_begins_to_vary_is_far_and_never_jumped_over() -> None:
    rows, _ = blobs(3)
    flat = np.column_stack([rows[:, :2], np.zeros(len(rows), np.int64)])
    varying, constant = fitted(rows, 2).natural, fitted(flat, 2).natural
    assert distance(varying, constant) == float("inf")
    assert accelerated(constant, constant, varying) is varying
    assert onward(varying, (), varying).settled


# Against scikit-learn -----------------------------------------------------------------------


def scaled(rows: Ints) -> Floats:
    return rows / rows.std(axis=0)


def converged(rows: Ints, components: Components) -> GaussianMixture:
    """Return scikit-learn's mixture, run from these components until it stands still."""
    unit = rows.std(axis=0)
    precisions = np.linalg.inv(components.covariances / np.outer(unit, unit))
    model = GaussianMixture(
        4,
        reg_covar=0.01,  # of variances that are 1
        tol=1e-8,
        max_iter=5_000,
        weights_init=components.weights,
        means_init=components.means / unit,
        precisions_init=(precisions + precisions.transpose(0, 2, 1)) / 2,
    )
    return model.fit(scaled(rows))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_ends_where_scikit_learn_ends_from_the_same_start(seed: int) -> None:
    rows, _ = blobs(seed, 1_000, apart=18)
    start = fitted(rows, 1)
    rest, _ = settle(rows, start.natural, jumps=True)
    ours = m_step(summed(rows, responsibilities(rows, rest)))
    theirs = converged(rows, start)
    unit = rows.std(axis=0)
    assert np.allclose(ours.weights, theirs.weights_, atol=1e-4)
    assert np.allclose(ours.means / unit, theirs.means_, atol=1e-3)
    assert np.allclose(ours.covariances / np.outer(unit, unit), theirs.covariances_, atol=1e-3)
    shares = responsibilities(rows, ours.natural) / GRID
    assert np.allclose(shares, theirs.predict_proba(scaled(rows)), atol=2e-3)
    found = log_likelihood(rows, ours).mean() + np.log(unit).sum()
    assert abs(found - theirs.score(scaled(rows))) < 1e-6


# The estimator ------------------------------------------------------------------------------

Model = IncrementalGaussianMixture
NAMES = ("a", "b", "c")


def as_dicts(rows: Ints) -> list[dict[Any, float]]:
    return [dict(zip(NAMES, map(float, row), strict=True)) for row in rows]


def as_columns(rows: Ints) -> dict[str, Floats]:
    return {name: column.astype(np.float64) for name, column in zip(NAMES, rows.T, strict=True)}


def small() -> Model:
    return Model(n_start=60, period=50, resolution=0.5)


def learned(rows: Ints, keys: Sequence[Any] | None = None, batch: int = 10**6) -> Model:
    model = small()
    for first in range(0, len(rows), batch):
        part = slice(first, first + batch)
        model.learn_many(as_columns(rows[part]), keys and keys[part])
    return model


@pytest.mark.parametrize("check", list(checks.yield_checks(Model())), ids=lambda c: c.__name__)
def test_rivers_checks(check: Callable[[Model], None]) -> None:
    check(Model())


@pytest.mark.parametrize(
    "check",
    [
        common.check_learn_one,
        common.check_pickling,
        common.check_shuffle_features_no_impact,
        common.check_emerging_features,
        common.check_disappearing_features,
        common.check_radically_disappearing_features,
        common.check_predict_one_pure,
        common.check_predict_one_before_any_learn,
        common.check_no_state_aliasing_with_input,
        common.check_clone_is_independent,
        common.check_bounded_memory_growth,
    ],
    ids=lambda c: c.__name__,
)
def test_rivers_checks_that_need_rows(check: Callable[..., None]) -> None:
    """River has no data for clusterers, so these checks would not run by themselves."""
    check(Model(n_start=20, period=25), list(datasets.TrumpApproval().take(150)))


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("batch", [1, 7, 50, 333])
def test_batches_are_learned_as_one_after_the_other(batch: int, keyed: bool) -> None:
    rows, _ = blobs(9, 400)
    keys = [f"k{place % 150}" for place in range(400)] if keyed else None
    one_by_one = small()
    for place, x in enumerate(as_dicts(rows)):
        one_by_one.learn_one(x, None if keys is None else keys[place])
    assert learned(rows, keys, batch).snapshot() == one_by_one.snapshot()
    assert one_by_one.parameters is not None


def test_many_are_predicted_as_one() -> None:
    rows, truth = blobs(9, 400)
    model = learned(rows, list(range(400)))
    many = model.predict_many(as_columns(rows))
    sure = model.predict_proba_many(as_columns(rows))
    for x, label, probabilities in zip(as_dicts(rows), many, sure, strict=True):
        assert model.predict_one(x) == label
        assert model.predict_proba_one(x) == dict(enumerate(probabilities.tolist()))
    groups = {(int(label), int(place)) for label, place in zip(many, truth, strict=True)}
    assert len(groups) < 8  # close to four: it found the places


def test_order_between_two_rounds_does_not_matter() -> None:
    rows, _ = blobs(9, 60)
    order = np.random.default_rng(1).permutation(60)
    one, other = learned(rows, list(range(60))), learned(rows[order], order.tolist())
    assert one.parameters is not None
    assert other.parameters is not None
    assert one.parameters.tobytes() == other.parameters.tobytes()
    assert one.statistics == other.statistics


def test_what_is_taken_back_was_never_learned() -> None:
    rows, _ = blobs(9, 50)
    model, other = learned(rows[:40], list(range(40))), learned(rows, list(range(50)))
    other.learn_many(as_columns(rows[:5] + 1), list(range(40, 45)))
    other.remove_many(range(41, 50))
    other.remove_one(40)
    assert model.statistics == other.statistics
    with pytest.raises(KeyError):
        other.remove_one(40)


@pytest.mark.parametrize("stop", [1, 30, 59, 60, 61, 200, 399])
def test_restored_in_the_middle_it_goes_on_bit_for_bit(stop: int) -> None:
    rows, _ = blobs(9, 400)
    keys = [f"k{place % 150}" for place in range(400)]
    first = learned(rows[:stop], keys[:stop])
    second = small()
    second.restore(json.loads(json.dumps(first.snapshot())))
    for model in (first, second):
        model.learn_many(as_columns(rows[stop:]), keys[stop:])
    straight = learned(rows, keys)
    assert first.snapshot() == second.snapshot() == straight.snapshot()
    assert pickle.loads(pickle.dumps(straight)).snapshot() == straight.snapshot()  # noqa: S301


def test_a_snapshot_is_of_its_settings() -> None:
    with pytest.raises(ValueError, match="other settings"):
        small().restore(Model().snapshot())


def in_parts(rows: Ints, whole: Model, parts: int) -> list[Model]:
    """Models of a part of the rows each, evaluating as another does."""
    models = []
    for part in range(parts):
        keys = list(range(part, len(rows), parts))
        models.append(Model(n_start=10**9, period=10**9, resolution=0.5))
        models[-1].learn_many(as_columns(rows[part::parts]), keys)
        assert whole.parameters is not None
        models[-1].adopt(whole.parameters)
    return models


@pytest.mark.parametrize("parts", [1, 4, 40])
def test_merged_parts_are_the_whole(parts: int) -> None:
    rows, _ = blobs(9, 400)
    whole = learned(rows, list(range(400)))
    (everything,) = in_parts(rows, whole, 1)
    merged, *others = in_parts(rows, whole, parts)
    for other in others:
        merged.merge(other)
    assert merged.statistics == everything.statistics == whole.statistics
    assert same_bits(merged.components, whole.components)


def test_merging_knows_features_apart_by_name() -> None:
    one, other = small(), small()
    one.learn_one({"b": 1.0, "d": 2.0}, key=1)
    other.learn_one({"c": 3.0, "a": 4.0, "b": 5.0}, key=2)
    together = small()
    together.learn_one({"c": 3.0, "a": 4.0, "b": 5.0}, key=2)
    together.learn_one({"b": 1.0, "d": 2.0}, key=1)
    one.merge(other)
    assert one.names == together.names == ("a", "b", "c", "d")
    assert one.statistics == together.statistics
    assert other.names == ("a", "b", "c")


def test_what_does_not_merge_is_refused() -> None:
    rows, _ = blobs(9, 100)
    model = learned(rows, list(range(100)))
    with pytest.raises(ValueError, match="key"):
        model.merge(model)
    with pytest.raises(ValueError, match="parameters"):
        model.merge(small())
    with pytest.raises(ValueError, match="settings"):
        model.merge(Model())


@pytest.mark.parametrize("value", [1e6, 1e12, -1e300, float("inf"), 0.0])
def test_no_value_breaks_it(value: float) -> None:
    rows, _ = blobs(9, 120)
    model = learned(rows, list(range(120)))
    model.learn_many({"a": [value] * 200, "b": [value] * 200}, list(range(200)))
    assert is_finite(model.components)
    assert sum(model.predict_proba_one({"a": value}).values()) == 1
    assert any(model.components.degenerate)


def test_what_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="'a' has values that are not numbers"):
        small().learn_one({"a": float("nan")})


def test_it_starts_at_given_means() -> None:
    rows, _ = blobs(9, 200)
    model = Model(n_start=10**6, resolution=0.5)
    model.learn_many(as_columns(rows))
    places = [(80, 80, 0), (0, 80, 40), (40, 0, 40), (0, 0, 0)]
    model.start([dict(zip(NAMES, place, strict=True)) for place in places])
    assert [model.predict_one(dict(zip(NAMES, place, strict=True))) for place in places] == [
        0,
        1,
        2,
        3,
    ]
