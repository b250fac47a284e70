"""Bases that no mixture likes: everyone alike, hardly anyone, far ends of time, one giant."""

import math
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from nyxter_online.epochs import LEAST, Epoch
from nyxter_online.replay import Replay
from schemas.envelope import dumps
from schemas.outputs import UNASSIGNED
from schemas.rules import read_rules


def contract(customer: str, number: int, signed_on: str, brand: str = "RM") -> bytes:
    return dumps(
        {
            "specversion": "1.0",
            "id": f"{customer}/{number}",
            "source": "/degenerate",
            "type": "nyxter.contract.recorded.v1",
            "subject": customer,
            "time": "2026-11-22T12:00:00Z",
            "data": {
                "contract_id": f"k{number}",
                "product": "RH",
                "brand": brand,
                "status": "ATIVO",
                "signed_on": signed_on,
            },
        }
    )


def alike(count: int, *days: str) -> list[bytes]:
    """As many customers of one contract, signed on the days in turn."""
    return [contract(f"C{n}", 0, days[n % len(days)]) for n in range(count)]


def replayed(lines: Iterable[bytes]) -> tuple[list[Any], Epoch | None]:
    """Return all profiles and the epoch that they are by."""
    replay = Replay(read_rules(""), date(2026, 11, 22))
    assert [refusal for _, refused in replay.feed(lines) for refusal in refused] == []
    profiles = [profile for many, _ in replay.score() for profile in many]
    return profiles, replay.customers.mixture.epoch


def names(profiles: list[Any]) -> Counter[str]:
    return Counter(profile["consumption"]["segment"] for profile in profiles)


@pytest.mark.parametrize("count", [1, LEAST - 1])
def test_too_few_customers_are_not_given_profiles(count: int) -> None:
    profiles, epoch = replayed(alike(count, "2020-01-01"))
    assert names(profiles) == {UNASSIGNED: count}
    assert epoch is None or epoch.components is None


@pytest.mark.parametrize(
    "days",
    [("2020-01-01",), ("2020-01-01", "2010-01-01"), ("0001-01-01", "9000-01-01")],
    ids=["everyone alike", "two points", "the ends of time"],
)
def test_a_base_that_hardly_varies_is_finite_and_says_so(days: tuple[str, ...]) -> None:
    profiles, epoch = replayed(alike(LEAST + 100, *days))
    assert len(profiles) == LEAST + 100
    assert epoch is not None
    assert epoch.components is not None
    assert any(epoch.components.degenerate)
    for numbers in epoch.components[:4]:
        assert all(math.isfinite(number) for number in numbers.ravel())
    assert all(0.25 <= profile["consumption"]["probability"] <= 1 for profile in profiles)
    of_day: dict[str, set[str]] = {}
    for number, profile in enumerate(sorted(profiles, key=lambda p: int(p["customer_id"][1:]))):
        segment = profile["consumption"]["segment"]
        of_day.setdefault(days[number % len(days)], set()).add(segment)
    assert all(len(segments) == 1 for segments in of_day.values()), "the same, named otherwise"


def test_one_customer_with_most_of_the_contracts() -> None:
    others = [
        contract(f"C{n}", k, f"{2010 + n % 10}-0{1 + k % 9}-01")
        for n in range(LEAST + 100)
        for k in range(1 + n % 9)
    ]
    giant = [contract("BIG", n, "2015-01-01", f"B{n % 7}") for n in range(50_000)]
    profiles, epoch = replayed([*others, *giant])
    assert epoch is not None
    assert epoch.components is not None
    assert all(math.isfinite(n) for numbers in epoch.components[:4] for n in numbers.ravel())
    counted = names(profiles)
    assert len(counted) == 4
    assert counted[UNASSIGNED] == 0
    (big,) = [profile for profile in profiles if profile["customer_id"] == "BIG"]
    assert big["consumption"]["segment"] != UNASSIGNED
