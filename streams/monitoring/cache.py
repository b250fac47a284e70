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
from streams.monitoring.broker import BrokerWatch
from streams.monitoring.monitor import Checks, Monitor, process_registry
from streams.monitoring.worker import StandstillMetric
from streams.place import Place
from streams.settings import Settings
from streams.topics import PROFILES

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
        registry.register(CacheLag(cache))
        registry.register(StandstillMetric(cache.standstills))

    @property
    def checks(self) -> Checks:
        """What is asked by `Monitor`."""
        return Checks(self.unhealthy, lambda: self.unhealthy() + self.unready())

    def unready(self) -> list[str]:
        """Return why Redis is not filled just now."""
        return self._watch.problems() + self._cache.problems()

    def unhealthy(self) -> list[str]:
        """Return what only a restart mends."""
        still = time.monotonic() - self._cache.turned_at
        return [f"the cache stands still since {still:.0f} s"] if still > _LOOP_S else []


@contextmanager
def monitored(settings: Settings, cache: Cache) -> Iterator[None]:
    """Answer meanwhile who asks how the cache is, where the settings say that somebody may.

    Raises ``AddressTaken`` where nobody can listen there.
    """
    if not settings.monitor:
        yield
        return
    registry, ends = process_registry(), Ends(AdminClient(kafka_access(settings)))
    watch = BrokerWatch(ends, Place(PROFILES, 0), lambda: cache.lags)
    monitor = Monitor(settings.monitor, registry, CacheReport(registry, cache, watch).checks)
    watch.start()
    monitor.start()
    try:
        yield
    finally:
        watch.stop()
        monitor.stop()
