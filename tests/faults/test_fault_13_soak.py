"""Half an hour of amendments at 2,000 a second: memory, lag and latency stay what they were.

Amendments, because state is a map of registers: new orders would be new state.
"""

import json
import os
import random
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import linear_regression, quantiles
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Consumer, TopicPartition
from conftest import need_kafka
from kafka_broker import KafkaBroker
from running import System
from storm import RULES, arriving, today

from streams import topics

pytestmark = [pytest.mark.kafka, pytest.mark.whole_only]

RATE = 2_000
MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
WARM_UP = 1 / 6  # of the time
ORDERS = 100_000
CUSTOMERS = 10_000
PROBES = 50
PROBE_EVERY_S = 0.2
LAG_S = 5  # of events may wait
SLOPE = 0.02  # of the memory, in the time measured
STEADY = 2.0  # the last p99 to the first


class Look(NamedTuple):
    """What was seen at a moment: seconds since the start, memory of the worker, events behind."""

    at: float
    bytes_: int
    lag: int


def amendment(chance: random.Random, at: datetime, customer: str, order: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{order}-{at.isoformat()}",
        "source": "/soak",
        "type": "nyxter.purchase.recorded.v1",
        "subject": customer,
        "time": at.isoformat(),
        "data": {
            "order_id": f"P{order}",
            "ordered_on": str(today() - timedelta(days=order % 300)),
            "operation_nature": "VENDA",
            "value": f"{chance.randint(100, 90_000)}.{chance.randint(10, 99)}",
        },
    }


def amendments(chance: random.Random) -> Iterator[Mapping[str, Any]]:
    """Yield every order once, then amendments of random ones, for ever."""
    begin = datetime.now(UTC) - timedelta(hours=12)
    for number in range(ORDERS + int(RATE * MINUTES * 60)):
        order = number if number < ORDERS else chance.randrange(ORDERS)
        at = begin + timedelta(milliseconds=number)
        yield amendment(chance, at, f"S{order % CUSTOMERS}", order)


class Probes:
    """Orders of customers of their own; each is timed until its profile can be read."""

    def __init__(self, system: System, chance: random.Random) -> None:
        self._system = system
        self._chance = chance
        self._sent: dict[str, float] = {}
        self.took: list[tuple[float, float]] = []
        self.stop = threading.Event()
        self._threads = [threading.Thread(target=t, daemon=True) for t in (self._send, self._read)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        producer, number = self._system.producer(), 0
        while not self.stop.wait(PROBE_EVERY_S):
            number += 1
            event = amendment(
                self._chance, datetime.now(UTC), f"PROBE{number % PROBES}", ORDERS + number % PROBES
            )
            event["data"]["value"] = f"{number}.00"
            self._sent[f"{number}.00"] = time.monotonic()
            producer.produce(topics.PURCHASES, json.dumps(event), event["subject"])
            producer.flush()

    def _read(self) -> None:
        consumer = Consumer(
            {**self._system._client, "group.id": "none", "isolation.level": "read_committed"}
        )
        numbers = range(self._system.settings.partitions)
        consumer.assign([TopicPartition(topics.PROFILES, number) for number in numbers])
        while not self.stop.is_set():
            for message in consumer.consume(500, 0.02):
                if message.error() is None and message.key().startswith(b"PROBE"):
                    value = json.loads(message.value())["raw"]["value"]
                    if sent := self._sent.pop(value, None):
                        self.took.append((sent, time.monotonic() - sent))
        consumer.close()


def memory(pid: int) -> int:
    """Return the resident bytes of a process."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def lag(system: System) -> int:
    """Return how many offsets of the inputs lie ahead of what the group says it has done."""
    ends = system.ends()
    consumer = Consumer({**system._client, "group.id": system.settings.app_id})
    done = consumer.committed([TopicPartition(*place) for place in ends], 20)
    consumer.close()
    return sum(ends[d.topic, d.partition] - max(d.offset, 0) for d in done)


def p99(took: list[float]) -> float:
    return quantiles(took, n=100)[98]


def test_soak(tmp_path: Path, chance: random.Random) -> None:
    need_kafka()
    with KafkaBroker(quick=False) as kafka, System(kafka.bootstrap, tmp_path, RULES) as system:
        pid = system.start("a")
        probes = Probes(system, chance)
        looks: list[Look] = []
        began = time.monotonic()
        with arriving(system, amendments(chance), RATE) as sender:
            probes.start()
            while sender.is_alive():
                time.sleep(10)
                looks.append(Look(time.monotonic() - began, memory(pid), lag(system)))
                print(f"{looks[-1].at:.0f} s: {looks[-1].bytes_ >> 20} MiB, lag {looks[-1].lag}")  # noqa: T201 - what is watched for half an hour
        probes.join()
        steady = [look for look in looks if look.at > WARM_UP * MINUTES * 60]
        slope = linear_regression([s.at for s in steady], [s.bytes_ for s in steady]).slope
        grown = slope * (steady[-1].at - steady[0].at) / steady[0].bytes_
        timed = [took for at, took in probes.took if at - began > WARM_UP * MINUTES * 60]
        third = len(timed) // 3
        first, last = p99(timed[:third]), p99(timed[-third:])
        print(  # noqa: T201 - the figures
            f"memory {slope * 3600 / 2**20:+.1f} MiB/h ({grown:+.2%} of it while measured), "
            f"lag at most {max(s.lag for s in steady)}, p99 {first:.3f} s, at last {last:.3f} s"
        )
        assert abs(grown) < SLOPE
        assert max(s.lag for s in steady) < RATE * LAG_S
        assert last < STEADY * first
        system.settle()
