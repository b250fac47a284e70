"""What is told of a customer's consumption."""

from typing import Any

from nyxter_online.consumption import NAMES, Consumption
from nyxter_online.features import NO_FEATURES
from nyxter_online.gmm import GRID
from nyxter_online.prfv import NULL
from schemas.outputs import Consumption as Told
from schemas.outputs import Features, ProfileWhy

MONTH = 682
SHARES = (GRID // 2, GRID // 4, GRID // 8, GRID // 8)


def consumption(**changes: Any) -> Consumption:
    row = (3, 616, -1, 14)
    whole = Consumption(row, row, (3, 616, -1, 9), SHARES, {}, MONTH, 7)
    return whole._replace(**changes)


def test_the_profile_and_the_runner_up() -> None:
    told = consumption().told(1)
    assert Told.model_validate(told).model_dump() == told
    assert (told["segment"], told["probability"], told["epoch"]) == (NAMES[1], 0.25, 7)
    assert told["runner_up"] == {"segment": NAMES[0], "probability": 0.5}
    assert consumption().told(0)["runner_up"]["segment"] == NAMES[1]
    assert consumption().told(1)["runner_up"]["segment"] == NAMES[0]


def test_of_equal_rivals_the_first_is_the_runner_up() -> None:
    assert consumption(shares=(GRID, 0, 0, 0)).told(0)["runner_up"]["segment"] == NAMES[1]


def test_who_has_no_profile() -> None:
    told = consumption(epoch=0).told(NULL)
    assert told == {"segment": "unassigned", "probability": None, "runner_up": None, "epoch": 0}
    assert Told.model_validate(told)


def test_features_in_words_that_people_use() -> None:
    told = consumption().told_features()
    assert told == {"brands": 3, "tenure_months": 66, "revenue_band": None, "contracts": 14}
    assert Features.model_validate(told)
    assert consumption(features=None).told_features() is None
    ahead = consumption(features=(1, MONTH + 5, 4, 1)).told_features()
    assert ahead is not None
    assert (ahead["tenure_months"], ahead["revenue_band"]) == (0, 4)


def test_what_moved_is_told_in_words() -> None:
    why = consumption().why()
    assert why["moved"] == ["contratos 9 -> 14"]
    assert why["probabilities"] == dict(zip(NAMES, (0.5, 0.25, 0.125, 0.125), strict=True))
    assert ProfileWhy.model_validate(why)
    moved = consumption(before=(1, 660, 2, 14)).why()["moved"]
    assert moved == [
        "marcas 1 -> 3",
        "meses de casa 22 -> 66",
        "faixa de faturamento 2 -> desconhecida",
    ]


def test_the_first_contract_has_no_tenure_before() -> None:
    moved = consumption(before=NO_FEATURES).why()["moved"]
    assert moved == ["marcas 0 -> 3", "meses de casa desconhecida -> 66", "contratos 0 -> 14"]


def test_who_did_nothing_moved_nothing() -> None:
    same = consumption()
    assert same._replace(before=same.clipped).why()["moved"] == []
