"""Apache Kafka on three nodes, for tests that lose one of them."""

from contextlib import ExitStack
from typing import Self

from kafka_broker import KafkaBroker, Seat, free_address

NODES = 3


class KafkaCluster:
    """Three brokers, each a controller too; what is written is on two of them at least.

    Usage: ``with KafkaCluster() as cluster: ... cluster.bootstrap ... cluster.brokers[1].kill()``.
    """

    def __init__(self) -> None:
        controllers = {node: free_address() for node in range(1, NODES + 1)}
        self.brokers = {
            node: KafkaBroker(heap="512m", seat=Seat(node, controllers)) for node in controllers
        }
        self._stack = ExitStack()

    @property
    def bootstrap(self) -> str:
        """Addresses of all brokers."""
        return ",".join(broker.bootstrap for broker in self.brokers.values())

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for broker in self.brokers.values():
                stack.callback(broker.close)
            for broker in self.brokers.values():
                broker.launch()
            for broker in self.brokers.values():
                broker.wait_until_ready()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
