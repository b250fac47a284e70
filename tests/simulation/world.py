"""Which simulation is under way: clients that the code makes for itself find their broker here."""

from typing import TYPE_CHECKING, Any

from simulation.kernel import Kernel, Process
from simulation.threads import Time

if TYPE_CHECKING:
    from simulation.broker import Broker


class World:
    """A kernel, a broker, and what is drawn by the seed of clients' settings."""

    def __init__(self, kernel: Kernel, broker: "Broker", clock: Time) -> None:
        self.kernel = kernel
        self.clock = clock
        self.broker = broker
        self.socket_timeout_s = 60.0
        self.most_fetched = 500
        self.redis: Any = None
        self.groups: dict[str, Any] = {}

    @property
    def process(self) -> Process | None:
        """Whose code runs just now."""
        current = self.kernel.current
        return current.process if current is not None else None


_current: list[World] = []


def current() -> World:
    """Return the world that is being simulated."""
    return _current[-1]


def enter(world: World) -> None:
    """Begin to simulate a world."""
    _current.append(world)


def leave() -> None:
    """End what `enter` began."""
    _current.pop()
