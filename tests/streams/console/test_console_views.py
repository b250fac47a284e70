"""What pages show of the journey, scores and profiles, worked out from counts."""

from datetime import date
from typing import Any

import numpy as np

from nyxter_online.epochs import Epoch
from nyxter_online.features import month_of
from nyxter_online.gmm import Components
from nyxter_online.profiles import PROFILES
from schemas.rules import read_rules
from streams.console.charts.sankey import Flow
from streams.console.views.components import beside
from streams.console.views.moves import Day, by_day, flows, triggers
from streams.console.views.sizes import before, over_days
from streams.console.views.spreads import groups, spreads
from streams.console.views.stages import standings

TODAY = date(2026, 11, 22)


class TestMoves:
    DAYS = (
        {("tier", "vip", "medio"): 2, ("tier", "", "vip"): 9, ("rfm", "Leais", ""): 4},
        {("tier", "vip", "medio"): 1, ("tier", "medio", "vip"): 5},
    )

    def test_days_are_summed_and_the_most_come_first(self) -> None:
        assert flows(self.DAYS, "tier", ends=False) == [
            Flow("medio", "vip", 5),
            Flow("vip", "medio", 3),
        ]

    def test_who_came_from_none_counts_where_asked_for(self) -> None:
        assert flows(self.DAYS, "tier", ends=True)[0] == Flow("", "vip", 9)
        assert flows(self.DAYS, "rfm", ends=False) == []

    def test_triggers_tell_why_they_did_not_fire(self) -> None:
        one = {("tier", "vip", "Novos Negócios", ""): 3, ("rfm", "Leais", "Atualização", ""): 1}
        two = {
            ("tier", "vip", "Novos Negócios", "cool_down"): 4,
            ("tier", "vip", "Novos Negócios", "weekly_cap"): 2,
            ("tier", "vip", "Novos Negócios", ""): 1,
        }
        [vip, leais] = triggers([one, two])
        assert (vip.segment, vip.fired, vip.suppressed) == ("vip", 4, 6)
        assert vip.held == {"cool_down": 4, "weekly_cap": 2}
        assert (leais.segment, leais.fired, leais.suppressed) == ("Leais", 1, 0)
        assert by_day({TODAY: two}) == {TODAY: Day(1, 6)}


class TestStages:
    def test_a_stage_has_all_who_live_there_whatever_their_phase(self) -> None:
        journey = read_rules("").journey
        stages = {
            ("Sustentação e Suporte", "Atualização"): 7,
            ("Expansão e Inovação", "Atualização"): 5,
            ("Expansão e Inovação", "Novos Negócios"): 5,
        }
        made = standings(journey, {"Expansão e Inovação": 5}, stages)
        assert [one.name for one in made] == [phase.name for phase in journey.phases]
        first, *_, last = made
        assert last.customers == 5
        assert last.stages == {"Atualização": 12, "Novos Negócios": 5}
        assert last.profiles == ("Clientes em Expansão", "Clientes Leais", "Clientes Estratégicos")
        assert first.profiles == ()
        assert sum(first.stages.values()) == 0


SCORES = {
    ("P", "3", '["A"]'): 2,
    ("P", "3", '["B"]'): 5,
    ("prfv", "0", '["B"]'): 6,
    ("prfv", "20", '["A"]'): 1,
}


class TestSpreads:
    def test_all_groups_are_summed(self) -> None:
        made = spreads(SCORES, None)
        assert list(made) == ["P", "R", "F", "V", "PRFV"]
        assert (made["P"].bars[2], made["P"].scored) == (7, 7)
        assert (made["PRFV"].without, made["PRFV"].bars[19]) == (6, 1)

    def test_a_group_stands_alone(self) -> None:
        made = spreads(SCORES, '["A"]')
        assert (made["P"].scored, made["PRFV"].without, made["PRFV"].scored) == (2, 0, 1)

    def test_groups_come_largest_first_without_the_empty(self) -> None:
        made = groups({'["A","x"]': 2, '["B",""]': 5, '["C","z"]': 0})
        assert [(group.values, group.customers) for group in made] == [
            (("B", ""), 5),
            (("A", "x"), 2),
        ]


SIZES = {date(2026, 11, 15): {"vip": 4}, TODAY: {"vip": 6, "medio": 1}}


class TestSizes:
    def test_a_day_that_nobody_saw_is_unknown_and_a_missing_name_is_nobody(self) -> None:
        days = [date(2026, 11, 15), date(2026, 11, 16), TODAY]
        made = over_days(SIZES, days, ["vip", "medio"])
        assert made == {"vip": [4, None, 6], "medio": [0, None, 1]}

    def test_before_is_none_where_nothing_is_known(self) -> None:
        assert before(SIZES, TODAY, 7) == {"vip": 4}
        assert before(SIZES, TODAY, 30) is None


def epoch(**given: Any) -> Epoch:
    now = month_of(TODAY.toordinal())
    means = np.array([[2.0, now - 24 - k, 3.0, 9.0 + k] for k in range(4)])
    components = Components(
        np.array([0.4, 0.3, 0.2, 0.1]), means, np.zeros((4, 4, 4)), np.zeros((15, 4)), (None,) * 4
    )
    fields: dict[str, Any] = {"started": None, "components": components} | given
    return Epoch(5, 1, 2, 0, nearest=False, natural=np.zeros((15, 4)), customers=600, **fields)


class TestComponents:
    def test_means_are_told_as_people_say_them(self) -> None:
        first, second, *_ = beside(epoch(), {"Novos Clientes": 11}, TODAY)
        assert first.published == PROFILES[0]
        assert (first.customers, first.weight) == (11, 0.4)
        assert first.means == {"tenure": 24, "contracts": 9, "brands": 2, "band": 3}
        assert (second.customers, second.means["tenure"]) == (0, 25)

    def test_means_have_come_so_far_since_the_first_checkpoint(self) -> None:
        started = [[2.5, month_of(TODAY.toordinal()) - 20.0, 3.0, 8.0]] * 4
        first = beside(epoch(started=started), {}, TODAY)[0]
        assert first.since == {"tenure": 4, "contracts": 1, "brands": -0.5, "band": 0}

    def test_without_a_mixture_or_a_checkpoint_nothing_is_made_up(self) -> None:
        assert [(one.weight, one.means, one.since) for one in beside(None, {}, TODAY)] == [
            (None, {}, {})
        ] * 4
        assert beside(epoch(components=None), {}, TODAY)[0].means == {}
        assert beside(epoch(), {}, TODAY)[0].since == {}
