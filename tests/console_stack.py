"""A whole system with a console and a browser: one stack for all tests of a file.

``from console_stack import *`` brings the fixtures: `stack` is the system, `page` a browser's page
that has shown the token.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import need
from kafka_broker import KafkaBroker
from own_redis import OwnRedis, own_redis
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from redis import Redis
from running import System, wait_until

from nyxter_online.simulate import base
from schemas.instant import business_today
from streams.counts import COUNTS, field_of
from streams.embedded import free_port

__all__ = ["PATIENCE_MS", "TOKEN", "Stack", "axe_violations", "browser", "page", "stack"]

TOKEN = "only-for-tests-0123456789"  # noqa: S105 - it opens what ends with the tests
CUSTOMERS = 620  # below 500 with contracts nobody has a consumption profile
PARTITIONS = 2
PATIENCE_MS = 120_000  # a stalled machine is no failure
RULES = """
[analysis]
compare_by = ["customer_type"]
[[potential]]
attribute = "filiais"
points_per_unit = 10
[[potential]]
attribute = "vendedores_externos"
points_per_unit = 1
"""


class Stack:
    """What runs: topics, worker, cache and console.

    Attributes
    ----------
    system
        Topics and processes.
    redis
        The Redis that cache and console use; it may be killed and started again.
    url
        Where the console is.

    """

    def __init__(self, system: System, redis: OwnRedis, url: str) -> None:
        self.system = system
        self.redis = redis
        self.url = url

    def answers(self) -> bool:
        """Tell whether the console is there."""
        try:
            return httpx.get(f"{self.url}/entrar", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def customers(self) -> list[str]:
        """Return the ids of customers that have a card."""
        with Redis.from_url(self.redis.url) as redis:
            keys = [key.decode() for key in redis.scan_iter(b"nyxter:v1:customer:{*}")]
        return sorted(key.split("{")[1].split("}")[0] for key in keys)

    def counted(self) -> int:
        """Return how many customers the cache has counted."""
        with Redis.from_url(self.redis.url) as redis:
            return int(redis.hget(COUNTS, field_of("base")) or 0)

    def buy(self, customer: str, value: str, order: str) -> None:
        """Let a customer buy something today."""
        today = business_today(int(datetime.now(UTC).timestamp() * 1000))
        self.system.send(
            [
                {
                    "specversion": "1.0",
                    "id": order,
                    "source": "/tests",
                    "type": "nyxter.purchase.recorded.v1",
                    "subject": customer,
                    "time": datetime.now(UTC).isoformat(),
                    "data": {
                        "order_id": order,
                        "ordered_on": today.isoformat(),
                        "operation_nature": "5102",
                        "value": value,
                    },
                }
            ]
        )


@contextmanager
def running_stack(broker: str, directory: Path) -> Iterator[Stack]:
    """Run everything, with a base that is scored, has its profiles, and is cached and counted."""
    with (
        own_redis(directory) as redis,
        System(broker, directory, RULES, partitions=PARTITIONS) as system,
    ):
        made = Stack(system, redis, f"http://127.0.0.1:{free_port()}")
        today = business_today(int(datetime.now(UTC).timestamp() * 1000)) - timedelta(days=1)
        system.send(base(7, CUSTOMERS, today))
        system.start("worker")
        system.start_cache("cache", redis.url)
        start_console(made)
        wait_until(system.names_customers, "everybody has a profile")
        system.settle()
        expected = len(system.profiles())
        wait_until(lambda: made.counted() == expected, "the cache has counted everybody")
        wait_until(made.answers, "the console answers")
        yield made


def start_console(made: Stack) -> None:
    """Start the console of a stack."""
    made.system._run(
        "console",
        "console",
        "--rules",
        str(made.system._rules_file),
        NYXTER_REDIS_URL=made.redis.url,
        NYXTER_CONSOLE_TOKEN=TOKEN,
        NYXTER_CONSOLE_AT=made.url.removeprefix("http://"),
    )


@pytest.fixture(scope="module")
def stack(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running system with a console, for all tests of a file."""
    with running_stack(kafka.bootstrap, tmp_path_factory.mktemp("console")) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    chromium = shutil.which("chromium")
    need("chromium", found=chromium is not None)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        with closing(launched):
            yield launched


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A page of 1440 × 900 in Portuguese, of who has shown the token; errors of scripts fail."""
    context = entered(browser, stack)
    made = context.new_page()
    errors: list[str] = []
    made.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    context.close()
    assert not errors, errors


def entered(browser: Browser, stack: Stack, **options: Any) -> BrowserContext:
    """Return a browser's context that has shown the token."""
    given = {"viewport": {"width": 1440, "height": 900}, "locale": "pt-BR"} | options
    context = browser.new_context(base_url=stack.url, **given)
    context.set_default_timeout(PATIENCE_MS)
    answer = context.request.post("/entrar", form={"chave": TOKEN, "para": "/"}, max_redirects=0)
    assert answer.status == 303, answer.text()
    return context


def axe_violations(page: Page) -> list[str]:
    """Return what axe-core finds that is serious or critical: rule, and where."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


def wait_for(page: Page, what: Callable[[], object], told: str) -> None:
    """Wait while the page works, until something is so."""
    waited = 0
    while not what():
        assert waited < PATIENCE_MS, f"in vain until {told}"
        page.wait_for_timeout(100)
        waited += 100
