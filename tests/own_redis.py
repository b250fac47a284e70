"""A Valkey of a test's own that keeps its data: killed, it comes back with it; and who watches."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from redis import Redis, RedisError
from running import wait_until

from streams.cards import card_key
from streams.embedded import HOST, Child, _redis_answers, _redis_binary, free_port


class OwnRedis:
    """Runs from `start` to `kill`, always on the same port, with whatever was written before."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._port = free_port()
        self._child: Child | None = None
        self.url = f"redis://{HOST}:{self._port}/0"

    def start(self) -> None:
        kept = ("--save", "", "--appendonly", "yes", "--dir", str(self._directory.resolve()))
        command = (_redis_binary(), "--bind", HOST, "--port", str(self._port), *kept)
        self._child = Child("valkey", command, self._directory)
        self._child.wait_until(lambda: _redis_answers(self._port))

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._child is not None:
            self._child.kill()
            self._child = None


@contextmanager
def own_redis(directory: Path) -> Iterator[OwnRedis]:
    """Run a Valkey with its data in a directory."""
    made = OwnRedis(directory)
    made.start()
    try:
        yield made
    finally:
        made.kill()


@contextmanager
def slow(redis: Redis) -> Iterator[None]:
    """Let every answer take about a second until the block is left."""
    stop = threading.Event()

    def hold() -> None:
        while not stop.is_set():
            redis.client_pause(1_000)
            redis.ping()  # it is answered when the pause is over

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        redis.client_unpause()


class Watcher:
    """Polls cards of customers all the time, as support does, whatever happens to Redis.

    Attributes
    ----------
    went_back
        Each card seen at an older version than before: customer, version before, and now.
    missing
        How often a card that was seen before was not there.
    looks
        How often all were looked at.

    """

    def __init__(self, url: str, customers: list[str]) -> None:
        self._redis = Redis.from_url(url, socket_timeout=3, retry=None)
        self._customers = customers
        self._seen: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.went_back: list[tuple[str, int, int]] = []
        self.looks = self.missing = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._redis.close()

    def _run(self) -> None:
        while not self._stop.wait(0.005):
            try:
                self._look()
            except RedisError:
                continue

    def _look(self) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for customer in self._customers:
            pipe.hget(card_key(customer.encode()), "version")
        for customer, version in zip(self._customers, pipe.execute(), strict=True):
            if version is None:
                self.missing += customer in self._seen
            else:
                before, now = self._seen.get(customer, -1), int(version)
                if now < before:
                    self.went_back.append((customer, before, now))
                self._seen[customer] = max(before, now)
        self.looks += 1


def refused(redis: Redis) -> int:
    """How often the Redis refused a write because it was full."""
    return int(redis.info("errorstats").get("errorstat_OOM", {}).get("count", 0))


def wait_for_refusals(redis: Redis) -> None:
    """Wait until the Redis has refused some more writes."""
    before = refused(redis)
    wait_until(lambda: refused(redis) > before + 1, "a full Redis refuses", 30)
