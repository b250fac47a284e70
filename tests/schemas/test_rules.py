"""The rules file: its defaults, what it means, and the version that names its content."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from reference.settings import settings_of
from strategies import Rules as Drawn
from strategies import rules

from schemas.rules import INDICATORS, TIERS, load_rules, read_rules
from schemas.toml_lines import line_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "nyxter.toml"
TODAY = date(2026, 11, 22)


@settings(max_examples=100, deadline=None)
@given(rules())
def test_every_option_means_what_the_oracle_reads(drawn: Drawn) -> None:
    read, expected = read_rules(drawn.text), settings_of(drawn.parsed, TODAY)
    analysis = read.analysis
    assert analysis.period_start(TODAY.toordinal()) == expected.start.toordinal()
    assert analysis.ideal_frequency_weeks == expected.ideal_weeks
    assert analysis.value_basis == expected.value_field
    assert list(analysis.compare_by) == expected.compare_by
    assert analysis.ranking == expected.ranking
    assert {i: getattr(analysis.weights, i) for i in INDICATORS} == expected.weights
    for nature in ("5102", "6102", "5910", "other"):
        moves = expected.natures.get(nature, expected.natures["default"])
        assert read.moves_account(nature) is moves
    for tier in TIERS:
        assert dict(read.tiers[tier]) == expected.tiers[tier]
    assert list(read.campaigns) == list(expected.campaigns)
    assert dict(read.channels) == expected.channels
    assert read.segment_names == tuple(segment["name"] for segment in expected.segments)


@settings(max_examples=50, deadline=None)
@given(rules(), rules())
def test_the_version_names_the_content(one: Drawn, other: Drawn) -> None:
    ours, others = read_rules(one.text), read_rules(other.text)
    assert len(ours.version) == 16
    assert int(ours.version, 16) >= 0
    assert ours.version != others.version or ours == others
    assert read_rules(f"# a remark\n\n{one.text}  # another\n").version == ours.version


CHANGES = [
    "[analysis]\nwindow_days = 364",
    "[analysis]\nstart = 2026-01-01",
    "[analysis]\nideal_frequency_weeks = 4.001",
    '[analysis]\nvalue_basis = "margin"',
    "[analysis.weights]\nP = 1.001",
    '[analysis]\ncompare_by = ["city"]',
    '[analysis]\nranking = "percentile"',
    '[operation_natures]\n"5910" = false',
    '[operation_natures]\n"5910" = true',
    '[[potential]]\nattribute = "a"\npoints_per_unit = 1',
    '[[potential]]\nattribute = "a"\npoints_per_unit = 2',
    "[tiers.vip]\nP = 80.01",
    "[tiers.medio]\nV = 0",
    "[campaigns]\nretencao = false",
    '[campaigns]\nreativacao = { R = "= 0" }',
    '[campaigns]\nnatal = { PRFV = "> 50" }',
    '[channels]\nvip = "gerente"',
    '[rfm]\nsegments = [{ from = 3, name = "Em Atenção" }]',
]


def test_every_change_is_another_version() -> None:
    versions = {read_rules(text).version for text in ["", *CHANGES]}
    assert len(versions) == len(CHANGES) + 1


def test_the_example_says_the_defaults() -> None:
    example, default = load_rules(EXAMPLE), load_rules(None)
    for part in ("tiers", "campaigns", "channels", "rfm"):
        assert getattr(example, part) == getattr(default, part)
    assert list(example.campaigns) == ["fidelizacao", "retencao", "recuperacao", "reativacao"]


PERIODS = [
    ("", 365),
    ("window_days = 1", 1),
    ("window_days = 30", 30),
    ("start = 2026-11-22", 1),
    ("start = 2026-11-01", 22),
    ("start = 2026-11-23", 0),
]


@pytest.mark.parametrize(("analysis", "days"), PERIODS)
def test_the_period_with_today_included(analysis: str, days: int) -> None:
    start = read_rules(f"[analysis]\n{analysis}").analysis.period_start(TODAY.toordinal())
    assert date.fromordinal(start) == TODAY - timedelta(days=days - 1)


@pytest.mark.parametrize("day", [0, 1, 100])
def test_a_period_does_not_begin_before_the_first_day(day: int) -> None:
    assert read_rules("[analysis]\nwindow_days = 3000000").analysis.period_start(day) == 1


POTENTIAL = """
[[potential]]
attribute = "a"
bands = [
  { min = 5, max = 9, points = 0.125 },
  { min = 1, max = 4, points = 20 },
  { min = 10, points = 3 },
]
[[potential]]
attribute = "b"
points_per_unit = 0.5
"""


@pytest.mark.parametrize(
    ("quantity", "points"),
    [(0, "0"), (1, "20"), (4, "20"), (5, "0.125"), (9, "0.125"), (10, "3"), (10**9, "3")],
)
def test_points_of_bands_in_any_order(quantity: int, points: str) -> None:
    banded, unit = read_rules(POTENTIAL).potential
    assert banded.points(quantity) == Decimal(points)
    assert unit.points(quantity) == Decimal(quantity) / 2


def test_rules_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read_rules("").analysis.ranking = "percentile"


TEXT = """# rules
[analysis]
weights = { P = 1, R = 2 }
[operation_natures]
"5910" = false
[[potential]]
attribute = "filiais"
bands = [{ min = 1, points = 1 }]
[[potential]]
attribute = "lojas"
[tiers.vip]
P = 80
tiers.medio.V = 3
"""


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (("analysis",), 2),
        (("analysis", "start"), 2),
        (("analysis", "weights", "R"), 3),
        (("operation_natures", "5910"), 5),
        (("potential",), 6),
        (("potential", 0, "bands", 0, "points"), 8),
        (("potential", 1), 9),
        (("potential", 1, "attribute"), 10),
        (("tiers", "vip"), 11),
        (("tiers", "vip", "P"), 12),
        (("campaigns", "natal"), None),
        ((), None),
    ],
)
def test_the_line_of_a_key(where: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(TEXT, where) == line


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_any_text_has_lines(text: str) -> None:
    assert line_of(text, ("analysis",)) is None or "analysis" in text
