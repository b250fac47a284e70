"""What a cache says of itself: how far Redis is behind, whether it is healthy, and ready."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.access.kafka import kafka_access
from streams.cache.loop import Cache
from streams.ends import Ends
from streams.lane.standstills import EVERY, Reason, Standstill, Standstills
from streams.monitoring.broker import BrokerWatch
from streams.monitoring.monitor import Checks, Monitor, process_registry
from streams.monitoring.periodic import Periodic
from streams.monitoring.standstills import StandstillMetric
from streams.place import Place
from streams.settings import Settings
from streams.topics import PROFILES

_EVERY_S: Final = 1.0
_LOOP_S: Final = 120.0  # the loop goes round every second; waiting for Redis takes some


class CacheLag(Collector):
    """How far Redis is behind the topics, as Prometheus asks for it."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def collect(self) -> Iterator[Any]:
        """Yield the records still to come, by topic and partition."""
        family = GaugeMetricFamily(
            "nyxter_cache_lag_records", "Records not in Redis yet", labels=["topic", "partition"]
        )
        for place, lag in self._cache.lags.items():
            family.add_metric([place.topic, str(place.partition)], lag)
        yield family


class CacheReport:
    """A cache's metrics and checks; `watch` asks the broker."""

    def __init__(self, registry: CollectorRegistry, cache: Cache, watch: BrokerWatch) -> None:
        self._cache = cache
        self._watch = watch
        self.standstills = Standstills()  # beside the cache's own, which it ends by itself
        registry.register(CacheLag(cache))
        registry.register(StandstillMetric(cache.standstills, self.standstills))

    @property
    def checks(self) -> Checks:
        """What is asked by `Monitor`."""
        return Checks(self.unhealthy, lambda: self.unhealthy() + self.unready())

    def look(self) -> None:
        """Report what stands still; nothing is asked, so that no call which hangs delays it."""
        detail, remedy = self._watch.silence()
        if detail:
            self.standstills.begin(Standstill(Reason.BROKER_SILENT, EVERY, detail, remedy))
        else:
            self.standstills.end(Reason.BROKER_SILENT, EVERY)

    def unready(self) -> list[str]:
        """Return why Redis is not filled just now."""
        found = [f"{each.detail}; {each.remedy}" for each in self.standstills.current()]
        return found + self._cache.problems()

    def unhealthy(self) -> list[str]:
        """Return what only a restart mends."""
        still = time.monotonic() - self._cache.turned_at
        return [f"the cache stands still since {still:.0f} s"] if still > _LOOP_S else []


@contextmanager
def monitored(settings: Settings, cache: Cache) -> Iterator[None]:
    """Watch the cache meanwhile, and answer who asks where the settings say that somebody may.

    Raises ``AddressTaken`` where nobody can listen there.
    """
    registry, ends = process_registry(), Ends(AdminClient(kafka_access(settings)))
    watch = BrokerWatch(ends, Place(PROFILES, 0), lambda: cache.lags)
    report = CacheReport(registry, cache, watch)
    watchdog = Periodic("watchdog", _EVERY_S, report.look)
    parts: list[BrokerWatch | Periodic | Monitor] = [watch, watchdog]
    if settings.monitor:
        parts.append(Monitor(settings.monitor, registry, report.checks))
    for part in parts:
        part.start()
    try:
        yield
    finally:
        for part in parts:
            part.stop()
