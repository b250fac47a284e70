"""`nyxter explain`: a whole card with its whys, as Redis holds it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cache_samples import profile, transition
from redis import Redis
from test_cli import AWAY, nyxter, told

from schemas.rules import read_rules
from streams.cards import CARD_TEXTS, TRANSITION_TEXTS, card_key, history_key, packed
from streams.cli import whys

PROFILE_WHY = {
    "probabilities": {
        "Novos Clientes": 0.0,
        "Clientes em Expansão": 0.02,
        "Clientes Leais": 0.91,
        "Clientes Estratégicos": 0.07,
    },
    "moved": ["contratos 39 -> 40"],
}
CAUSE = {"id": "c-9", "type": "nyxter.contract.recorded.v1"}
SCORES = {"P": 80.0, "R": 98.0, "F": 77.0, "V": 50.0, "prfv": 71.86}
TRIGGER = {
    "trigger": "profile:Clientes Leais",
    "kind": "profile",
    "segment": "Clientes Leais",
    "phase": "Sustentação e Suporte",
    "stage": "Suporte ADM",
    "actions": ["plano de fidelidade"],
    "channel": "televendas",
    "suppressed": None,
}


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


def put(redis: Redis, customer: str, **changes: Any) -> dict[str, Any]:
    """A card as the cache writes it."""
    published = profile(customer, **changes)
    own = ["version", "7", "updated_at", "1793629800250"]
    redis.hset(card_key(customer.encode()), items=[*packed(published, CARD_TEXTS), *own])
    return published


def happen(redis: Redis, customer: str, number: int, data: dict[str, Any]) -> None:
    """A transition or trigger as the cache writes it."""
    fields = packed({**data, "time": "2026-11-22T13:00:00.123Z"}, TRANSITION_TEXTS)
    entry = dict(zip(fields[::2], fields[1::2], strict=True))
    redis.xadd(history_key(customer.encode()), entry, id=f"{number}-1")


def moved() -> dict[str, Any]:
    """The data of a change of profile by a contract."""
    data: dict[str, Any] = transition("profile", "Clientes em Expansão", "Clientes Leais")["data"]
    why = data["why"] | {"event": CAUSE, "before": SCORES, "after": SCORES, "profile": PROFILE_WHY}
    return data | {"why": why}


def page_of(valkey: str, *options: str, **environment: str) -> str:
    result = nyxter("explain", "K1", "--redis", valkey, *options, COLUMNS="200", **environment)
    assert result.exit_code == 0
    return " ".join(result.stdout.split())


def test_every_part_of_a_card_with_its_why(redis: Redis, valkey: str) -> None:
    put(redis, "K1")
    why = moved()
    happen(redis, "K1", 3, why)
    happen(redis, "K1", 4, TRIGGER | {"why": why["why"]})
    page = page_of(valkey)
    for shown in (
        "Cliente K1",
        "P Potencial 80,00 vermelho 50 pontos 80 de vip: folga de 0,00",
        "R Recência 98,00 vermelho última compra em 02/11/2026 75 de vip: folga de 23,00",
        "F Frequência 77,00 verde 3 pedidos, frequência 0,417 70 de medio: folga de 7,00",
        "V Valor 50,00 azul R$ 2.990,50 no período 65 de medio: faltam 15,00",
        "PRFV 71,86",
        "Porte pequeno",
        "Campanhas fidelizacao",
        "Soma RFM 6; Leais começa em 6: folga de 0",
        "Perfil Clientes Leais (91,0 %)",
        "Em segundo Clientes Estratégicos (7,0 %)",
        "Contratos 40",
        "Marcas 3",
        "Meses de casa 98",
        "Faixa de faturamento desconhecida",
        "Contratos ativos 20",
        "Novos em 12 meses 7",
        "Hospedagem TOTVS CLOUD",
        "Época do modelo 12",
        "Fase Sustentação e Suporte",
        "Etapas Suporte ADM",
        (
            "Desde 22/11 10:00:00: contrato c-9: contratos 39 → 40 · "
            "Clientes Leais 91,0 %, Clientes Estratégicos 7,0 %"
        ),
        "perfil Clientes em Expansão → Clientes Leais",
        "dispara perfil Clientes Leais: etapa Suporte ADM · plano de fidelidade · canal televendas",
        "Atenção os limites acima são das regras",
    ):
        assert shown in page


def test_whom_nothing_is_known_of(redis: Redis, valkey: str) -> None:
    nobody = {"segment": "unassigned", "probability": None, "runner_up": None, "epoch": 0}
    portfolio = {"active_contracts": 0, "hired_last_12_months": 0, "hosting": []}
    put(
        redis,
        "K1",
        P=None,
        prfv=None,
        rfm=None,
        bands={"P": None, "R": "azul", "F": "azul", "V": "azul"},
        consumption=nobody,
        features=None,
        portfolio=portfolio | {"product_categories": []},
        journey={"phase": None, "stages": [], "actions": []},
    )
    page = page_of(valkey)
    for shown in (
        "P Potencial — —",
        "PRFV — média com os pesos —",
        "sem compra no período",
        "Perfil ainda sem perfil",
        "Contratos nenhum",
        "Fase —",
    ):
        assert shown in page
    assert "Últimas mudanças" not in page
    assert "Soma RFM" not in page


def test_a_card_of_an_earlier_release(redis: Redis, valkey: str) -> None:
    put(redis, "K1")
    redis.hdel(card_key(b"K1"), "consumption", "journey", "features", "portfolio")
    page = page_of(valkey)
    assert "Segmento RFM" in page
    assert "Perfil" not in page


def test_limits_are_those_of_the_rules_given(redis: Redis, valkey: str, tmp_path: Path) -> None:
    text = "[tiers.vip]\nP = 90\n[campaigns]\npequenos = { PRFV = '< 72' }\n"
    rules = tmp_path / "nyxter.toml"
    rules.write_text(text, encoding="utf-8")
    put(redis, "K1", rules=read_rules(text).version)
    for page in (page_of(valkey, "--rules", str(rules)), page_of(valkey, NYXTER_RULES=str(rules))):
        assert "90 de vip: faltam 10,00" in page
        assert "72 de pequenos: faltam 0,14" in page
        assert "os limites acima são" not in page


def test_an_unknown_customer(valkey: str) -> None:
    result = nyxter("explain", "K9", "--redis", valkey)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told(result).startswith("nyxter: no card of K9 in the Redis at 127.0.0.1:")


def test_a_redis_that_is_away() -> None:
    result = nyxter("explain", "K1", NYXTER_REDIS_URL=AWAY)
    assert result.exit_code == 2
    assert told(result).startswith("nyxter: the Redis at 127.0.0.1:1: connect: Connection refused")
    assert "secret" not in result.stderr


def test_the_card_shows_triggers_too(redis: Redis, valkey: str) -> None:
    put(redis, "K1")
    happen(redis, "K1", 4, TRIGGER | {"suppressed": "cool_down", "why": moved()["why"]})
    page = " ".join(nyxter("card", "K1", "--redis", valkey, COLUMNS="200").stdout.split())
    assert "não dispara perfil Clientes Leais (suprimido: em descanso): etapa" in page


def test_it_explains_itself_with_an_example() -> None:
    page = " ".join(nyxter("explain", "--help").stdout.split())
    assert "Example: nyxter explain T000123" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "contrato c-9: contratos 39 → 40 · Clientes Leais 91,0 %, Clientes Estratégicos 7,0"),
        ({"before": None}, "contrato c-9: primeira avaliação · contratos 39 → 40 · "),
        ({"event": None, "cause": "model"}, "o modelo mudou: contratos 39 → 40 · "),
        ({"after": None}, "contrato c-9: o cliente saiu da base"),
        ({"profile": None, "boundary": None}, "contrato c-9"),
    ],
)
def test_the_why_of_a_profile_in_words(changes: dict[str, Any], words: str) -> None:
    assert whys.reason(moved()["why"] | changes).startswith(words)


@pytest.mark.parametrize("suppressed", ["first_score", "rules", "model", "cool_down", "weekly_cap"])
def test_each_suppression_has_its_words(suppressed: str) -> None:
    assert whys.trigger(TRIGGER | {"suppressed": suppressed}).startswith("não dispara perfil ")
