"""A segmenter that writes what it is told, a cache at work, and what Redis then says."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cache_samples import profile, transition
from confluent_kafka import Producer
from conftest import unique
from redis import Redis

from schemas.envelope import dumps
from streams.cache import Cache, make_cache
from streams.cards import members_key, read_card, read_history
from streams.settings import Settings
from streams.topics import PROFILES, SEGMENT_EVENTS

PATIENCE_S = 180


class Segmenter:
    """Writes outputs as the segmenter does: profile and transitions in one transaction."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = Producer(
            {"bootstrap.servers": bootstrap, "transactional.id": unique("lane"), "linger.ms": 5}
        )
        self._producer.init_transactions()

    def begin(self) -> None:
        self._producer.begin_transaction()

    def write(self, customer: str, value: object, *, partition: int = 0) -> None:
        raw = value if isinstance(value, bytes | None) else dumps(value)
        self._producer.produce(PROFILES, raw, customer.encode(), partition)

    def tell(self, customer: str, event: object, *, partition: int = 0) -> None:
        self._producer.produce(SEGMENT_EVENTS, dumps(event), customer.encode(), partition)

    def commit(self) -> None:
        self._producer.commit_transaction()

    def abort(self) -> None:
        self._producer.flush()
        self._producer.abort_transaction()

    def flush(self) -> None:
        self._producer.flush()


@contextmanager
def running(settings: Settings) -> Iterator[None]:
    """A cache at work in a thread of its own; what ended it is raised here."""
    with at_work(settings):
        yield


@contextmanager
def at_work(settings: Settings) -> Iterator[Cache]:
    """As `running`, for whoever looks at the cache itself."""
    stop, ended = threading.Event(), []
    cache = make_cache(settings)

    def run() -> None:
        try:
            cache.run(stop)
        except BaseException as why:  # noqa: BLE001 - raised below
            ended.append(why)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield cache
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive(), "the cache does not stop"
    if ended:
        raise ended[0]


def wait_for(what: str, is_so: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < give_up, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.05)


def card(redis: Redis, customer: str) -> dict | None:
    """The card without what is the cache's own."""
    if (held := read_card(redis, customer)) is None:
        return None
    return {name: value for name, value in held.items() if name not in ("version", "updated_at")}


def write_many(segmenter: Segmenter, count: int) -> list[str]:
    """As many customers as are named, each with a profile and a transition."""
    customers = [unique("many") for _ in range(count)]
    segmenter.begin()
    for n, customer in enumerate(customers):
        segmenter.write(customer, profile(customer, tier="vip"), partition=n % 2)
        segmenter.tell(customer, transition("tier", None, "vip"), partition=n % 2)
    segmenter.commit()
    return customers


def says_all(redis: Redis, customers: list[str]) -> bool:
    """Whether Redis holds each one's card and transition, and each as a member of vip."""
    return None not in redis.zmscore(members_key(b"vip"), customers) and all(
        read_card(redis, c) and read_history(redis, c) for c in customers
    )


def owners(redis: Redis) -> set[bytes]:
    held = redis.hgetall("nyxter:v1:positions")
    return {owner for name, owner in held.items() if name.startswith(b"owner:")}


def refusals(redis: Redis) -> int:
    return redis.info("errorstats").get("errorstat_OOM", {}).get("count", 0)
