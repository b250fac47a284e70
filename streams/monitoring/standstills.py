"""Standstills as Prometheus asks for them."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from streams.lane.standstills import EVERY, Standstills


class StandstillMetric(Collector):
    """What keeps partitions from going on, as Prometheus asks for it."""

    def __init__(self, *standstills: Standstills) -> None:
        self._standstills = standstills

    def collect(self) -> Iterator[Any]:
        """Yield 1 for each standstill, by partition and reason; the worker's own by "all"."""
        family = GaugeMetricFamily(
            "nyxter_standstill",
            "1 while a partition cannot go on, by reason",
            labels=["partition", "reason"],
        )
        for each in [each for one in self._standstills for each in one.current()]:
            partition = "all" if each.partition == EVERY else str(each.partition)
            family.add_metric([partition, each.reason], 1)
        yield family
