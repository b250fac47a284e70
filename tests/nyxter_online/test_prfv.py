"""PRFV half up, tiers, campaigns and channels at their limits, RFM marks."""

import operator
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
from driving import event, purchase, replayed
from hypothesis import given, settings
from hypothesis import strategies as st

from nyxter_online import prfv
from nyxter_online.labels import Labels
from nyxter_online.prfv import NULL, PRFV, TIER_NAMES, WIDTH, colour
from schemas.rules import INDICATORS, Rules, read_rules

WEIGHTS = st.sampled_from(["0", "1", "2", "3", "0.001", "0.5", "999999.999", "1000000"])
SCORES = st.tuples(
    st.integers(0, 10_000) | st.just(NULL), *[st.integers(0, 10_000) | st.just(0)] * 3
)


def rows(*scores: tuple[int, ...]) -> Any:
    """Rows of scores with P, R, F, V set."""
    whole = np.zeros((len(scores), WIDTH), np.int64)
    whole[:, :PRFV] = scores
    return whole


@settings(max_examples=300, deadline=None)
@given(st.tuples(*[WEIGHTS] * 4).filter(lambda w: any(map(float, w))), SCORES)
def test_prfv_is_the_weighted_mean_half_up(
    weights: tuple[str, ...], scores: tuple[int, ...]
) -> None:
    named = zip(INDICATORS, weights, strict=True)
    rules = read_rules("[analysis.weights]\n" + "\n".join(f"{i} = {w}" for i, w in named))
    given_to = [(Fraction(w), s) for w, s in zip(weights, scores, strict=True) if s != NULL]
    total = sum(weight for weight, _ in given_to)
    expected = NULL
    if total:
        expected = floor(sum(w * s for w, s in given_to) / total + Fraction(1, 2))
    assert prfv._weighted_mean(rows(scores), rules).tolist() == [expected]


@pytest.mark.parametrize(
    ("weights", "scores", "mean"),
    [
        ("", (10_000, 10_000, 10_000, 10_000), 10_000),
        ("", (NULL, 10_000, 9_999, 0), 6_666),  # 6666.33…
        ("P = 0\nV = 0", (NULL, 10_000, 9_999, 0), 10_000),  # 9999.5
        ("P = 0\nV = 0", (NULL, 1, 0, 0), 1),  # 0.5
        ("", (1, 0, 0, 0), 0),  # 0.25
        ("", (1, 1, 0, 0), 1),  # 0.5
        ("R = 0\nF = 0\nV = 0", (NULL, 1, 2, 3), NULL),
    ],
)
def test_prfv(weights: str, scores: tuple[int, ...], mean: int) -> None:
    rules = read_rules(f"[analysis.weights]\n{weights}")
    assert prfv._weighted_mean(rows(scores), rules).tolist() == [mean]


@pytest.mark.parametrize(
    ("scores", "tier"),
    [
        ((8_000, 7_500, 9_000, 9_500), "vip"),
        ((7_999, 7_500, 9_000, 9_500), "medio"),
        ((8_000, 7_499, 9_000, 9_500), "medio"),
        ((8_000, 7_500, 8_999, 9_500), "medio"),
        ((8_000, 7_500, 9_000, 9_499), "medio"),
        ((NULL, 7_500, 9_000, 9_500), "vip"),
        ((0, 10_000, 10_000, 10_000), "pequeno"),
        ((6_200, 5_500, 7_000, 6_500), "medio"),
        ((NULL, 5_500, 7_000, 6_500), "medio"),
        ((6_199, 5_500, 7_000, 6_500), "pequeno"),
        ((10_000, 10_000, 10_000, 6_499), "pequeno"),
    ],
)
def test_tiers_at_their_limits(scores: tuple[int, ...], tier: str) -> None:
    [index] = prfv._tier(rows(scores), read_rules("")).tolist()
    assert TIER_NAMES[index] == tier


def campaigns(scores: tuple[int, ...], rules: Rules, *, bought: bool = True) -> tuple[str, ...]:
    [mask] = prfv._campaigns(rows(scores), np.array([bought]), rules).tolist()
    return Labels(rules).campaign_names(mask)


