"""Real orders (CDNOW, 1997-98) from their file to Redis, against a plain recomputation."""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from import_command import import_command
from kafka_broker import KafkaBroker
from redis import Redis
from running import System, wait_until
from test_cdnow import cdnow_file, cdnow_rows

from streams.cards import read_card

pytestmark = pytest.mark.kafka


def test_every_card_in_redis_is_right(
    kafka: KafkaBroker, valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(cdnow_rows())
    orders = Counter(row.customer for row in rows)
    values: dict[str, Decimal] = defaultdict(Decimal)
    last: dict[str, str] = {}
    for row in rows:
        values[row.customer] += Decimal(row.amount)
        last[row.customer] = max(row.day, last.get(row.customer, ""))

    system = System(kafka.bootstrap, tmp_path, "[analysis]\nstart = 1997-01-01")
    try:
        system.start("worker")
        system.start_cache("cache", valkey)
        monkeypatch.setenv("NYXTER_BROKER", kafka.bootstrap)
        imported = import_command("purchases", cdnow_file(), out=False)
        assert imported.status == 0, imported.errors
        assert "69,659 of 69,659 events acknowledged" in imported.said
        system.settle(300)  # a busy machine takes its time over 23,570 customers
        profiles = system.profiles()
        assert profiles.keys() == orders.keys()
        with Redis.from_url(valkey) as redis:

            def cards() -> dict[str, Any]:
                return {customer: read_card(redis, customer) for customer in orders}

            wait_until(lambda: _as_published(cards(), profiles), "the cache has caught up")
            for customer, card in cards().items():
                raw = card["raw"]
                assert raw["last_sale"] == last[customer]
                assert raw["orders"] == orders[customer]
                assert Decimal(raw["value"]) == values[customer]
    finally:
        system.close()


def _as_published(cards: dict[str, Any], profiles: dict[str, Any]) -> bool:
    return all(
        card is not None and all(card[field] == value for field, value in profiles[name].items())
        for name, card in cards.items()
    )
