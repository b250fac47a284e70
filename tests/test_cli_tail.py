"""`nyxter tail` without a broker: what filters let pass, and lines as they are told."""

import sys
from typing import Any

import pytest
from cache_samples import transition
from test_cli import nyxter, told
from test_cli_explain import CAUSE, SCORES, TRIGGER, moved

from schemas.outputs import JOURNEY_TRIGGERED
from streams.cli.tail import told as line_of
from streams.selection import Filters

NOBODY = Filters(frozenset(), None, None, None)


def event(data: dict[str, Any], kind: str | None = None) -> dict[str, Any]:
    """An event of K1 with these data."""
    whole = transition("tier", "medio", "vip") | {"data": data}
    return whole | ({"type": kind} if kind else {})


WHY = {"cause": "customer", "event": CAUSE, "before": SCORES, "after": SCORES, "boundary": None}
TIER = event(transition("tier", "medio", "vip")["data"] | {"why": WHY})
ENTERED = event(transition("campaign", None, "retencao")["data"] | {"why": WHY})
PROFILE = event(moved())
FIRED = event(TRIGGER | {"why": WHY}, JOURNEY_TRIGGERED)
HELD = event(TRIGGER | {"why": WHY, "suppressed": "first_score"}, JOURNEY_TRIGGERED)
RELEASED = event(TRIGGER | {"why": WHY | {"event": None, "profile": None}}, JOURNEY_TRIGGERED)
OTHER = event({}, "nyxter.something.else.v1")
ALL = {"tier": TIER, "campaign": ENTERED, "profile": PROFILE, "fired": FIRED, "held": HELD}


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (NOBODY, "tier campaign profile fired held"),
        (NOBODY._replace(kinds=frozenset({"tier"})), "tier"),
        (NOBODY._replace(kinds=frozenset({"profile"})), "profile"),
        (NOBODY._replace(kinds=frozenset({"campaign", "trigger"})), "campaign fired held"),
        (NOBODY._replace(customer="K1"), "tier campaign profile fired held"),
        (NOBODY._replace(customer="K2"), ""),
        (NOBODY._replace(segment="medio"), "tier"),
        (NOBODY._replace(segment="retencao"), "campaign"),
        (NOBODY._replace(segment="Clientes Leais"), "profile fired held"),
        (NOBODY._replace(fired=True), "fired"),
        (NOBODY._replace(fired=False), "held"),
        (NOBODY._replace(fired=True, kinds=frozenset({"tier"})), ""),
    ],
)
def test_filters(filters: Filters, shown: str) -> None:
    assert [name for name, it in ALL.items() if filters.lets_pass(it)] == shown.split()
    assert not filters.lets_pass(OTHER)


@pytest.mark.parametrize(
    ("it", "line"),
    [
        (TIER, "22/11 10:00:00  K1  porte medio → vip  (contrato c-9)"),
        (ENTERED, "22/11 10:00:00  K1  entra em retencao  (contrato c-9)"),
        (
            PROFILE,
            (
                "22/11 10:00:00  K1  perfil Clientes em Expansão → Clientes Leais  (contrato c-9: "
                "contratos 39 → 40 · Clientes Leais 91,0 %, Clientes Estratégicos 7,0 %)"
            ),
        ),
        (
            RELEASED,
            (
                "22/11 10:00:00  K1  dispara perfil Clientes Leais: etapa Suporte ADM · "
                "plano de fidelidade · canal televendas  (estava retido e foi liberado)"
            ),
        ),
        (
            HELD,
            (
                "22/11 10:00:00  K1  não dispara perfil Clientes Leais "
                "(retido: primeira avaliação): etapa Suporte ADM · "
                "plano de fidelidade · canal televendas  (contrato c-9)"
            ),
        ),
    ],
)
def test_lines(it: dict[str, Any], line: str) -> None:
    assert line_of(it) == line


def test_a_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["streams.cli.tail"], "_ANSWER_S", 0.5)
    result = nyxter("tail", NYXTER_BROKER="127.0.0.1:1")
    assert result.exit_code == 2
    assert told(result).startswith("nyxter: the broker at 127.0.0.1:1: ")


def test_a_kind_that_there_is_not() -> None:
    result = nyxter("tail", "--kind", "scores")
    assert result.exit_code == 2
    assert "'scores' is not one of" in told(result)


def test_it_explains_itself_with_an_example() -> None:
    assert "Example: nyxter tail --kind" in " ".join(nyxter("tail", "--help").stdout.split())
