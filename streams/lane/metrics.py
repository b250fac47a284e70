"""What the lanes of a worker measure of their own work."""

import time
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from nyxter_online.intake import Message

_EVENTS: Final = (1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000)
_SECONDS: Final = (0.003, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15, 60)
_LONG: Final = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000)


class LaneMetrics:
    """The measures of all lanes of a worker, in a Prometheus registry.

    Attributes
    ----------
    events
        Events applied, dead letters included.
    batch
        Events of a batch.
    computed
        Seconds to compute a batch or a chore.
    committed
        Seconds to write and commit a transaction.
    latency
        Seconds from the Kafka timestamp of a batch's oldest event to the commit of what it led to.
    recovery
        Seconds to take over a partition: fence, read its state back, compute its figures.
    ended
        Lanes that came to an end, by how: stopped, fenced, broken.
    renewed
        New epochs of producers whose state was kept, by reason.
    loaded
        Partitions that are worked on.

    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.events = Counter("nyxter_events", "Events applied", registry=registry)
        self.batch = Histogram(
            "nyxter_batch_events", "Events of a batch", registry=registry, buckets=_EVENTS
        )
        self.computed = Histogram(
            "nyxter_batch_seconds",
            "Time to compute a batch or a chore",
            registry=registry,
            buckets=_SECONDS,
        )
        self.committed = Histogram(
            "nyxter_transaction_seconds",
            "Time to write and commit a transaction",
            registry=registry,
            buckets=_SECONDS,
        )
        self.latency = Histogram(
            "nyxter_event_to_output_seconds",
            "From the Kafka timestamp of a batch's oldest event to the commit of its outputs",
            registry=registry,
            buckets=_SECONDS,
        )
        self.recovery = Histogram(
            "nyxter_recovery_seconds",
            "Time to take over a partition",
            registry=registry,
            buckets=_LONG,
        )
        self.ended = Counter(
            "nyxter_lanes_ended", "Lanes that came to an end", ["how"], registry=registry
        )
        self.renewed = Counter(
            "nyxter_epochs_renewed",
            "Producers that began a new epoch since a late EndTxn may have been under way",
            ["reason"],
            registry=registry,
        )
        self.loaded = Gauge("nyxter_partitions_loaded", "Partitions at work", registry=registry)

    def epoch_renewed(self, reason: str) -> None:
        """Take note that a producer began a new epoch with its state kept, and why."""
        self.renewed.labels(reason).inc()

    def applied(self, messages: Sequence[Message]) -> None:
        """Take note of the messages of a batch that was committed just now."""
        if messages:
            oldest = min(message.timestamp for message in messages)
            self.events.inc(len(messages))
            self.batch.observe(len(messages))
            self.latency.observe(max(0.0, time.time() - oldest / 1000))
