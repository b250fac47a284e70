"""Tables and HTML of the pages: what is in them, how it is written, and nothing of it is markup."""

from datetime import date
from decimal import Decimal

from schemas.rules import read_rules
from streams.console.address import links
from streams.console.charts.grid import Cell, cells
from streams.console.charts.histogram import limits_on, spread
from streams.console.charts.sankey import Flow
from streams.console.tables import shown
from streams.console.views.components import Beside, beside
from streams.console.views.journey_told import moves_table, order_of, titles
from streams.console.views.profiles_told import drift_table, points, sizes_table
from streams.console.views.rfm_told import grid_shown, limits_shown, segments_shown, spreads_table
from streams.console.views.sample import Sampled
from streams.console.words import Words
from streams.tabular import Column, Table

PT, EN = Words("pt"), Words("en")
RULES = read_rules("")
EVIL = "<b>&"


class TestTables:
    COLUMNS = (
        Column("name", EVIL),
        Column("n", "N", "integer"),
        Column("x", "X", "number"),
        Column("paid", "R$", "money"),
        Column("on", "Em", "date"),
        Column("is_so", "É", "flag"),
        Column("all", "Todos", "texts"),
    )
    ROW = (EVIL, 1234, 0.5, Decimal("1240.5"), date(2026, 11, 2), True, ("a", "b"))

    def test_cells_are_written_as_the_reader_does(self) -> None:
        html = shown(PT, Table("t", self.COLUMNS, [self.ROW]), "c", places={"x": 1})
        for told in ("1.234", "0,5", "R$ 1.240,50", "02/11/2026", "sim", "a, b"):
            assert f">{told}<" in html
        html = shown(EN, Table("t", self.COLUMNS, [self.ROW]), "c")
        for told in ("1,234", "0.50", "02 Nov 2026", "yes"):
            assert f">{told}<" in html

    def test_names_are_no_markup(self) -> None:
        html = shown(PT, Table("t", self.COLUMNS, [self.ROW]), EVIL, link=lambda _: f'/"{EVIL}')
        assert EVIL not in html
        assert html.count("&lt;b&gt;&amp;") == 4

    def test_differences_have_signs(self) -> None:
        columns = (Column("name", "Nome"), Column("n", "N", "integer"), Column("x", "X", "number"))
        html = shown(PT, Table("t", columns, [("a", 3, -0.5), ("b", 0, 2.0)]), "c", signed=True)
        for told in ("+3", "-0,50", "0", "+2,00"):
            assert f">{told}<" in html


def test_the_choice_that_is_shown_is_told() -> None:
    html = links("Dias", {"7": "7 dias", "1": EVIL}, "7", {"7": "?a", "1": "?b"})
    assert '<a href="?a" aria-current="true">7 dias</a>' in html
    assert EVIL not in html


class TestJourney:
    def test_none_is_told_by_its_kind_and_stands_last(self) -> None:
        flows = [Flow("", "vip", 2), Flow("vip", "medio", 1)]
        named = titles(PT, "tier", flows, order_of("tier", RULES))
        assert list(named.items()) == [("vip", "VIP"), ("medio", "Médio"), ("", "nenhum")]
        entered = moves_table(PT, "campaign", [Flow("", "retencao", 4)])
        assert list(entered.rows) == [("fora", "Retenção", 4)]

    def test_segments_of_former_rules_are_told_by_their_own_names(self) -> None:
        named = titles(PT, "rfm", [Flow("Antigo", "Leais", 1)], order_of("rfm", RULES))
        assert named == {"Leais": "Leais", "Antigo": "Antigo"}


class TestGrid:
    def test_a_cell_tells_its_marks_segment_and_share(self) -> None:
        made = cells({("4", "1", "3"): 3, ("1", "1", "1"): 1}, RULES.rfm)
        html = grid_shown(PT, made, RULES.rfm)
        assert html.count('class="cell nobody"') == 62
        assert "R 4 + F 1 + V 3 = 8, Campeões: 3 clientes, 75,0 % dos compradores." in html
        assert "Campeões <b>3</b>" in segments_shown(PT, made, RULES.rfm)

    def test_names_of_segments_are_no_markup(self) -> None:
        rules = read_rules(f'[rfm]\nsegments = [{{ from = 3, name = "{EVIL}" }}]')
        made = [cell for cell in cells({}, rules.rfm) if isinstance(cell, Cell)]
        assert EVIL not in grid_shown(PT, made, rules.rfm) + segments_shown(PT, made, rules.rfm)


class TestSpreads:
    def test_limits_on_one_score_are_told_together(self) -> None:
        html = limits_shown(PT, limits_on("R", RULES))
        assert "<b>55</b> Médio daqui para cima, Fidelização acima, Recuperação abaixo" in html
        assert "Nenhuma regra" in limits_shown(PT, [])

    def test_zero_or_none_has_a_row_of_its_own(self) -> None:
        rows = list(spreads_table(PT, {"P": spread({"0": 7, "20": 2})}).rows)
        assert rows[0] == ("P", None, 0, 7)
        assert rows[1] == ("P", 0, 5, 0)
        assert rows[-1] == ("P", 95, 100, 2)
        assert sum(row[3] for row in rows) == 9


class TestProfiles:
    ONE: Beside = beside(None, {"Novos Clientes": 30}, date(2026, 11, 22))[0]

    def test_drift_is_against_what_was_then_and_unknown_where_nothing_is_known(self) -> None:
        [row] = drift_table(PT, [self.ONE], {7: {"Novos Clientes": 21}, 30: None}).rows
        assert list(row) == ["Novos Clientes", 9, None, None, None, None, None]

    def test_days_of_which_nothing_is_known_are_left_out(self) -> None:
        days = [date(2026, 11, 21), date(2026, 11, 22)]
        table = sizes_table(PT, days, {"a": [None, 3], "b": [None, 0]})
        assert list(table.rows) == [(days[1], 3, 0)]

    def test_an_unknown_band_stands_below_all_others(self) -> None:
        one = Sampled("C1", "Clientes Leais", 30, 7, 2, None)
        made = points(PT, [one], ["Clientes Leais", "Novos Clientes"], "band", "contracts")
        assert list(made) == ["Clientes Leais"]
        [point] = made["Clientes Leais"]
        assert (point.x, point.y) == (-1, 7)
        assert point.said.startswith("C1\n")
