"""Ranks and what is missing to a limit, beside the scores that the figures told really have."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from driving import TODAY, arrived, nobody, scored, settled, snapshot_of

from nyxter_online.customer import Period
from nyxter_online.figures import FIRST, ORDERS, WIDTH, four_digits, frequency
from nyxter_online.ranks import Scale, Snapshot
from nyxter_online.simulate import base
from schemas.rules import Rules, read_rules
from streams.console.standing import figure, least_figure, limits, missing, nearest, rank

CUSTOMERS = 300
RANKINGS = ("dense", "percentile")

Base = tuple[Rules, Snapshot, list[dict[str, Any]]]


@pytest.fixture(scope="module", params=RANKINGS)
def standing(request: pytest.FixtureRequest) -> Base:
    text = f'[analysis]\nranking = "{request.param}"\ncompare_by = ["customer_type"]\n'
    text += '[[potential]]\nattribute = "filiais"\npoints_per_unit = 1\n'
    customers = nobody(text)
    events = base(1, CUSTOMERS, TODAY)
    settled(customers, arrived(events))
    cards = list(scored(customers).values())
    return read_rules(text), snapshot_of(customers), cards


def reached(indicator: str, own: int, card: dict[str, Any], snapshot: Snapshot) -> float:
    scale = snapshot.scale((indicator, tuple(card["group"])))
    return int(scale.scores(np.array([own]))[0]) / 100


def missed(standing: Base, indicator: str) -> list[tuple[dict[str, Any], float, Any]]:
    rules, snapshot, cards = standing
    listed = []
    for card in cards:
        near = nearest(indicator, card[indicator], rules)
        if near is not None and (told := missing(indicator, card, near, snapshot, rules)):
            listed.append((card, float(near.score), told))
    assert len(listed) > 10, "hardly anybody is below a limit"
    return listed


def test_the_figure_of_a_card_is_the_one_that_was_scored(standing: Base) -> None:
    _, snapshot, cards = standing
    for card in cards:
        for indicator in "PRFV":
            own = figure(indicator, card)
            expected = 0 if own is None else reached(indicator, own, card, snapshot)
            assert (card[indicator] or 0) == expected, (indicator, card)


def test_money_missing_is_enough_and_a_hundredth_less_is_not(standing: Base) -> None:
    for card, limit, told in missed(standing, "V"):
        value = Decimal(card["raw"]["value"])
        assert reached("V", four_digits(value + told.money), card, standing[1]) >= limit
        less = (value + told.money) * Decimal("0.999")
        if less > max(value, Decimal("0.01")):
            assert reached("V", four_digits(less), card, standing[1]) < limit


def test_orders_missing_are_enough_and_one_less_is_not(standing: Base) -> None:
    rules, snapshot, _ = standing
    for card, limit, told in missed(standing, "F"):
        row = np.zeros((2, WIDTH), np.int64)
        row[:, FIRST] = figure("R", card | {"raw": {"last_sale": card["raw"]["first_sale"]}})
        row[:, ORDERS] = card["raw"]["orders"] + told.orders - np.array([0, 1])
        enough, less = frequency(row, Period(TODAY.toordinal(), rules)).tolist()
        assert reached("F", enough, card, snapshot) >= limit
        assert less == 0 or reached("F", less, card, snapshot) < limit


def test_the_day_missing_is_the_first_that_is_enough(standing: Base) -> None:
    start = Period(TODAY.toordinal(), standing[0]).start
    for card, limit, told in missed(standing, "R"):
        day = told.since.toordinal()
        assert reached("R", day, card, standing[1]) >= limit
        assert day == start or reached("R", day - 1, card, standing[1]) < limit


def test_a_rank_counts_who_is_better_in_the_group(standing: Base) -> None:
    _, snapshot, cards = standing
    for card in cards[:40]:
        others = [other for other in cards if other["group"] == card["group"]]
        ranked = [own for other in others if (own := figure("R", other)) is not None]
        own, place = figure("R", card), rank("R", card, snapshot)
        if own is None:
            assert place is None
        else:
            assert place == (1 + sum(one > own for one in ranked), len(ranked))


def test_other_rules_tell_nothing(standing: Base) -> None:
    rules, snapshot, cards = standing
    card = next(c for c in cards if c["V"] < 65)
    near = nearest("V", card["V"], rules)
    assert missing("V", card | {"rules": "others"}, near, snapshot, rules) is None


def test_above_all_limits_the_highest_is_nearest_and_nothing_is_missing(standing: Base) -> None:
    rules, snapshot, cards = standing
    card = max(cards, key=lambda c: c["V"])
    near = nearest("V", card["V"], rules)
    assert (near.tier, near.distance) == ("vip", Decimal(str(card["V"])) - 95)
    assert missing("V", card, near, snapshot, rules) is None
    assert [limit.tier for limit in limits("V", 0.0, rules)] == ["medio", "vip"]
    assert limits("P", None, rules) == []
    assert nearest("P", None, rules) is None


def test_after_an_amount_of_four_nines_comes_the_next_power_of_ten() -> None:
    held = np.array([four_digits(Decimal("99.99")), four_digits(Decimal(500))])
    scale = Scale(held, np.array([100, 10_000]), np.array([50, 5_000, 10_000]))
    assert least_figure("V", scale, 4_000, 1) == four_digits(Decimal(100))


def test_where_every_figure_scores_enough_the_first_there_can_be_is_enough() -> None:
    scale = Scale(np.array([700]), np.array([10_000]), np.array([9_900, 10_000]))
    assert least_figure("R", scale, 9_000, 600) == 600
    assert least_figure("R", scale, 9_950, 600) == 700
    assert (
        least_figure("R", Scale(scale.figures, scale.held - 1, scale.added - 1), 10_000, 1) is None
    )
