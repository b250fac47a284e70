"""What goes wrong, and when it stops."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from simulation.caches import CacheProcess
from simulation.system import System
from simulation.worker import Worker
from streams import topics

_KINDS = ("EndTxn", "EndTxn", "AddPartitions", "Produce", "InitProducerId", "Question", "Group")
_COMPACTED = (topics.SNAPSHOTS, topics.SUMMARIES)


class Faults:
    """Breaks things by the seed: some kinds of faults, not all, in each.

    Parameters
    ----------
    system
        What is broken.
    calm
        Whether nothing is.

    """

    def __init__(self, system: System, *, calm: bool) -> None:
        self._system = system
        self._kernel = system.kernel
        self._network = system.broker.network
        self._chance = system.kernel.random
        self._is_over = False
        kinds: list[Callable[[], None]] = [
            self.kill,
            self.retire,
            self.join,
            self.pause,
            self.darken,
            self.slow_down,
            self.stop_broker,
            self.move_coordinator,
            self.rebalance,
            self.flake,
            self.flake,
            self.compact,
        ]
        if system.plan.caches:
            kinds += [self.stop_redis, self.cut_redis, self.cut_redis, self.lose_redis]
        self._kinds = [] if calm else [kind for kind in kinds if self._chance.random() < 0.5]

    @property
    def counted(self) -> Counter[str]:
        """How often each kind was."""
        return self._network.faults

    def storm(self, seconds: float) -> None:
        """Let things go wrong for a while."""
        until = self._kernel.now + seconds
        gap = self._system.plan.gap_s
        while self._kernel.now < until:
            self._kernel.sleep(2 * gap * self._chance.random())
            if self._kinds:
                kind = self._chance.choice(self._kinds)
                self._kernel.trace("fault", kind.__name__)
                kind()

    def heal(self) -> None:
        """Let nothing go wrong any more; whoever is gone comes back."""
        self._is_over = True
        self._network.heal()
        self._system.broker.coordinator.moves_until = 0.0
        self._system.redis.away_until = self._system.redis.fails = 0.0
        for worker in (*self._system.workers, *self._system.caches):
            if worker.process.is_paused and worker.is_alive:
                self._kernel.resume(worker.process)
        if not self._system.alive:
            self._system.start_worker()

    # Workers

    def _some(self) -> Worker | CacheProcess | None:
        alive = [*self._system.alive, *self._system.alive_caches]
        return self._chance.choice(alive) if alive else None

    def kill(self) -> None:
        """End a worker at once; another comes soon."""
        if (worker := self._some()) is not None:
            self.counted["kill"] += 1
            self._kernel.kill(worker.process)
            wait = self._chance.choice([0.1, 3.0, 15.0]) * self._chance.random()
            self._kernel.call_later(wait, self._come_back)

    def retire(self) -> None:
        """End a worker in order; another comes soon."""
        if (worker := self._some()) is not None:
            self.counted["SIGTERM"] += 1
            worker.stop()
            self._kernel.call_later(5 * self._chance.random(), self._come_back)

    def join(self) -> None:
        """Start one more worker, where there are few."""
        if len(self._system.alive) < 4:
            self.counted["join"] += 1
            self._system.start_worker()

    def _come_back(self) -> None:
        system = self._system
        if len(system.alive) < system.plan.workers:
            system.start_worker()
        if len(system.alive_caches) < system.plan.caches:
            system.start_cache()

    def pause(self) -> None:
        """Let a worker stand still, sometimes for longer than its session."""
        worker = self._some()
        if worker is None or worker.process.is_paused:
            return
        self.counted["SIGSTOP"] += 1
        self._kernel.pause(worker.process)
        seconds = self._system.plan.session_s * self._chance.choice([0.2, 1.0, 2.5, 6.0])
        self._kernel.call_later(seconds * self._chance.random(), partial(self._resume, worker))

    def _resume(self, worker: Worker | CacheProcess) -> None:
        if worker.is_alive and worker.process.is_paused:
            self._kernel.resume(worker.process)

    # The network and the broker

    def _while(self) -> float:
        return self._kernel.now + self._chance.choice([0.3, 3.0, 15.0]) * self._chance.random()

    def darken(self) -> None:
        """Let nothing get through to a worker, or from it."""
        if (worker := self._some()) is not None:
            self.counted["blackhole"] += 1
            self._network.dark[worker.process.name] = self._while()

    def slow_down(self) -> None:
        """Let everything of a worker take long."""
        if (worker := self._some()) is not None:
            self.counted["slow"] += 1
            seconds = self._chance.choice([0.05, 0.5, 5.0])
            self._network.slow[worker.process.name] = self._while(), seconds

    def stop_broker(self) -> None:
        """Let the broker be away for a while: it forgets nothing."""
        self.counted["broker away"] += 1
        self._network.down_until = self._while()

    def move_coordinator(self) -> None:
        """Let nobody coordinate transactions for a while."""
        self.counted["coordinator moves"] += 1
        self._system.broker.coordinator.moves_until = self._while()

    def rebalance(self) -> None:
        """Let the group share out anew."""
        self.counted["rebalance"] += 1
        self._system.group.change()

    def flake(self) -> None:
        """Let requests of a kind be cut, lost, held back or slow for a while."""
        kind = self._chance.choice(_KINDS)
        faults = {
            fault: self._chance.choice([0.05, 0.2, 0.6])
            for fault in ("cut", "deaf", "held", "slow")
            if self._chance.random() < 0.5
        }
        self._network.chances[kind] = faults
        until = self._while()
        self._kernel.call_at(until, partial(self._network.chances.pop, kind, None))

    # Redis

    def stop_redis(self) -> None:
        """Let Redis be away for a while, and forget its scripts."""
        self.counted["redis away"] += 1
        self._system.redis.away_until = self._while()
        self._system.redis.restart()

    def cut_redis(self) -> None:
        """Let connections to Redis be cut now and then, within pipelines too."""
        self.counted["redis cut"] += 1
        redis = self._system.redis
        redis.fails = self._chance.choice([0.02, 0.2, 0.5])

        def mend() -> None:
            redis.fails = 0.0

        self._kernel.call_at(self._while(), mend)

    def lose_redis(self) -> None:
        """Let Redis lose everything, or what came since some time; or note that time."""
        redis, what = self._system.redis, self._chance.random()
        if what < 0.4:
            redis.back_up()
        elif what < 0.8:
            self.counted["redis put back"] += 1
            redis.put_back()
        else:
            self.counted["redis emptied"] += 1
            redis.empty()

    # Topics

    def compact(self) -> None:
        """Let the broker compact."""
        broker, taken = self._system.broker, 0
        for topic in (*_COMPACTED, topics.PROFILES, self._system.changelog):
            for log in broker.logs(topic):
                taken += log.compact(self._chance.choice([0, 5, 50]), tombstones=True)
        self.counted["compaction"] += bool(taken)
