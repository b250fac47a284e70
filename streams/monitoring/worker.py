"""What a worker says of itself: metrics of its partitions, whether it is healthy, and ready."""

import time
from collections import Counter as Counts
from collections.abc import Iterator, Sequence
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from nyxter_online.refusals import kind_of
from streams import topics
from streams.lane.lanes import Lanes
from streams.lane.records import Record
from streams.monitoring.broker import BrokerWatch
from streams.monitoring.monitor import Checks
from streams.monitoring.standstills import StandstillMetric
from streams.place import Place
from streams.segmenter.board import Board
from streams.segmenter.shift import SegmentShift

_LOOP_S: Final = 60.0  # the loop that fetches turns every second
_WORK_S: Final = 300.0  # a batch takes less than a second


class Outputs:
    """Counts what is published, as it is committed."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._dead_letters = Counter(
            "nyxter_dead_letters", "Messages that were not applied", ["reason"], registry=registry
        )
        self._records = Counter(
            "nyxter_outputs", "Records published, by topic", ["topic"], registry=registry
        )
        self._counted = {
            name: self._records.labels(name)
            for name in (topics.PROFILES, topics.SEGMENT_EVENTS, topics.REPARTITION)
        }

    def committed(self, records: Sequence[Record]) -> None:
        """Count the records of a transaction."""
        told = Counts(record.topic for record in records)
        for topic, counter in self._counted.items():
            counter.inc(told[topic])
        if told[topics.DEAD_LETTERS]:
            for record in records:
                if record.topic == topics.DEAD_LETTERS:
                    self._dead_letters.labels(str(kind_of(_reason(record)))).inc()


def _reason(record: Record) -> str:
    named = dict(record.headers or ())
    return named["nyxter-reason"].decode()


class Lag(Collector):
    """How far each partition is behind, as Prometheus asks for it."""

    def __init__(self, lanes: Lanes, watch: BrokerWatch) -> None:
        self._lanes = lanes
        self._watch = watch

    def collect(self) -> Iterator[Any]:
        """Yield the offsets that lie ahead, by topic and partition."""
        family = GaugeMetricFamily(
            "nyxter_lag_records", "Offsets still to be applied", labels=["topic", "partition"]
        )
        for lane in self._lanes:
            for topic in self._lanes.config.sources:
                end = self._watch.ends.get(Place(topic, lane.partition))
                if end is None:
                    continue
                ahead = max(0, end - lane.positions.get(topic, 0))
                family.add_metric([topic, str(lane.partition)], ahead)
        yield family


class Alarms(Collector):
    """What no limit refuses but somebody should know of (`streams.segmenter.alarms`)."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    def collect(self) -> Iterator[Any]:
        """Yield, by partition, orders beyond a day's limit and whether there are too many groups.

        The orders are counted since the partition was loaded.
        """
        orders = GaugeMetricFamily(
            "nyxter_orders_over_limit",
            "Changes of days with more orders of a customer than limits.orders_a_day",
            labels=["partition"],
        )
        groups = GaugeMetricFamily(
            "nyxter_groups_over_limit",
            "1 where there are more groups than limits.groups: no new ranks",
            labels=["partition"],
        )
        for lane in self._lanes:
            if isinstance(shift := lane.shift, SegmentShift):
                orders.add_metric([str(lane.partition)], shift.orders_alarm.seen)
                groups.add_metric([str(lane.partition)], shift.summarising.alarm.is_on)
        yield from (orders, groups)


class WorkerReport:
    """A worker's metrics and checks.

    Parameters
    ----------
    registry
        Where metrics go.
    lanes, board
        The worker's.
    watch
        Asks the broker.

    """

    def __init__(
        self, registry: CollectorRegistry, lanes: Lanes, board: Board, watch: BrokerWatch
    ) -> None:
        self._lanes = lanes
        owned = Gauge("nyxter_partitions_owned", "Given by the group", registry=registry)
        owned.set_function(lambda: len(lanes.owned))
        number = Gauge("nyxter_snapshot_number", "The newest one at hand", registry=registry)
        number.set_function(lambda: board.latest.number if board.latest else 0)
        age = Gauge("nyxter_snapshot_age_seconds", "Since it came to hand", registry=registry)
        age.set_function(board.age)
        registry.register(Lag(lanes, watch))
        registry.register(Alarms(lanes))
        registry.register(StandstillMetric(lanes.config.standstills))

    @property
    def checks(self) -> Checks:
        """What is asked by `Monitor`."""
        return Checks(self.unhealthy, lambda: self.unhealthy() + self.unready())

    def unready(self) -> list[str]:
        """Return why no work is done just now."""
        return self._lanes.problems()

    def unhealthy(self) -> list[str]:
        """Return what only a restart mends."""
        now = time.monotonic()
        silent = now - self._lanes.turned_at
        told = [f"nothing was asked for since {silent:.0f} s"] if silent > _LOOP_S else []
        busy = {lane.partition: now - (lane.busy_since or now) for lane in self._lanes}
        stuck = {partition: since for partition, since in busy.items() if since > _WORK_S}
        return told + [f"partition {p} is at one batch since {s:.0f} s" for p, s in stuck.items()]
