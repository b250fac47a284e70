"""Charts say what the figures say, and nothing of a customer becomes HTML or JavaScript."""

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from schemas.rules import read_rules
from streams.console.charts.grid import cells
from streams.console.charts.histogram import Limit, histogram, limits_on, spread
from streams.console.charts.lines import lines
from streams.console.charts.sankey import Flow, sankey
from streams.console.charts.scatter import Axis, Point, scatter

EVIL = "<img src=x onerror=alert(1)>"
RULES = read_rules("")


def walked(options: Any) -> Iterator[tuple[str, Any]]:
    """Yield every name and value of options, however deep."""
    if isinstance(options, dict):
        for name, value in options.items():
            yield name, value
            yield from walked(value)
    elif isinstance(options, list):
        for value in options:
            yield from walked(value)


CHARTS = {
    "sankey": sankey([Flow("", EVIL, 3)], {"": "none", EVIL: EVIL}, "pt-BR"),
    "lines": lines(["1/1"], {EVIL: [3]}, {EVIL: EVIL}, "pt-BR"),
    "histogram": histogram([3], [EVIL], [Limit(Decimal(55), "campaign", EVIL, ">")], "pt-BR"),
    "scatter": scatter(
        {EVIL: [Point(1, 2, EVIL)]},
        {EVIL: EVIL},
        (Axis("x", wide=False), Axis("y", wide=True)),
        "pt-BR",
        Random(1),
    ),
}


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_what_customers_are_called_is_neither_html_nor_javascript(chart: dict[str, Any]) -> None:
    named = dict(walked(chart))
    assert EVIL in str(chart)
    assert named["renderMode"] == "richText"
    assert not [value for name, value in walked(chart) if name.startswith(":") and EVIL in value]


class TestSankey:
    def test_the_same_segment_on_both_sides_is_two_nodes(self) -> None:
        flows = [Flow("vip", "medio", 5), Flow("medio", "vip", 2), Flow("medio", "pequeno", 4)]
        titles = {"vip": "VIP", "medio": "Médio", "pequeno": "Pequeno"}
        [series] = sankey(flows, titles, "pt-BR")["series"]
        told = {(node["name"], node["said"], node["value"]) for node in series["data"]}
        assert told == {
            ("<vip", "VIP", 5),
            ("<medio", "Médio", 6),
            (">medio", "Médio", 5),
            (">vip", "VIP", 2),
            (">pequeno", "Pequeno", 4),
        }
        assert {(link["source"], link["target"], link["value"]) for link in series["links"]} == {
            ("<vip", ">medio", 5),
            ("<medio", ">vip", 2),
            ("<medio", ">pequeno", 4),
        }


class TestHistogram:
    def test_bars_stand_in_the_middle_of_their_bins(self) -> None:
        bars = spread({"0": 9, "1": 4, "20": 7}).bars
        names = [str(number) for number in range(1, 21)]
        [series] = histogram(bars, names, [], "en-US")["series"]
        assert series["data"][0] == {"value": [2.5, 4], "name": "1"}
        assert series["data"][-1] == {"value": [97.5, 7], "name": "20"}
        assert sum(item["value"][1] for item in series["data"]) == 11

    @pytest.mark.parametrize(
        ("indicator", "limits"),
        [
            ("P", [(62, "medio"), (80, "vip")]),
            (
                "R",
                [
                    (0, "recuperacao"),
                    (0, "reativacao"),
                    (55, "medio"),
                    (55, "fidelizacao"),
                    (55, "recuperacao"),
                    (70, "retencao"),
                    (75, "vip"),
                ],
            ),
            ("F", [(70, "medio"), (90, "vip")]),
            ("V", [(65, "medio"), (80, "retencao"), (95, "vip")]),
            ("PRFV", []),
        ],
    )
    def test_all_limits_of_the_rules_are_known(self, indicator: str, limits: list[Any]) -> None:
        assert [(limit.at, limit.name) for limit in limits_on(indicator, RULES)] == limits

    def test_limits_on_one_score_are_one_line_whole_where_a_tier_has_it(self) -> None:
        limits = limits_on("R", RULES)
        [series] = histogram([0] * 20, [""] * 20, limits, "pt-BR")["series"]
        drawn = {line["xAxis"]: line["lineStyle"]["type"] for line in series["markLine"]["data"]}
        assert drawn == {0: "dashed", 55: "solid", 70: "dashed", 75: "solid"}

    def test_figures_of_limits_that_are_near_do_not_cover_each_other(self) -> None:
        limits = [Limit(Decimal(at), "tier", "", ">=") for at in (55, 70, 75, 80, 95)]
        [series] = histogram([0] * 20, [""] * 20, limits, "pt-BR")["series"]
        heights = [line["label"]["distance"] for line in series["markLine"]["data"]]
        assert heights == [4, 4, 17, 4, 4]

    @pytest.mark.parametrize(("locale", "told"), [("pt-BR", "62,5"), ("en-US", "62.5")])
    def test_limits_are_written_as_the_reader_does(self, locale: str, told: str) -> None:
        limit = Limit(Decimal("62.5"), "tier", "vip", ">=")
        [series] = histogram([0] * 20, [""] * 20, [limit], locale)["series"]
        assert series["markLine"]["data"][0]["label"]["formatter"] == told


class TestLines:
    def test_days_of_which_nothing_is_known_break_the_line(self) -> None:
        chart = lines(["1", "2"], {"vip": [None, 3]}, {"vip": "VIP"}, "pt-BR")
        assert chart["xAxis"]["data"] == ["1", "2"]
        assert chart["series"][0]["name"] == "VIP"
        assert chart["series"][0]["data"] == [None, 3]


class TestScatter:
    def test_points_stand_near_their_figures_the_same_for_the_same_chance(self) -> None:
        points = {"Leais": [Point(10, 1, "K1"), Point(10, 1, "K2")]}
        axes = (Axis("meses", wide=False), Axis("contratos", wide=True))
        drawn = [
            scatter(points, {"Leais": "Leais"}, axes, "pt-BR", Random(7))["series"][0]["data"]
            for _ in range(2)
        ]
        assert drawn[0] == drawn[1]
        (x, y, said), other = drawn[0]
        assert (x, y) != tuple(other[:2])
        assert 9.5 < x < 10.5
        assert 0.5 < y < 1.5
        assert said == "K1"


class TestGrid:
    def test_every_cell_is_there_and_named_by_the_rules(self) -> None:
        made = cells({("4", "1", "3"): 9, ("1", "1", "1"): 1}, RULES.rfm)
        assert len(made) == 64
        held = {cell.mark: cell for cell in made}
        assert len(held) == 64
        assert sum(cell.customers for cell in made) == 10
        assert (held["413"].customers, held["413"].segment) == (9, "Campeões")
        assert (held["111"].customers, held["111"].segment) == (1, "Em Atenção")
        assert held["413"].depth == 1 > held["111"].depth > held["222"].depth == 0

    def test_value_falls_from_row_to_row_and_recency_rises_along_it(self) -> None:
        first_block = cells({}, RULES.rfm)[:16]
        assert {cell.f for cell in first_block} == {1}
        assert [cell.v for cell in first_block[::4]] == [4, 3, 2, 1]
        assert [cell.r for cell in first_block[:4]] == [1, 2, 3, 4]
