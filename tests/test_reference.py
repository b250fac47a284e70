"""The oracle against the golden cases, the worked examples and the laws of the domain."""

import ast
import json
import tomllib
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import load_events, raw_figures, score_everyone
from reference.reading import business_day, canonical_json, end_of_day, instant_of
from reference.scores import half_up
from strategies import World, as_json, shuffled_with_duplicates, worlds

HERE = Path(__file__).parent
GOLDEN = sorted(path for path in (HERE / "golden").iterdir() if path.is_dir())
TODAY = date(2026, 11, 22)


def order(subject: str = "K1", number: str = "o1", **changes: Any) -> dict[str, Any]:
    """An order of today; `time`, `id`, `source` and `type` go on the event, the rest into data."""
    data = {"order_id": number, "ordered_on": "2026-11-22", "operation_nature": "5102"}
    return event("purchase.recorded", subject, data | {"value": "10"}, **changes)


def event(kind: str, subject: str = "K1", data: Any = None, **changes: Any) -> dict[str, Any]:
    outside = {"id": "e1", "source": "/erp", "time": "2026-11-22T12:00:00Z"}
    inside = {name: value for name, value in changes.items() if name not in outside}
    return {
        "specversion": "1.0",
        "type": f"nyxter.{kind}.v1",
        "subject": subject,
        "data": {**(data or {}), **inside},
        **{name: changes.get(name, default) for name, default in outside.items()},
    }


def value_of(events: list[dict[str, Any]], rules: str = "") -> Decimal | None:
    """The value summed for K1, None where K1 has no profile."""
    figures = raw_figures(events, tomllib.loads(rules), TODAY).get("K1")
    return figures.value if figures else None


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case.name)
def test_golden_cases_come_out_exactly(case: Path) -> None:
    events = load_events((case / "events.jsonl").read_text(encoding="utf-8"))
    rules = tomllib.loads((case / "rules.toml").read_text(encoding="utf-8"))
    as_of = date.fromisoformat((case / "as_of").read_text(encoding="utf-8").strip())
    profiles = score_everyone(events, rules, as_of).values()
    lines = [json.dumps(profile, ensure_ascii=False) for profile in profiles]
    assert lines == (case / "expected.jsonl").read_text(encoding="utf-8").splitlines()


def test_no_golden_case_is_missing() -> None:
    assert len(GOLDEN) == 7


def test_the_oracle_shares_nothing_with_the_product() -> None:
    ours = {"schemas", "nyxter_online", "streams", "numpy", "orjson", "river"}
    for path in (HERE / "reference").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert ours.isdisjoint(name.split(".")[0] for name in names), path.name


EARLIER, LATER = "2026-11-22T12:00:00.0000001Z", "2026-11-22T12:00:00.0000002Z"
CANCELLED = event("purchase.cancelled", order_id="o1", time=LATER)
ERASED = event("customer.erased", time="2026-11-22T12:00:00Z")
VERSIONS = {
    "sub-microsecond times": ([order(time=LATER, value="2"), order(time=EARLIER, value="1")], 2),
    "offsets are compared as instants": (
        [order(time="2026-11-22T09:00:00-03:00", id="e2", value="2"), order(value="1")],
        2,
    ),
    "id before source": ([order(id="e2", value="2"), order(source="/z", value="1")], 2),
    "ids as UTF-8, not UTF-16": (
        [order(id="\U0001f600", value="2"), order(id="\uffee", value="1")],
        2,
    ),
    "then the source": ([order(source="/z", value="2"), order(value="3")], 2),
    "then the data": ([order(value="3"), order(value="20")], 3),
    "a cancelled order is gone": ([order(value="1"), CANCELLED], None),
    "cancelled before it arrives": ([CANCELLED, order(value="1")], None),
    "recorded again after it was cancelled": (
        [CANCELLED, order(time="2026-11-22T13:00:00Z", value="4")],
        4,
    ),
    "a cancellation that is a twin in all but type": (
        [order(), event("purchase.cancelled", data=order()["data"])],
        None,
    ),
    "erased at the same instant": ([ERASED, order()], None),
    "afresh after an erasure": ([ERASED, order(time=EARLIER, value="5")], 5),
    "a donation keeps the profile": ([order(operation_nature="5910")], 0),
    "an order ahead keeps the profile": ([order(ordered_on="2026-11-23")], 0),
    "24 hours ahead": ([order(time="2026-11-24T03:00:00Z")], 10),
    "more than 24 hours ahead": ([order(time="2026-11-24T03:00:00.0000000001Z")], None),
    "an erasure from the future is refused": (
        [order(), event("customer.erased", time="2026-11-25T00:00:00Z")],
        10,
    ),
    "a contract keeps the profile": ([event("contract.recorded", contract_id="k1")], 0),
    "null is a missing value": ([order(value=None)], 0),
    "numbers are decimals": ([order(value=0.1), order("K1", "o2", value=Decimal("0.2"))], "0.3"),
    "every digit counts": (
        [order(value="12345678901234567890.12"), order("K1", "o2", value=Decimal("1e-20"))],
        "12345678901234567890.12000000000000000001",
    ),
}


