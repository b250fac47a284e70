"""Real orders (CDNOW, 1997-98) from their file to Redis and pages, against a recomputation."""

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from console_stack import Stack, browser, entered, start_console
from import_command import import_command
from kafka_broker import KafkaBroker
from own_redis import own_redis
from playwright.sync_api import Browser, expect
from redis import Redis
from running import System, wait_until
from test_cdnow import cdnow_file, cdnow_rows

from streams.cards import read_card
from streams.embedded import HOST, free_port

__all__ = ["browser"]

pytestmark = pytest.mark.kafka


def test_every_card_in_redis_is_right_and_shown(
    kafka: KafkaBroker, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = list(cdnow_rows())
    orders = Counter(row.customer for row in rows)
    values: dict[str, Decimal] = defaultdict(Decimal)
    last: dict[str, str] = {}
    for row in rows:
        values[row.customer] += Decimal(row.amount)
        last[row.customer] = max(row.day, last.get(row.customer, ""))

    with (
        own_redis(tmp_path) as own,
        System(kafka.bootstrap, tmp_path, "[analysis]\nstart = 1997-01-01") as system,
    ):
        stack = Stack(system, own, f"http://{HOST}:{free_port()}")
        start_console(stack)
        system.start("worker")
        system.start_cache("cache", own.url)
        monkeypatch.setenv("NYXTER_BROKER", kafka.bootstrap)
        imported = import_command("purchases", cdnow_file(), out=False)
        assert imported.status == 0, imported.errors
        assert "69,659 of 69,659 events acknowledged" in imported.said
        system.settle(300)  # a busy machine takes its time over 23,570 customers
        profiles = system.profiles()
        assert profiles.keys() == orders.keys()
        with Redis.from_url(own.url) as redis:

            def cards() -> dict[str, Any]:
                return {customer: read_card(redis, customer) for customer in orders}

            wait_until(lambda: _as_published(cards(), profiles), "the cache has caught up")
            for customer, card in cards().items():
                raw = card["raw"]
                assert raw["last_sale"] == last[customer]
                assert raw["orders"] == orders[customer]
                assert Decimal(raw["value"]) == values[customer]
        wait_until(lambda: stack.counted() == len(orders), "everybody is counted")
        (busiest, count), *_ = orders.most_common(1)
        assert_shown(browser, stack, busiest, f"{count} pedidos, frequência", values[busiest])


def assert_shown(
    browser: Browser, stack: Stack, customer: str, ordered: str, value: Decimal
) -> None:
    """The base's size, and a customer's figures as the file has them, stand on pages."""
    wait_until(stack.answers, "the console answers")
    page = entered(browser, stack).new_page()
    page.goto("/")
    expect(page.locator(".stat").first).to_contain_text("23.570")
    page.goto(f"/cliente/{customer}")
    expect(page.get_by_text(ordered)).to_be_visible()
    reais = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    expect(page.get_by_text(f"R$ {reais} no período")).to_be_visible()


def _as_published(cards: dict[str, Any], profiles: dict[str, Any]) -> bool:
    return all(
        card is not None and all(card[field] == value for field, value in profiles[name].items())
        for name, card in cards.items()
    )
