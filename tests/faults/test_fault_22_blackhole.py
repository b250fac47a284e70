"""The network of a worker and of a cache swallows everything, for a while, twice."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import need_kafka
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from proxy import Proxy
from redis import Redis
from running import System, wait_until
from storm import RULES, arriving, orders, today
from watching import PATIENCE_S, ready, seconds_until, standstills

from streams.embedded import HOST, free_port

pytestmark = pytest.mark.kafka

UNREADY_S = 10.0  # after the last answer


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with Proxy() as running:
        yield running


@pytest.fixture
def proxied_kafka(proxy: Proxy) -> Iterator[KafkaBroker]:
    need_kafka()
    with KafkaBroker(proxy=proxy.address) as broker:
        proxy.upstream = broker.behind_proxy
        yield broker


def test_a_worker_and_a_cache_in_a_blackhole(
    proxied_kafka: KafkaBroker,
    proxy: Proxy,
    tmp_path: Path,
    valkey: str,
    chance: random.Random,
    *,
    whole: bool,
) -> None:
    count, rate = (30_000, 250) if whole else (6_000, 150)
    away = (40.0, 40.0) if whole else (12.0, chance.uniform(3, 6))
    cache = f"{HOST}:{free_port()}"
    with System(proxied_kafka.bootstrap, tmp_path, RULES) as system:
        system.start("a", NYXTER_BROKER=proxy.address)
        system.start("b")
        system.start_cache("c", valkey, NYXTER_BROKER=proxy.address, NYXTER_MONITOR=cache)
        watched = (system.monitor("a"), cache)
        with arriving(system, orders(22, count // 20, count), rate):
            wait_until(lambda: len(system.progress()) == 4, "all partitions move")
            for seconds in away:
                wait_until(lambda: not any(ready(at) != "" for at in watched), "they are ready")
                time.sleep(chance.uniform(0, 2))
                proxy.freeze()
                began = time.monotonic()
                if seconds > UNREADY_S:
                    took = seconds_until(lambda: all(is_cut_off(at) for at in watched), 60)
                    assert took <= UNREADY_S + PATIENCE_S
                time.sleep(max(0.0, began + seconds - time.monotonic()))
                proxy.heal()
        for at in watched:
            wait_until(lambda one=at: ready(one) == "", "it is ready again by itself")
        assert all(system.alive(name) for name in ("a", "b", "c"))
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        with Redis.from_url(valkey) as redis:
            cards = set(system.profiles())
            wait_until(lambda: cards_in(redis) == cards, "Redis holds every card")


def is_cut_off(address: str) -> bool:
    """Tell whether a process says in its words and in its metric that the broker is silent."""
    said = ready(address) or ""
    return "has not answered" in said and ("broker_silent", "all") in standstills(address)


def cards_in(redis: Redis) -> set[str]:
    keys = redis.scan_iter("nyxter:v1:customer:{*}", count=1_000)
    return {key.decode().split("{")[1][:-1] for key in keys}
