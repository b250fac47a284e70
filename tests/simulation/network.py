"""What lies between clients and the broker: it delays, cuts, swallows, and delivers late."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from simulation.kernel import Kernel, Process


class NoAnswer(Exception):  # noqa: N818 - it names what is the case
    """The connection was cut, or the answer did not come in time.

    Whether the request was worked off, or still will be, its sender does not know.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Held:
    """A request that lies in some buffer, to be delivered when the moment comes."""

    def __init__(self, name: str, moment: str, deliver: Callable[[], None]) -> None:
        self.name = name
        self.moment = moment
        self._deliver = deliver
        self._is_delivered = False

    def deliver(self) -> bool:
        """Let it arrive, once."""
        if self._is_delivered:
            return False
        self._is_delivered = True
        self._deliver()
        return True


class Network:
    """The state of all links.

    Attributes
    ----------
    chances
        By kind of request ("EndTxn", …; "*": all), how likely each fault is: "cut" (before it
        arrives), "deaf" (its answer is lost), "held" (it arrives later), "slow".
    dark, slow
        By process, until when nothing goes through, and how much longer everything takes.

    """

    MOMENTS = ("AddPartitions", "Produce", "EndTxn", "later", "later")

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.chances: dict[str, dict[str, float]] = {}
        self.dark: dict[str, float] = {}
        self.slow: dict[str, tuple[float, float]] = {}  # until, seconds
        self.down_until = 0.0
        self.latency_s = 0.0005
        self.faults: Counter[str] = Counter()
        self.held: list[Held] = []

    def heal(self) -> None:
        """Break nothing any more."""
        self.chances.clear()
        self.dark.clear()
        self.slow.clear()
        self.down_until = 0.0
        for held in self.held:
            held.deliver()
        self.held.clear()

    def is_dark(self, process: Process | None) -> bool:
        """Tell whether nothing gets through to a process."""
        return self.dark_until(process) > self.kernel.now

    def dark_until(self, process: Process | None) -> float:
        """Return until when nothing gets through to a process."""
        own = 0.0 if process is None else self.dark.get(process.name, 0.0)
        return max(own, self.down_until)

    def delay(self, process: Process | None) -> float:
        """Return how long one way takes just now."""
        base = self.latency_s * (0.5 + self.kernel.random.random())
        if process is not None and process.name in self.slow:
            until, seconds = self.slow[process.name]
            if self.kernel.now < until:
                return base + seconds * self.kernel.random.random()
        return base

    def fate(self, kind: str) -> str:
        """Decide what becomes of a request."""
        for name in (kind, "*"):
            for fault, chance in self.chances.get(name, {}).items():
                if self.kernel.random.random() < chance:
                    self.faults[f"{fault} {kind if name == kind else 'request'}"] += 1
                    return fault
        return "ok"

    def arrived(self, name: str, kind: str) -> None:
        """Deliver what was held of a producer until just after a request of this kind."""
        if not self.held:
            return
        for held in [h for h in self.held if h.name == name and h.moment == kind]:
            self.held.remove(held)
            held.deliver()


class Connection:
    """A client's connection to the broker: requests arrive in order, and it may be cut.

    Parameters
    ----------
    network
        What it goes through.
    process
        Whose it is; None: nobody's who can be cut off.
    name
        The transactional id of who asks, where they have one.

    """

    def __init__(self, network: Network, process: Process | None, name: str = "") -> None:
        self._network = network
        self._kernel = network.kernel
        self._process = process
        self._name = name
        self._arrives = 0.0

    def ask(
        self,
        kind: str,
        handle: Callable[[], Any],
        timeout: float,
        on_sent: Callable[[], None] = lambda: None,
    ) -> Any:
        """Send a request and wait for what the broker answers.

        `on_sent` is called where the request leaves. What a blackhole swallows the system sends
        again when it can, so it arrives after all. Raises NoAnswer.
        """
        kernel, network = self._kernel, self._network
        if kernel.now < network.down_until:
            kernel.sleep(min(timeout, 0.1 + 0.4 * kernel.random.random()))
            raise NoAnswer("refused")
        on_sent()
        fate = network.fate(kind) if self._process is not None else "ok"
        exchange = _Exchange(self, kind, handle, fate)
        slow = kernel.random.random() * 4 if fate == "slow" else 0.0
        leaves = max(kernel.now, network.dark_until(self._process))
        at = max(self._arrives, leaves + network.delay(self._process) + slow)
        self._arrives = at
        if fate == "held":
            self._hold(exchange)
        elif fate != "cut":
            kernel.call_at(at, exchange.arrive)
        if fate in ("cut", "held"):
            kernel.call_at(at, exchange.lose)
        answered = exchange.is_over or kernel.block(timeout)
        exchange.task = None
        if not answered:
            self._arrives = 0.0
            raise NoAnswer("late")
        if not exchange.is_answered:
            self._arrives = 0.0
            raise NoAnswer("cut")
        return exchange.answer

    def _hold(self, exchange: "_Exchange") -> None:
        kernel = self._kernel
        moment = kernel.random.choice(Network.MOMENTS)
        held = Held(self._name, moment, exchange.arrive)
        self._network.held.append(held)
        wait = kernel.random.choice([0.05, 0.5, 2.0, 8.0]) * kernel.random.random()
        kernel.call_later(wait if moment == "later" else 12.0, lambda: held.deliver() and None)

    def answer_after(self) -> float:
        """Return how long an answer is on its way."""
        return self._network.delay(self._process)

    def arrived(self, kind: str) -> None:
        """Take note that a request of ours was worked off."""
        self._network.arrived(self._name, kind)


class _Exchange:
    """One request and its answer."""

    def __init__(
        self, connection: Connection, kind: str, handle: Callable[[], Any], fate: str
    ) -> None:
        self._connection = connection
        self._kernel = connection._kernel
        self._kind = kind
        self._handle = handle
        self._fate = fate
        self.task = self._kernel.current
        self.is_answered = False
        self.is_over = False
        self.answer: Any = None

    def arrive(self) -> None:
        answer = self._handle()
        self._kernel.trace(self._kind, self._connection._name, _brief(answer), self._fate)
        if self._fate in ("ok", "slow"):
            wait = self._connection.answer_after()
            self._kernel.call_later(wait, lambda: self._take(answer))
        elif self._fate == "deaf":
            self.lose()
        if self._fate != "held":
            self._connection.arrived(self._kind)

    def _take(self, answer: Any) -> None:
        network, process = self._connection._network, self._connection._process
        if network.is_dark(process):
            at = network.dark_until(process) + network.delay(process)
            self._kernel.call_at(at, lambda: self._take(answer))
            return
        self.answer, self.is_answered = answer, True
        self.lose()

    def lose(self) -> None:
        """Let the one who asked go on."""
        self.is_over = True
        if self.task is not None:
            self._kernel.wake(self.task)


def _brief(answer: Any) -> str:
    return answer if isinstance(answer, str) else ""
