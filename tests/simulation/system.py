"""A whole system in one thread: what a seed makes of its size, its time-outs and its buffers."""

import random
from datetime import date, timedelta
from typing import Any

from schemas.instant import end_of_day_ms
from schemas.rules import read_rules
from simulation import world as worlds
from simulation.broker import Broker
from simulation.caches import CacheProcess
from simulation.events import POISON, Event, Events
from simulation.groups import Group
from simulation.kernel import Kernel
from simulation.logs import Record, Txn
from simulation.redis_server import Server
from simulation.safety import Safety
from simulation.threads import Time
from simulation.worker import Worker
from streams import topics
from streams.lane.partitioner import partition_of
from streams.segmenter.entry import Entry
from streams.segmenter.shift import SegmentShift
from streams.settings import Settings
from streams.topics import SOURCES

HALF_A_DAY_MS = 43_200_000
TOPIC_OF = {
    "purchase": topics.PURCHASES,
    "contract": topics.CONTRACTS,
    "customer": topics.CUSTOMERS,
}
_RULES = (
    "",
    "",
    '[analysis]\nranking = "percentile"\n',
    '[analysis]\ncompare_by = ["segment"]\nwindow_days = 30\n',
    '[analysis]\nvalue_basis = "margin"\nwindow_days = 3\n',
)


class PoisonShift(SegmentShift):
    """A shift whose work fails on messages that bear a mark."""

    def _events(self, entry: Entry, messages: Any) -> Any:
        records = super()._events(entry, messages)  # raise late: there is something to undo
        if any(POISON in (message.value or b"") for message in messages):
            raise ZeroDivisionError
        return records