@pytest.mark.parametrize(("events", "value"), VERSIONS.values(), ids=VERSIONS.keys())
def test_which_versions_count(events: list[dict[str, Any]], value: str | None) -> None:
    rules = '[operation_natures]\n"5910" = false'
    expected = None if value is None else Decimal(value)
    assert value_of(events, rules) == expected
    assert value_of(events[::-1], rules) == expected


PERIODS = {
    "today is the window's last day": ("window_days = 1", "2026-11-22", True),
    "the window's first day": ("window_days = 3", "2026-11-20", True),
    "the day before the window": ("window_days = 3", "2026-11-19", False),
    "365 days unless said": ("", "2025-11-23", True),
    "366 days ago": ("", "2025-11-22", False),
    "the start itself": ("start = 2026-11-01", "2026-11-01", True),
    "before the start": ("start = 2026-11-01", "2026-10-31", False),
    "still yesterday in São Paulo": ("window_days = 1", "2026-11-22T02:59:59.9999999Z", False),
    "today in São Paulo": ("window_days = 1", "2026-11-22T03:00:00Z", True),
    "still today in São Paulo": ("", "2026-11-23T02:59:59.9Z", True),
    "tomorrow in São Paulo": ("", "2026-11-23T00:00:00-03:00", False),
    "a time without offset is local": ("", "2026-11-22T23:59:59", True),
}


@pytest.mark.parametrize(("analysis", "day", "inside"), PERIODS.values(), ids=PERIODS.keys())
def test_what_lies_in_the_period(analysis: str, day: str, *, inside: bool) -> None:
    assert value_of([order(ordered_on=day)], f"[analysis]\n{analysis}") == (10 if inside else 0)


FREQUENCIES = [
    # orders, first sale, rules, thousandths: orders / (expected + 1)
    (1, "2026-11-22", "", 500),
    (1, "2026-10-26", "", 500),  # 28 days: expected exactly 1
    (1, "2026-10-25", "", 491),  # 29 days: 28/57 = 0.49122...
    (3, "2026-09-28", "", 1_000),  # 56 days: 3/3
    (1, "2025-01-01", "start = 2026-09-28", 0),  # its only sale lies before the period
    (1, "1950-01-01", "start = 1900-01-01\nideal_frequency_weeks = 1", 0),  # 1/4013, no sale less
    (1, "2026-11-09", "ideal_frequency_weeks = 1.5", 429),  # 14 days: expected 4/3
]


@pytest.mark.parametrize(("orders", "first", "analysis", "thousandths"), FREQUENCIES)
def test_frequency(orders: int, first: str, analysis: str, thousandths: int) -> None:
    events = [order(number=f"o{index}", ordered_on=first) for index in range(orders)]
    rules = tomllib.loads(f"[analysis]\n{analysis}")
    assert raw_figures(events, rules, TODAY)["K1"].frequency == thousandths


def test_a_frequency_of_no_thousandths_is_still_ranked() -> None:
    rules = tomllib.loads("[analysis]\nstart = 1900-01-01\nideal_frequency_weeks = 1")
    profiles = score_everyone([order(ordered_on="1950-01-01"), order("K2")], rules, TODAY)
    assert (profiles["K1"]["F"], profiles["K2"]["F"]) == (99.0, 100.0)


@pytest.mark.parametrize(
    ("value", "figure"),
    [("1234.5", 1_235), ("1234.4999999", 1_234), ("99995", 100_000), ("0.00012345", "0.0001235")],
)
def test_value_is_compared_to_four_digits(value: str, figure: str) -> None:
    assert raw_figures([order(value=value)], {}, TODAY)["K1"].value_figure == Decimal(figure)


POTENTIAL = """
[[potential]]
attribute = "filiais"
bands = [{ min = 2, max = 4, points = 0.125 }, { min = 5, max = 9, points = 0 }]
[[potential]]
attribute = "lojas"
points_per_unit = 0.5
"""


@pytest.mark.parametrize(
    ("attributes", "points"),
    [
        ({"filiais": 2, "lojas": 3}, "1.625"),
        ({"filiais": 4}, "0.125"),
        ({"filiais": 1}, 0),
        ({"filiais": 9}, 0),
        ({"filiais": 10}, 0),
        ({"filiais": None}, None),
        ({"outros": 3}, None),
        (None, None),
    ],
)
def test_potential_points(attributes: Any, points: str | None) -> None:
    record = event("customer.recorded", attributes=attributes)
    rules = tomllib.loads(POTENTIAL)
    expected = None if points is None else Decimal(points)
    assert raw_figures([record], rules, TODAY)["K1"].points == expected
    score = score_everyone([record], rules, TODAY)["K1"]["P"]
    assert score == (None if points is None else 100.0 if expected else 0.0)