@pytest.mark.parametrize(
    ("scores", "bought", "names"),
    [
        ((0, 0, 0, 0), True, ("reativacao",)),
        ((0, 0, 0, 0), False, ()),
        ((0, 1, 0, 0), True, ("recuperacao",)),
        ((0, 5_499, 0, 0), True, ("recuperacao",)),
        ((0, 5_500, 0, 0), True, ()),
        ((0, 5_501, 0, 0), True, ("fidelizacao",)),
        ((0, 7_000, 0, 8_001), True, ("fidelizacao",)),
        ((0, 7_001, 0, 8_000), True, ("fidelizacao",)),
        ((0, 7_001, 0, 8_001), True, ("fidelizacao", "retencao")),
    ],
)
def test_campaigns_at_their_limits(
    scores: tuple[int, ...], names: tuple[str, ...], *, bought: bool
) -> None:
    assert campaigns(scores, read_rules(""), bought=bought) == names


HOLDS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "=": operator.eq}


@pytest.mark.parametrize("sign", HOLDS)
@pytest.mark.parametrize("score", [4_999, 5_000, 5_001, 5_050, NULL])
def test_conditions_mean_what_they_say(sign: str, score: int) -> None:
    rules = read_rules(f'[campaigns]\nnatal = {{ P = "{sign} 50.00" }}')
    holds = score != NULL and HOLDS[sign](score, 5_000)
    assert ("natal" in campaigns((score, 5_500, 0, 0), rules)) is holds


def test_campaigns_come_in_the_order_of_the_rules() -> None:
    own = {f"c{number}": '{ R = ">= 0" }' for number in (3, 1, 2)}
    rules = read_rules("[campaigns]\n" + "\n".join(f"{n} = {c}" for n, c in own.items()))
    assert campaigns((0, 5_500, 0, 0), rules) == ("c3", "c1", "c2")


def test_as_many_campaigns_as_the_rules_may_have() -> None:
    text = "\n".join(f'c{number} = {{ R = "= 100" }}' for number in range(56))
    rules = read_rules(f"[campaigns]\n{text}")
    assert len(campaigns((0, 10_000, 0, 10_000), rules)) == 58


@given(st.integers(0, 10_000))
@settings(deadline=None)
def test_colours_go_by_the_rounded_score(score: int) -> None:
    whole = floor(Fraction(score, 100) + Fraction(1, 2))
    assert colour(score) == ("azul" if whole <= 33 else "verde" if whole <= 67 else "vermelho")


@pytest.mark.parametrize(("tier", "channel"), [("vip", "a"), ("medio", "b"), ("pequeno", "c")])
def test_the_channel_follows_the_tier(tier: str, channel: str) -> None:
    rules = '[channels]\nvip = "a"\nmedio = "b"\npequeno = "c"\n'
    if tier != "pequeno":
        rules += f"[tiers.{tier}]\nP = 0\nR = 0\nF = 0\nV = 0"
    profile = replayed([event("customer.recorded")], rules).profiles["K1"]
    assert (profile["tier"], profile["channel"]) == (tier, channel)


def test_rfm_marks_of_a_crowd() -> None:
    orders = [
        purchase(f"K{i}", f"o{n}", value=str(Decimal(i + 1) * 100), ordered_on=f"2026-11-{10 + i}")
        for i in range(8)
        for n in range(i + 1)
    ]
    profiles = replayed(orders).profiles
    marks = [tuple(profiles[f"K{i}"]["rfm"].values()) for i in range(8)]
    assert marks == [
        (1, 1, 1, 3, "Em Atenção"),
        (1, 2, 1, 4, "Em Atenção"),
        (2, 3, 2, 7, "Leais"),
        (2, 4, 2, 8, "Campeões"),
        (3, 4, 3, 10, "Campeões"),
        (3, 4, 3, 10, "Campeões"),
        (4, 4, 4, 12, "Campeões"),
        (4, 4, 4, 12, "Campeões"),
    ]


def test_who_bought_nothing_has_no_rfm() -> None:
    profiles = replayed([event("customer.recorded"), purchase("K2")]).profiles
    assert profiles["K1"]["rfm"] is None
    assert profiles["K2"]["rfm"] == {"r": 3, "f": 1, "v": 3, "total": 7, "segment": "Leais"}
