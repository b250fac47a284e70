"""A contract moves a customer: the trigger on Apache Kafka, and the card in Valkey."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_events_equal_journal
from redis import Redis
from running import System, wait_until

from schemas.instant import business_today
from schemas.outputs import JOURNEY_TRIGGERED
from streams import topics
from streams.cards import read_card, read_history
from streams.clock import now_ms
from streams.segmenter.entry import Learning, read_entry

pytestmark = pytest.mark.kafka

SIZES = {"Novos": (22, 9), "Expansão": (66, 22), "Leais": (100, 42), "Estratégicos": (130, 33)}
EACH = 150
GROWING = "Clientes em Expansão"


def today() -> date:
    return business_today(now_ms())


def contract(subject: str, number: int, months: float, *, brand: int, hours: int) -> dict[str, Any]:
    """A contract that was signed so many months ago, recorded so many hours ago."""
    return {
        "specversion": "1.0",
        "id": f"{subject}-{number}-{hours}",
        "source": "/erp",
        "type": "nyxter.contract.recorded.v1",
        "subject": subject,
        "time": (datetime.now(UTC) - timedelta(hours=hours)).isoformat(),
        "data": {
            "contract_id": f"c{number}",
            "product": "RH Folha",
            "brand": f"B{brand}",
            "status": "ATIVO",
            "signed_on": str(today() - timedelta(days=int(months * 30.44))),
        },
    }


def base(seed: int) -> list[dict[str, Any]]:
    """Contracts of 600 customers, 150 around each published profile."""
    chance = random.Random(seed)
    made = []
    for name, (tenure, contracts) in SIZES.items():
        for customer in range(EACH):
            subject = f"{name}-{customer}"
            months = max(2.0, chance.gauss(tenure, tenure / 12))
            for number in range(max(1, round(chance.gauss(contracts, contracts / 12)))):
                ago = months if number == 0 else chance.uniform(0, months)
                made.append(contract(subject, number, ago, brand=number % 3, hours=48))
    chance.shuffle(made)
    return made


@pytest.fixture
def system(kafka: KafkaBroker, tmp_path: Path) -> Iterator[System]:
    running = System(kafka.bootstrap, tmp_path)
    yield running
    running.close()


def segment_of(system: System, customer: str) -> str | None:
    profile = system.profiles().get(customer)
    return profile and str(profile["consumption"]["segment"])


def triggers_of(system: System, customer: str) -> list[dict[str, Any]]:
    mine = [one for one in system.events() if one["subject"] == customer]
    return [one for one in mine if one["type"] == JOURNEY_TRIGGERED]


def test_a_contract_moves_a_customer_and_marketing_hears_of_it(system: System, valkey: str) -> None:
    redis = Redis.from_url(valkey)
    system.start("a")
    system.start_cache("cache", valkey)
    system.send(base(3))
    system.settle()
    customer = "Novos-7"
    wait_until(lambda: segment_of(system, customer) == "Novos Clientes", "the model names everyone")
    assert {one["data"]["suppressed"] for one in triggers_of(system, customer)} == {"first_score"}

    grown = [contract(customer, 100 + n, 66, brand=n % 3, hours=1) for n in range(13)]
    system.send(grown)
    wait_until(lambda: segment_of(system, customer) == GROWING, "the contracts move the customer")
    system.settle()
    fired = [one for one in triggers_of(system, customer) if not one["data"]["suppressed"]]
    (trigger,) = [one["data"] for one in fired if one["data"]["kind"] == "profile"]
    assert trigger["trigger"] == f"profile:{GROWING}"
    assert (trigger["phase"], trigger["stage"]) == ("Sustentação e Suporte", "Suporte Técnico")
    assert trigger["actions"][0] == "programa de expansão"
    assert trigger["transition"]["old"] == "Novos Clientes"
    why = trigger["why"]
    assert why["cause"] == "customer"
    assert why["event"]["id"].startswith(f"{customer}-1")
    assert [moved for moved in why["profile"]["moved"] if moved.startswith("contratos ")]

    def told() -> bool:
        card = read_card(redis, customer)
        return card is not None and card["consumption"]["segment"] == GROWING

    wait_until(told, "the card is in Valkey")
    card = read_card(redis, customer)
    assert card is not None
    assert card["journey"]["actions"] == list(trigger["actions"])
    history = read_history(redis, customer)
    assert [one["trigger"] for one in history if one.get("trigger")].count(trigger["trigger"]) == 1
    assert_events_equal_journal(system)
    epochs = [read_entry(m.value() or b"") for m in system.read(topics.JOURNAL)]
    assert [one for one in epochs if isinstance(one, Learning)]