def test_groups_are_ranked_apart_and_a_band_is_its_ordinal() -> None:
    bands = {"K1": 0, "K2": "FAIXA 00 - ATE 4,5 M", "K3": "SEM INFORMAÇÕES", "K4": None}
    bands["K5"] = "FAIXA 11 - ACIMA DE 850 M"
    events = [event("customer.recorded", name, revenue_band=band) for name, band in bands.items()]
    events += [order(name, value=str(index)) for index, name in enumerate(bands, start=1)]
    rules = tomllib.loads('[analysis]\ncompare_by = ["revenue_band"]')
    groups = [figures.group for figures in raw_figures(events, rules, TODAY).values()]
    assert groups == [("0",), ("0",), ("-1",), ("",), ("11",)]
    values = [profile["V"] for profile in score_everyone(events, rules, TODAY).values()]
    assert values == [99.0, 100.0, 100.0, 100.0, 100.0]


def test_what_the_rules_leave_out_keeps_its_default() -> None:
    rules = tomllib.loads(
        '[tiers.vip]\nP = 100\n[campaigns]\nretencao = false\nnatal = { V = "> 99, <= 100" }\n'
        '[channels]\nvip = "gerente"\n[analysis.weights]\nR = 2.5'
    )
    profile = score_everyone(
        [order(), event("contract.recorded", "K2", contract_id="k")], rules, TODAY
    )
    assert profile["K1"]["campaigns"] == ["fidelizacao", "natal"]
    assert (profile["K1"]["tier"], profile["K1"]["channel"]) == ("vip", "gerente")
    assert (profile["K2"]["tier"], profile["K2"]["channel"]) == ("pequeno", "televendas")


def test_prfv_is_null_where_the_weights_left_sum_to_nothing() -> None:
    rules = tomllib.loads("[analysis.weights]\nR = 0\nF = 0\nV = 0")
    assert score_everyone([order()], rules, TODAY)["K1"]["prfv"] is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0001-01-01T00:00:00Z", 0),
        ("0001-01-01T00:00:00+00:30", -1_800),
        ("0001-01-02T00:00:01.5-01:00", 90_001.5),
        ("0001-01-01t00:00:60z", 60),
    ],
)
def test_instants(text: str, seconds: float) -> None:
    assert instant_of(text) == seconds


def test_days_end_where_the_clocks_change() -> None:
    assert end_of_day(date(2018, 11, 3)) == instant_of("2018-11-04T03:00:00Z")
    assert end_of_day(date(2018, 11, 4)) == instant_of("2018-11-05T02:00:00Z")
    assert end_of_day(date(2018, 2, 17)) == instant_of("2018-02-18T03:00:00Z")
    assert business_day("2018-11-04T02:59:59Z") == date(2018, 11, 3)
    assert business_day("2018-11-05T02:00:00Z") == date(2018, 11, 5)


def test_canonical_json_has_doubles_and_sorted_keys() -> None:
    data = {"b": Decimal("1E+2"), "a": [None, True, 2**53 + 1, Decimal("0.10")], "é": "ç"}
    assert canonical_json(data).decode() == '{"a":[null,true,9007199254740992,0.1],"b":100,"é":"ç"}'


@pytest.mark.parametrize(
    ("number", "rounded"), [("1/200", "0.01"), ("49/10000", "0"), ("5/2", "2.5")]
)
def test_half_up(number: str, rounded: str) -> None:
    assert half_up(Fraction(number), 2) == Decimal(rounded)


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_profiles_are_within_their_ranges(world: World) -> None:
    for profile in score_everyone(world.events, world.rules.parsed, world.as_of).values():
        for indicator in ("P", "R", "F", "V"):
            assert profile[indicator] in (None, 0) or 1 <= profile[indicator] <= 100
        assert profile["prfv"] is None or 0 <= profile["prfv"] <= 100
        assert profile["rfm"] is None or 3 <= profile["rfm"]["total"] <= 12


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_order_and_duplicates_change_nothing(data: st.DataObject) -> None:
    events, rules, as_of = data.draw(worlds())
    again = data.draw(shuffled_with_duplicates(events))
    expected = score_everyone(events, rules.parsed, as_of)
    assert score_everyone(again, rules.parsed, as_of) == expected


@given(worlds())
@settings(max_examples=40, deadline=None)
def test_drawn_events_read_back_as_they_were(world: World) -> None:
    text = "\n".join(as_json(event) for event in world.events)
    assert load_events(text) == world.events
