"""How figures, boundaries and ids are written in outputs."""

from typing import Any

import pytest
from driving import event, purchase, replayed

from schemas.outputs import SEGMENT_CHANGED

UNIT = '[[potential]]\nattribute = "lojas"\npoints_per_unit = {points}\n'


@pytest.mark.parametrize(
    ("points", "quantity", "text"),
    [
        ("1", 50, "50"),
        ("1", 0, "0"),
        ("0.5", 3, "1.5"),
        ("0.125", 1, "0.125"),
        ("100", 10, "1000"),
        ("100000", 10**9, "100000000000000"),
        ("1", None, None),
    ],
)
def test_potential_is_written_plainly(points: str, quantity: int | None, text: str | None) -> None:
    record = event("customer.recorded", attributes={"lojas": quantity})
    raw = replayed([record], UNIT.format(points=points)).profiles["K1"]["raw"]
    assert raw["potential"] == text


def test_who_never_bought_has_raw_figures_of_nothing() -> None:
    profile = replayed([event("contract.recorded", **CONTRACT)]).profiles["K1"]
    assert profile["raw"] == {
        "potential": None,
        "last_sale": None,
        "first_sale": None,
        "orders": 0,
        "frequency": 0.0,
        "value": "0.00",
    }
    assert (profile["P"], profile["prfv"], profile["bands"]["P"]) == (None, 0.0, None)


CONTRACT = {"contract_id": "k", "product": "RH", "brand": "RM", "status": "ATIVO"}
CONTRACT |= {"signed_on": "2026-01-01"}


def test_the_group_is_told_by_its_fields() -> None:
    rules = '[analysis]\ncompare_by = ["revenue_band", "city"]'
    record = event("customer.recorded", revenue_band="FAIXA 07 - x", city=None)
    assert replayed([record], rules).profiles["K1"]["group"] == ["7", ""]


def boundaries(rules: str = "") -> dict[str, Any]:
    """The nearest boundary of each label of one buyer, who stands at 100 but for P, unknown."""
    outputs = replayed([purchase()], rules).outputs
    changes = [one["data"] for one in outputs if one["type"] == SEGMENT_CHANGED]
    return {change["new"]: change["why"]["boundary"] for change in changes}


def limit(indicator: str, at: float, distance: float) -> dict[str, Any]:
    return {"indicator": indicator, "limit": at, "distance": distance}


def test_the_nearest_boundary_of_each_label() -> None:
    assert boundaries() == {
        "vip": limit("V", 95.0, 5.0),
        "fidelizacao": limit("R", 55.0, 45.0),
        "retencao": limit("V", 80.0, 20.0),
        "Leais": limit("RFM", 6.0, 1.0),
    }


@pytest.mark.parametrize(
    ("rules", "label", "boundary"),
    [
        ("[tiers.vip]\nP = 100", "vip", limit("V", 95.0, 5.0)),  # P is unknown: not asked
        ("[tiers.vip]\nR = 99.99", "vip", limit("R", 99.99, 0.01)),
        ('[campaigns]\nnatal = { PRFV = ">= 100" }', "natal", limit("PRFV", 100.0, 0.0)),
        ('[campaigns]\nnatal = { R = "> 0, <= 100" }', "natal", limit("R", 100.0, 0.0)),
        ('[rfm]\nsegments = [{ from = 3, name = "Todos" }]', "Todos", None),
        (
            '[rfm]\nsegments = [{ from = 3, name = "A" }, { from = 8, name = "B" }]',
            "A",
            limit("RFM", 8.0, -1.0),
        ),
    ],
)
def test_a_boundary_by_other_rules(rules: str, label: str, boundary: Any) -> None:
    assert boundaries(rules)[label] == boundary


def test_segment_events_tell_nothing_else_of_the_customer() -> None:
    record = event("customer.recorded", city="Joinville", state="SC", segment="SAUDE")
    told = str(
        replayed(
            [record, purchase(number="ORDER", operation_nature="NATURE", margin="3.21")]
        ).outputs
    )
    assert "K1" in told
    for secret in ("Joinville", "SAUDE", "3.21", "ORDER", "NATURE"):
        assert secret not in told


def test_ids_differ_by_day_and_rules() -> None:
    one, other = (replayed([purchase()], text).outputs for text in ("", "[tiers.vip]\nP = 1"))
    assert {o["id"] for o in one}.isdisjoint(o["id"] for o in other)
    assert [o["id"] for o in one] == [o["id"] for o in replayed([purchase()] * 2).outputs]
