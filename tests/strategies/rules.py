"""Rules files that are valid: each option may be given or left out."""

import tomllib
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

from strategies.choices import mostly_all
from strategies.writing import as_toml

INDICATORS = ("P", "R", "F", "V")
ATTRIBUTES = ("filiais", "vendedores_externos", "usuários")


class Rules(NamedTuple):
    """A rules file: its text and what it parses to."""

    text: str
    parsed: dict[str, Any]


@st.composite
def rules(draw: st.DrawFn, as_of: date = date(2026, 11, 22)) -> Rules:
    """A rules file that is valid; each option may be given or left out."""
    sections = {
        "analysis": _analysis(as_of),
        "operation_natures": _natures(),
        "potential": _potential(),
        "tiers": _some_of(("vip", "medio"), _some_of(INDICATORS, _limits())),
        "campaigns": _campaigns(),
        "channels": _some_of(("pequeno", "medio", "vip"), st.sampled_from(["a", "é"])),
        "rfm": st.fixed_dictionaries({"segments": _segments()}),
    }
    chosen = draw(mostly_all(sections))
    text = as_toml(chosen)
    return Rules(text, tomllib.loads(text, parse_float=Decimal))


def _some_of(names: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, values))


def _limits() -> st.SearchStrategy[Any]:
    return st.sampled_from([0, 1, 50, Decimal("50.5"), Decimal("66.33"), 97, 98, 99, 100])


@st.composite
def _analysis(draw: st.DrawFn, as_of: date) -> dict[str, Any]:
    ago = [-1, 0, 1, 2, 3, 8, 364, 365, 3_000]
    starts = [as_of - timedelta(days=days) for days in ago] + [date(1900, 1, 1)]
    window = st.sampled_from([1, 2, 3, 4, 8, 9, 28, 30, 365, 366, 100_000])
    period = st.one_of(
        st.just({}),
        st.builds(lambda start: {"start": start}, st.sampled_from(starts)),
        st.builds(lambda days: {"window_days": days}, window),
    )
    fields = ["customer_type", "segment", "revenue_band", "customer_since", "state", "city"]
    others = {
        "ideal_frequency_weeks": st.sampled_from([1, 2, 4, 52, Decimal("1.5"), Decimal("0.1")]),
        "value_basis": st.sampled_from(["value", "value", "margin"]),
        "weights": _weights(),
        "compare_by": st.lists(st.sampled_from(fields), unique=True, max_size=2),
        "ranking": st.sampled_from(["dense", "percentile"]),
    }
    return {**draw(period), **draw(mostly_all(others))}


def _weights() -> st.SearchStrategy[dict[str, Any]]:
    weight = st.sampled_from([0, 1, 2, 3, Decimal("0.5"), Decimal("1.25"), Decimal("0.001")])
    some = _some_of(INDICATORS, weight).filter(
        lambda chosen: len(chosen) < 4 or any(chosen.values())
    )
    return some | st.just({"R": 0, "F": 0, "V": 0})


def _natures() -> st.SearchStrategy[dict[str, bool]]:
    return _some_of(("default", "5102", "6102", "5910"), st.booleans())


@st.composite
def _potential(draw: st.DrawFn) -> list[dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from(ATTRIBUTES), unique=True, min_size=1))
    points = st.sampled_from([0, 5, 10, 20, Decimal("12.5"), Decimal("0.125"), 40])
    unit = st.builds(lambda points: {"points_per_unit": points}, points)
    banded = st.builds(lambda bands: {"bands": bands}, _bands(points))
    return [{"attribute": name} | draw(unit | banded) for name in chosen]


@st.composite
def _bands(draw: st.DrawFn, points: st.SearchStrategy[Any]) -> list[dict[str, Any]]:
    """Bands without gap or overlap; the last may be open."""
    edge, bands = draw(st.integers(0, 3)), []
    for width in draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)):
        bands.append({"min": edge, "max": edge + width - 1, "points": draw(points)})
        edge += width
    if draw(st.booleans()):
        del bands[-1]["max"]
    return bands


def _campaigns() -> st.SearchStrategy[dict[str, Any]]:
    comparison = st.builds("{} {}".format, st.sampled_from([">", ">=", "<", "<=", "="]), _limits())
    condition = st.lists(comparison, min_size=1, max_size=2).map(", ".join)
    conditions = _some_of(INDICATORS, condition).filter(bool)
    known = st.sampled_from(["fidelizacao", "retencao", "recuperacao", "reativacao"])
    changed = st.dictionaries(known, conditions | st.just(value=False), max_size=2)
    own = st.dictionaries(st.sampled_from(["natal", "avaliação"]), conditions, max_size=2)
    return st.builds(lambda changed, own: changed | own, changed, own)


def _segments() -> st.SearchStrategy[list[dict[str, Any]]]:
    starts = st.lists(st.integers(4, 12), unique=True, max_size=4).map(
        lambda rest: [3, *sorted(rest)]
    )
    return starts.map(lambda rest: [{"from": start, "name": f"Segmento {start}"} for start in rest])
