"""Where a run takes place: one broker, one directory, and the processes that are started there."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from bench.purchases import Purchase
from nyxter_online.intake import Line
from streams import topics
from streams.client import client_config
from streams.clock import now_ms
from streams.embedded import Child
from streams.lane.partitioner import partition_of
from streams.settings import Settings
from streams.topics import FOR_EVER, Topic

PARTITIONS = 4
PATIENCE_S = 180.0


class Ground:
    """A broker with what is on it, and processes beside it.

    Parameters
    ----------
    broker
        Its address.
    directory
        Where reports and logs go.

    """

    def __init__(self, broker: str, directory: Path) -> None:
        self.directory = directory
        self.settings = settings_of(broker, "bench")
        self.client = dict(client_config(self.settings))
        self._ends: dict[tuple[str, int], int] = {}

    def create(self, wanted: Iterable[Topic]) -> None:
        """Create topics."""
        topics.create(AdminClient(self.client), list(wanted))

    @contextmanager
    def running(self, name: str, *module_and_arguments: str) -> Iterator[Child]:
        """Run a Python module in a process of its own as long as the block lasts."""
        named = (f"NYXTER_{key.upper()}={value}" for key, value in _environment(self.settings))
        command = ("/usr/bin/env", *named, sys.executable, "-m", *module_and_arguments)
        with closing(Child(name, command, self.directory)) as child:
            yield child

    @contextmanager
    def timed(self, name: str, total: int) -> Iterator[float]:
        """Run the module `bench.<name>` and yield how many events a second it handled.

        It goes on running as long as the block lasts.
        """
        report = self.directory / f"{name}.rate"
        arguments = (self.settings.broker, str(total), str(report))
        with self.running(name, f"bench.{name}", *arguments) as child:
            child.wait_until(report.exists, PATIENCE_S)
            yield float(report.read_text())

    def send(self, topic: str, purchases: Iterable[Purchase]) -> list[tuple[int, Line]]:
        """Send records to their keys' partitions; return each with its partition and offset."""
        producer = Producer(self.client | {"linger.ms": 50, "compression.type": "lz4"})
        stamp = now_ms()
        home = cache(lambda key: partition_of(key, PARTITIONS))
        sent = []
        for key, value in purchases:
            partition = home(key)
            offset = self._ends.get((topic, partition), 0)
            self._ends[topic, partition] = offset + 1
            sent.append((partition, Line(offset, stamp, value, topic, key)))
            while True:
                try:
                    producer.produce(topic, value, key, partition)
                    break
                except BufferError:
                    producer.poll(0.05)
        assert producer.flush(PATIENCE_S) == 0, "the broker took no records"
        return sent

    def is_covered_by(self, positions: Mapping[str, Mapping[str, int]]) -> bool:
        """Tell whether positions, by partition and topic, lie behind all that was sent."""
        return all(
            positions.get(str(partition), {}).get(topic, 0) >= end
            for (topic, partition), end in self._ends.items()
        )


def settings_of(broker: str, app_id: str) -> Settings:
    """Return the settings of a worker that this run starts."""
    return Settings(
        broker=broker,
        app_id=app_id,
        partitions=PARTITIONS,
        session_timeout_s=6,
        rebalance_timeout_s=6,
    )


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; TimeoutError says `what` was waited for."""
    limit = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > limit:
            raise TimeoutError(f"waited {PATIENCE_S:.0f} s in vain until {what}")
        time.sleep(0.05)


def plain_topic(name: str) -> Topic:
    """Return a topic for the micro job."""
    return Topic(name, PARTITIONS, "delete", FOR_EVER)


def _environment(settings: Settings) -> Iterator[tuple[str, object]]:
    for name in ("broker", "app_id", "partitions", "session_timeout_s", "rebalance_timeout_s"):
        yield name, getattr(settings, name)
