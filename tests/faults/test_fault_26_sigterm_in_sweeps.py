"""Workers are asked to end while sweeps are under way: another one finishes what they began."""

import random
import time
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import astray_worker
import pytest
from confluent_kafka import Consumer, TopicPartition
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import PATIENCE_S, System, wait_until
from storm import RULES, orders, today
from test_rules_change_kafka import OTHER

from nyxter_online.customers import BUCKETS
from streams import topics
from streams.segmenter.entry import Entry, read_entry

pytestmark = pytest.mark.kafka

ASTRAY = (astray_worker.__file__,)
DAY_S = 86_400
LONGEST_S = 0.1
PARTITIONS = 2
MOST = 5  # times as many rounds as there have to be, until a sweep is met


class Sweeping:
    """Sees the parts of sweeps in the journal as they are committed."""

    def __init__(self, broker: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": broker,
                "group.id": "none",
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 1,
            }
        )
        places = [TopicPartition(topics.JOURNAL, number, 0) for number in range(PARTITIONS)]
        self._consumer.assign(places)

    def pass_over(self) -> None:
        """Leave out what was written before."""
        while self._consumer.poll(0.5) is not None:
            pass

    def wait_for(self, cause: str) -> None:
        """Wait for a part, but not the last one, of a sweep of everyone for a cause."""
        limit = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit:
            message = self._consumer.poll(0.2)
            entry = None if message is None else read_entry(message.value())
            part = entry.sweep if isinstance(entry, Entry) else None
            if part and part.cause == cause and part.whom == "everyone" and part.end < BUCKETS:
                return
        raise AssertionError(f"waited in vain for a sweep for {cause}")

    def close(self) -> None:
        self._consumer.close()


class Fleet:
    """Two workers whose clock is set ahead by whole days, and that rules are changed for."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._clock = system.directory / "clock"
        self._ahead = 0
        self._loads: dict[str, int] = {}
        self._sweeps = 0
        self._set_clock()

    def _set_clock(self) -> None:
        fresh = self._clock.with_suffix(".new")
        fresh.write_text(f"{self._ahead * DAY_S}")
        fresh.replace(self._clock)

    def start(self, *names: str) -> None:
        """Start workers by the clock and the rules as they are now."""
        for name in names:
            self._loads[name] = self._loaded(name)
            self._system.start(name, ASTRAY, **{astray_worker.FILE: str(self._clock)})

    def stop(self, *names: str) -> None:
        """End workers as an operator does, once each has a partition: before, it is not up."""
        for name in names:
            due = self._loads[name]
            wait_until(lambda one=name, due=due: self._loaded(one) > due, "it has loaded")
        for name in names:
            assert self._system.stop(name, PATIENCE_S) == 0

    def _loaded(self, name: str) -> int:
        log = self._system.log(name)
        return log.read_text("utf-8").count('"loaded"') if log.exists() else 0

    def sweep(self) -> str:
        """Start both anew on the next day or by other rules; return the cause of the sweep.

        Anew, because what has swept for a while takes thousands of customers at a time.
        """
        self.stop("a", "b")
        self._sweeps += 1
        if self._sweeps % 2:
            self._ahead += 1
            self._set_clock()
        else:
            self._system.change_rules(OTHER if self._sweeps % 4 == 2 else RULES)
        self.start("a", "b")
        return "time" if self._sweeps % 2 else "rules"


def order(number: int) -> dict[str, Any]:
    """Return the one order of a customer."""
    bought = today() - timedelta(days=1 + number % 300)
    return {
        "specversion": "1.0",
        "id": f"order-{number}",
        "source": "/sweeps",
        "type": "nyxter.purchase.recorded.v1",
        "subject": f"S{number}",
        "time": f"{bought}T12:00:00Z",
        "data": {
            "order_id": f"P{number}",
            "ordered_on": str(bought),
            "operation_nature": "VENDA",
            "value": f"{100 + number * 37 % 9_000}.50",
        },
    }


def is_halfway(system: System) -> bool:
    """Tell whether a partition's sweep has still some way to go."""
    return any(progress.bucket is not None for _, progress in system.progress().values())


def assert_sweeps_are_finished(system: System) -> None:
    """Each goes on where it was left or begins anew, is of everyone until it ends, and ends."""
    entries, _ = system.journal()
    assert len(entries) == PARTITIONS
    for listed in entries.values():
        due, everyone = 0, False
        for part in (entry.sweep for entry in listed if entry.sweep is not None):
            assert part.first in (due, 0)
            assert part.whom == "everyone" or not everyone
            due = part.end if part.end < BUCKETS else 0
            everyone = due > 0 and part.whom == "everyone"
        assert due == 0, "it is finished"


def test_workers_end_in_sweeps(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    """At least so many rounds, until so many of them were ended in the middle of a sweep."""
    customers, rounds, halfway = (12_000, 10, 5) if whole else (4_000, 2, 1)
    events = iter(orders(26, customers // 20, customers))
    with System(kafka.bootstrap, tmp_path, RULES, partitions=PARTITIONS) as system:
        fleet, sweeping = Fleet(system), Sweeping(kafka.bootstrap)
        system.send(map(order, range(customers)))
        fleet.start("a", "b")
        system.settle()
        for number in range(MOST * rounds):
            sweeping.pass_over()
            system.send(islice(events, customers // rounds // MOST))
            sweeping.wait_for(fleet.sweep())
            time.sleep(chance.uniform(0, LONGEST_S))
            ended = chance.choice((("a",), ("b",), ("a", "b")))
            fleet.stop(*ended)
            halfway -= is_halfway(system)
            fleet.start(*ended)
            system.settle()
            if number + 1 >= rounds and halfway <= 0:
                break
        sweeping.close()
        assert halfway <= 0, "no sweep was under way"
        days = {progress.day for _, progress in system.progress().values()}
        assert len(days) == 1
        assert_nothing_lost_nothing_twice(system, date.fromordinal(days.pop()))
        assert_sweeps_are_finished(system)
