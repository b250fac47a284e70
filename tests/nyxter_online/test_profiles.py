"""Where profiles start, what components are called, and when a published label changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nyxter_online.gmm import GRID, Ints, Statistics, hard, m_step
from nyxter_online.profiles import PROFILES, Held, Hysteresis, hold, matched_names, relative_start
from schemas.journey import PROFILES as JOURNEYS

RULE = Hysteresis(lead=0.3, checkpoints=3, own_lead=0.5)
MONTH = 682
NAMES = range(len(PROFILES))


def base(months: int = 1, each: int = 200) -> tuple[Ints, Ints]:
    """Customers around the published means as far as so many parts of the years have gone."""
    chance = np.random.default_rng(4)
    label = np.repeat(NAMES, each)
    tenure = np.array([profile.tenure_months for profile in PROFILES])[label] / months
    contracts = np.array([profile.contracts for profile in PROFILES])[label] / months
    rows = np.column_stack(
        [
            chance.poisson(3, len(label)),
            MONTH - tenure + chance.normal(0, 2 / months, len(label)),
            chance.integers(-1, 12, len(label)),
            contracts + chance.normal(0, 1 / months, len(label)),
        ]
    )
    return np.rint(rows).astype(np.int64), label


def all_of_the_first(rows: Ints) -> Statistics:
    shares = np.tile(np.array([GRID, 0, 0, 0]), (len(rows), 1))
    return Statistics.zero(4, 4).added(rows, shares)


@pytest.mark.parametrize("months", [1, 2])
def test_customers_start_at_the_profile_they_resemble_however_young_the_base(months: int) -> None:
    rows, label = base(months)
    found = hard(rows, relative_start(all_of_the_first(rows))).argmax(axis=1)
    assert (found == label).mean() > 0.9


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 3, 0, 2)])
def test_components_are_called_what_they_resemble(order: tuple[int, ...]) -> None:
    rows, label = base()
    place = np.argsort(order)[label]  # component place[i] holds profile label[i]
    shares = np.eye(4, dtype=np.int64)[place] * GRID
    assert matched_names(m_step(Statistics.zero(4, 4).added(rows, shares))) == order


def test_every_name_is_given_once_even_where_all_customers_are_alike() -> None:
    assert matched_names(m_step(Statistics.zero(4, 4))) == (0, 1, 2, 3)


def looks(
    *probabilities: list[float], own: tuple[int, ...] = (), rule: Hysteresis = RULE
) -> list[int]:
    """One customer's published label after each look, one look a checkpoint."""
    held, labels = Held(*(np.array([-1]) for _ in range(3))), []
    for number, row in enumerate(probabilities):
        grid = np.array([[round(share * GRID) for share in row]])
        held = hold(*held, grid, number, np.array([number in own]), rule)
        labels.append(int(held.label[0]))
    return labels


FIRST, SECOND, NEAR = [0.9, 0.1], [0.1, 0.9], [0.4, 0.6]


def test_the_first_label_is_the_likeliest_at_once() -> None:
    assert looks(NEAR) == [1]


def test_another_label_is_published_after_enough_checkpoints_in_a_row() -> None:
    assert looks(FIRST, SECOND, SECOND, SECOND, SECOND) == [0, 0, 0, 1, 1]


@pytest.mark.parametrize("between", [FIRST, NEAR])
def test_what_breaks_the_row_begins_it_anew(between: list[float]) -> None:
    assert looks(FIRST, SECOND, SECOND, between, SECOND, SECOND, SECOND) == [0] * 6 + [1]


def test_another_pending_label_begins_the_row_anew() -> None:
    one, two, three = [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]
    assert looks(one, two, two, three, three, three) == [0, 0, 0, 0, 0, 2]


def test_an_event_of_one_s_own_publishes_at_once_where_the_lead_is_enough() -> None:
    assert looks(FIRST, SECOND, own=(1,)) == [0, 1]
    assert looks(FIRST, [0.3, 0.7], own=(1,)) == [0, 0]


def test_looks_between_two_checkpoints_count_once() -> None:
    grid = np.array([[0, GRID]])
    held = Held(np.array([0]), np.array([-1]), np.array([-1]))
    for _ in range(5):
        held = hold(*held, grid, 7, np.array([False]), RULE)
    assert [column.tolist() for column in held] == [[0], [1], [7]]


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_customers_do_not_touch_one_another(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    chance = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    label, pending = chance.integers(-1, 4, (2, size))
    since = np.where(pending >= 0, chance.integers(0, 6, size), -1)
    shares = chance.dirichlet(np.full(4, 0.4), size)
    grid, own = np.rint(shares * GRID).astype(np.int64), chance.random(size) < 0.3
    together = hold(label, pending, since, grid, 6, own, RULE)
    for i in range(size):
        one = slice(i, i + 1)
        alone = hold(label[one], pending[one], since[one], grid[one], 6, own[one], RULE)
        assert [column[i] for column in together] == [column[0] for column in alone]
    assert (together.label >= 0).all()
    assert ((together.pending == -1) == (together.since == -1)).all()
    assert (together.pending != together.label).all()


def test_profiles_have_the_names_that_the_journey_knows() -> None:
    assert tuple(profile.name for profile in PROFILES) == JOURNEYS
