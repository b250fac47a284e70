"""A console runs on while everything around it dies and comes back: it answers again by itself."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Self

import httpx
import pytest
from console_process import ConsoleProcess
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from own_redis import OwnRedis, own_redis
from running import System, wait_until
from storm import RULES, arriving, orders, today

pytestmark = pytest.mark.kafka

PARTITIONS = 2
LEADS = '"event": "leading"'


class Follower:
    """Follows the console's events, and resumes after the last one whenever the stream ends.

    Attributes
    ----------
    ids
        Of the events, as they came.
    ended
        How often the stream ended, or was refused.

    """

    def __init__(self, console: ConsoleProcess) -> None:
        self.ids: list[str] = []
        self.ended = 0
        self._console = console
        self._last: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        wait_until(lambda: self._last is not None, "the stream says where it begins")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (httpx.HTTPError, AssertionError):
                time.sleep(0.2)
            self.ended += 1

    def _follow(self) -> None:
        with self._console.following(self._last) as events:
            for event in events:
                self._last = event.id or self._last
                if event.name:
                    self.ids.append(event.data["id"])
                if self._stop.is_set():
                    return


def test_a_console_through_restarts_of_everything(
    own_kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count, rate, rounds = (20_000, 120, 3) if whole else (3_000, 120, 1)
    (tmp_path / "redis").mkdir()
    with (
        own_redis(tmp_path / "redis") as redis,
        System(own_kafka.bootstrap, tmp_path, RULES, partitions=PARTITIONS) as system,
    ):
        started(system, redis)
        events = orders(23, count // 20, count)
        system.send(events[: count // 3])
        system.settle()
        before = {event["id"] for event in system.events()}
        somebody = min(system.profiles())
        there = {"NYXTER_BROKER": own_kafka.bootstrap, "NYXTER_REDIS_URL": redis.url}
        with ConsoleProcess(tmp_path, **there) as console:
            wait_until(lambda: answers(console, somebody), "the console answers")
            with Follower(console) as follower:
                with arriving(system, events[count // 3 :], rate):
                    for restart in chance.sample(restarts(system, own_kafka, redis) * rounds,
                                                 4 * rounds):  # fmt: skip
                        restart(chance.uniform(0.5, 3))
                        wait_until(lambda: answers(console, somebody), "it answers again")
                system.settle()
                due = [e["id"] for e in system.events() if e["id"] not in before]
                wait_until(lambda: len(follower.ids) >= len(due), "all events have come")
            assert Counter(follower.ids) == Counter(due)
            assert console.get("/entrar").status_code == httpx.codes.OK
        assert_nothing_lost_nothing_twice(system, today())


def start_worker(system: System) -> None:
    """Start the worker and wait until it works: one that finds no broker at its start ends."""
    before = system.log("a").read_text("utf-8").count(LEADS)
    system.start("a")
    wait_until(lambda: system.log("a").read_text("utf-8").count(LEADS) > before, "it leads again")


def started(system: System, redis: OwnRedis) -> None:
    system.start("a")
    system.start_cache("c", redis.url)


def restarts(system: System, kafka: KafkaBroker, redis: OwnRedis) -> list[Callable[[float], None]]:
    """Return what kills each part, and starts it again after some seconds."""

    def restart(kill: Callable[[], object], start: Callable[[], object]) -> Callable[[float], None]:
        def run(away_s: float) -> None:
            kill()
            time.sleep(away_s)
            start()

        return run

    return [
        restart(kafka.kill, kafka.start),
        restart(redis.kill, redis.start),
        restart(lambda: system.kill("a"), lambda: start_worker(system)),
        restart(lambda: system.kill("c"), lambda: system.start_cache("c", redis.url)),
    ]


def answers(console: ConsoleProcess, somebody: str) -> bool:
    """Tell whether a card and the events can be had."""
    card = console.get(f"/v1/customers/{somebody}").status_code
    return (card, console.events_status()) == (httpx.codes.OK, httpx.codes.OK)
