"""The rules in words: what a file says is what is told, in both languages."""

import pytest

from schemas.rules import read_rules
from streams.console.views import rules_told as told
from streams.console.words import Words

PT, EN = Words("pt"), Words("en")
OWN = read_rules(
    """
[analysis]
start = 2026-01-01
ideal_frequency_weeks = 2.5
value_basis = "margin"
compare_by = ["state", "segment"]
ranking = "percentile"
weights = { P = 1.5, R = 2, F = 0, V = 3 }
[operation_natures]
default = false
"5102" = true
[tiers.vip]
P = 62.5
[campaigns]
fidelizacao = false
inverno = { PRFV = ">= 50, < 80.5", after_first_sale = true }
[journey]
hold = []
"""
)


def test_the_analysis_is_told_in_sentences() -> None:
    sentences = told.analysis(PT, OWN)
    assert "Contam as vendas desde 01/01/2026." in sentences
    assert "O valor soma a margem de contribuição." in sentences
    assert "Um bom cliente compra a cada 2,5 semanas: é a régua da frequência." in sentences
    assert any("UF, segmento" in one for one in sentences)
    assert any("P 1,5, R 2, F 0 e V 3" in one for one in sentences)
    defaults = told.analysis(EN, read_rules(""))
    assert "Sales of the last 365 days count, today included." in defaults
    assert any("in one ranking" in one for one in defaults)


def test_limits_keep_their_decimals_and_campaigns_their_conditions() -> None:
    assert next(iter(told.tiers(PT, OWN).rows))[1] == 62.5
    named = {row[0]: row[1] for row in told.campaigns(PT, OWN).rows}
    assert "Fidelização" not in named
    assert named["inverno"] == ("PRFV a partir de 50 e PRFV abaixo de 80,5 e já comprou alguma vez")


def test_rfm_segments_have_the_sums_between_them() -> None:
    rows = [tuple(row) for row in told.rfm(PT, OWN).rows]
    assert rows == [
        ("Em Atenção", 3, 4),
        ("Em Ascensão", 5, 5),
        ("Leais", 6, 7),
        ("Campeões", 8, 12),
    ]


def test_natures_and_holds_are_told() -> None:
    assert list(told.natures(PT, OWN).rows) == [("5102", True)]
    assert told.journey(PT, OWN)[1] == "Nada fica retido."
    assert told.journey(EN, read_rules(""))[1].endswith("first score, new rules, new model.")


@pytest.mark.parametrize(
    ("meta", "said", "unsaid"),
    [
        ({"rules": OWN.version, "snapshot": "1812"}, "retrato nº 1.812", "não são"),
        ({"rules": "0123456789abcdef", "snapshot": "3"}, "não são as regras em vigor", "retrato"),
        ({}, "não se sabe", "em vigor"),
    ],
)
def test_it_is_said_whether_these_rules_are_in_force(
    meta: dict[str, str], said: str, unsaid: str
) -> None:
    text = told.version(PT, OWN.version, meta)
    assert said in text
    assert unsaid not in text
    assert OWN.version in text
    assert meta.get("rules", "") in text