class Plan:
    """What a seed makes of sizes and times."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(f"plan {seed}")
        self.partitions = chance.choice([1, 2, 2, 3, 4])
        self.workers = chance.choice([1, 2, 2, 3])
        self.caches = chance.choice([0, 0, 1, 2])
        self.customers = chance.choice([5, 12, 40])
        self.events = chance.choice([20, 60, 120, 200])
        self.days = chance.choice([0, 0, 1, 3])
        self.loss = chance.choice([*[""] * 8, "deleted", "recreated"])  # of unread input
        self.as_of = date(2026, 11, 22)
        self.storm_s = chance.choice([20.0, 45.0, 90.0])
        self.rules = chance.choice(_RULES)
        self.session_s = chance.choice([3.0, 6.0, 10.0])
        self.quiet_s = chance.choice([0.5, 2.0, 5.0])
        self.preempts = chance.choice([0.0, 0.05, 0.3])
        self.socket_timeout_s = chance.choice([1.0, 5.0, 60.0])
        self.latency_s = chance.choice([0.0002, 0.002, 0.02])
        self.most_fetched = chance.choice([2, 20, 500])
        self.gap_s = chance.choice([0.5, 2.0, 6.0])  # between faults
        self.shrunk: dict[str, Any] = {
            "streams.app.SegmentShift": PoisonShift,
            "streams.lane.lane._FIRST": chance.choice([2, 10, 1_000]),
            "streams.lane.lane._LEAST": chance.choice([1, 5, 100]),
            "streams.lane.lane._MOST": chance.choice([5, 50, 16_000]),
            "streams.lane.transaction._ANSWER_S": chance.choice([2.0, 6.0, 20.0]),
            "streams.lane.lanes._MOST_BYTES": chance.choice([2_000, 8_000_000]),
            "streams.segmenter.trainer.LEAST": 3,
            "streams.segmenter.trainer._EVENTS": chance.choice([4, 40]),
            "streams.segmenter.trainer._STEADY_S": 2.0,
            "streams.segmenter.trainer._EVERY_S": chance.choice([5.0, 30.0]),
        }
        chunk = chance.choice([2, 5, 500])
        for size in ("_FIRST", "_FEWEST", "_MOST"):
            self.shrunk[f"streams.segmenter.sweep_parts.{size}"] = chunk


class System:
    """Workers on a broker, and the world that sends events to it.

    Attributes
    ----------
    workers
        All there ever were, the dead ones too.
    sent
        The events that were sent and can be applied.

    """

    def __init__(self, kernel: Kernel, plan: Plan) -> None:
        self.kernel = kernel
        self.plan = plan
        self.rules = read_rules(plan.rules)
        self.first_day = plan.as_of - timedelta(days=plan.days)
        self.clock = Time(kernel, (end_of_day_ms(self.first_day) - HALF_A_DAY_MS) / 1000)
        self.settings = Settings(
            app_id="sim",
            partitions=plan.partitions,
            session_timeout_s=plan.session_s,
            rebalance_timeout_s=plan.session_s,
            quiet_s=plan.quiet_s,
            secret="a secret of the simulation",  # noqa: S106 - it keeps nothing
        )
        self.changelog = topics.changelog(self.settings)
        self.safety = Safety(self.changelog)
        self.broker = Broker(kernel, self._decided)
        self.broker.network.latency_s = plan.latency_s
        self.world = worlds.World(kernel, self.broker, self.clock)
        self.world.socket_timeout_s = plan.socket_timeout_s
        self.world.most_fetched = plan.most_fetched
        self.group = Group(kernel, plan.partitions, plan.session_s)
        self.redis = self.world.redis = Server(kernel, self.clock)
        cache_group = Group(kernel, plan.partitions, plan.session_s)
        self.world.groups = {"sim": self.group, "sim-cache": cache_group}
        self.workers: list[Worker] = []
        self.caches: list[CacheProcess] = []
        self.sent: list[Event] = []
        self.dead_letters = 0
        self.outputs: list[tuple[str, int, bytes | None, bytes | None, int]] = []
        self.events = Events(kernel.random, plan.as_of, plan.customers)
        self._stamp = end_of_day_ms(plan.as_of)
        for topic in topics.every_topic(self.settings):
            self.broker.create(topic.name, topic.partitions)

    def _decided(self, name: str, txn: Txn) -> None:
        self.safety.decided(name, txn)
        if txn.result:
            for topic, partition, record in txn.records:
                written = topic, partition, record.key, record.value, record.offset
                self.outputs.append(written)

    # Workers

    def start_worker(self) -> Worker:
        """Start one more worker."""
        name = f"worker-{len(self.workers) + 1}"
        worker = Worker(self.world, name, self.settings, self.rules, self.group)
        self.workers.append(worker)
        return worker

    def start_cache(self) -> CacheProcess:
        """Start one more process of the cache."""
        cache = CacheProcess(self.world, f"cache-{len(self.caches) + 1}", self.settings)
        self.caches.append(cache)
        return cache

    @property
    def alive(self) -> list[Worker]:
        """The workers that run."""
        return [worker for worker in self.workers if worker.is_alive]

    @property
    def alive_caches(self) -> list[CacheProcess]:
        """The processes of the cache that run."""
        return [cache for cache in self.caches if cache.is_alive]

    # Input

    def send(self, event: Event) -> None:
        """Append an event, in most cases where its customer's home is."""
        chance = self.kernel.random
        key = event["subject"].encode()
        number = partition_of(key, self.plan.partitions)
        if chance.random() < 0.15:
            number = chance.randrange(self.plan.partitions)
        keyed = None if chance.random() < 0.1 else key
        topic = TOPIC_OF[event["type"].split(".")[1]]
        self._append(topic, number, keyed, self.events.value(event))

    def send_something(self) -> None:
        """Send an event, the same again, poison or junk."""
        chance = self.kernel.random
        what = chance.random()
        if what < 0.03:
            self.dead_letters += 1
            self.send(self.events.poison())
        elif what < 0.06:
            self.dead_letters += 1
            topic, number = chance.choice(SOURCES[:4]), chance.randrange(self.plan.partitions)
            self._append(topic, number, None, self.events.junk())
        elif what < 0.15 and self.sent:
            self.send(chance.choice(self.sent))
        else:
            event = self.events.event()
            self.sent.append(event)
            self.send(event)

    def _append(self, topic: str, number: int, key: bytes | None, value: bytes | None) -> None:
        self.broker.append(topic, number, Record(key, value, None, self._stamp))

    def turn_day(self) -> None:
        """Let the workers' clocks go on to the next day."""
        self.clock.began_at += 86_400

    @property
    def today(self) -> int:
        """How many days have turned."""
        days = self.clock.time() - (end_of_day_ms(self.first_day) - HALF_A_DAY_MS) / 1000
        return int(days // 86_400)
