"""One seed's simulation, from its start until it has come to rest."""

import gc
import random
import time
import traceback
from collections import Counter
from typing import NamedTuple

from simulation import world as worlds
from simulation.caches import Expected
from simulation.faults import Faults
from simulation.holes import Hole, lose_input, stands
from simulation.kernel import Kernel, Violation
from simulation.mutations import Mutant, planted
from simulation.patches import patched
from simulation.redis_client import redis_client
from simulation.rest import Inputs, check_journal, check_profiles, restless
from simulation.system import Plan, System
from simulation.threads import Pollers
from streams.journal_replay import JournalBroken

REST_S = 300.0
BROKEN = "the simulation is broken: "
_TOLD = ("timed out", "FENCED", "EndTxn was sent more than once", "not known")


class Outcome(NamedTuple):
    """What came of a seed.

    Attributes
    ----------
    failure
        What was violated, nothing where all held.
    digest
        Of everything that happened, in its order.
    lines
        The last things that happened.

    """

    seed: int
    failure: str
    digest: str
    virtual_s: float
    seconds: float
    events: int
    faults: Counter[str]
    sometimes: Counter[str]
    lines: list[str]


class Simulation:
    """A simulation of one seed.

    Parameters
    ----------
    seed
        Decides everything.
    calm
        Whether nothing is broken.
    mutant
        A fault planted in the code, None: the code as it is.

    """

    def __init__(self, seed: int, *, calm: bool = False, mutant: Mutant | None = None) -> None:
        self._mutant = mutant
        self.seed = seed
        self.plan = Plan(seed)
        self.kernel = Kernel(seed, self.plan.preempts)
        self.system = System(self.kernel, self.plan)
        self.heard: Counter[str] = Counter()
        self._hole: Hole | None = None
        self._stands = False
        self.faults = Faults(self.system, calm=calm)

    def run(self) -> Outcome:
        """Run it to its end."""
        began, failure = time.monotonic(), ""
        gc.set_threshold(100_000, 50, 100)
        random.seed(self.seed)
        worlds.enter(self.system.world)
        shrunk = {
            **self.plan.shrunk,
            "streams.journal_replay.Paced": Inputs,
            "streams.cache.redis_client": redis_client,
            "streams.lane.transaction._POLLER": Pollers(self.kernel),
        }
        try:
            with patched(self.kernel, self.system.clock, self._hear, self._signal, shrunk):
                with planted(self._mutant):
                    self.kernel.spawn(None, "script", self._script)
                    self.kernel.run()
                failure = self._checked()
        except Violation as violation:
            failure = str(violation)
        except Exception:  # noqa: BLE001 - of the simulation itself
            failure = BROKEN + traceback.format_exc()
        finally:
            worlds.leave()
        return self._outcome(failure, time.monotonic() - began)

    def _checked(self) -> str:
        """Return what the oracles say of a system at rest, nothing where all holds."""
        if self._stands:
            return ""
        try:
            check_profiles(self.system)
            check_journal(self.system)
        except (Violation, JournalBroken) as violation:
            return str(violation)
        except Exception:  # noqa: BLE001 - the journal cannot even be executed again
            return traceback.format_exc()
        return ""

    def _hear(self, event: str, reason: str) -> None:
        self.heard[event] += 1
        for word in _TOLD:
            if word in reason:
                self.heard[f"{event}: {word}"] += 1

    def _signal(self) -> None:
        """A worker ends itself: nobody can go on from the state that is stored."""
        process = self.system.world.process
        name = process.name if process is not None else "-"
        reasons = [w.segmenter.unusable for w in self.system.workers if w.segmenter]
        self.kernel.fail(Violation(f"{name} says that its state is unusable: {reasons}"))

    def _script(self) -> None:
        kernel, system, plan = self.kernel, self.system, self.plan
        for _ in range(plan.workers):
            system.start_worker()
        for _ in range(plan.caches):
            system.start_cache()
        kernel.spawn(None, "outside", self._outside)
        self.faults.storm(plan.storm_s)
        while len(system.sent) < plan.events or system.today < plan.days:
            kernel.sleep(0.5)
        self.faults.heal()
        self._come_to_rest()
        if kernel.crashes:
            raise Violation(f"threads died: {kernel.crashes[0]}")
        kernel.is_over = True

    def _outside(self) -> None:
        """Send events and turn days."""
        chance, plan, system = self.kernel.random, self.plan, self.system
        loses_at = chance.random() * plan.storm_s if plan.loss else 1e9
        turns = sorted(chance.random() * plan.storm_s for _ in range(plan.days))
        gap = plan.storm_s / plan.events
        while len(system.sent) < plan.events or turns:
            for _ in range(chance.choice([1, 1, 1, 5])):
                if len(system.sent) < plan.events:
                    system.send_something()
            if self._hole is None and self.kernel.now >= loses_at:
                self._hole = lose_input(system)
                self.faults.counted[f"input {plan.loss}"] += 1
            if turns and self.kernel.now >= turns[0]:
                turns.pop(0)
                system.turn_day()
            self.kernel.sleep(2 * gap * chance.random())

    def _come_to_rest(self) -> None:
        limit = self.kernel.now + REST_S
        while why := restless(self.system) or self._unlike():
            if self.kernel.crashes:
                return
            if self._hole is not None and stands(self.system, self._hole):
                self.heard[f"stood still, input {self.plan.loss}"] += 1
                self._stands = True
                return
            if not self.system.alive:
                self.system.start_worker()  # those that were to end in order have done so now
            if self.plan.caches and not self.system.alive_caches:
                self.system.start_cache()
            if self.kernel.now > limit:
                raise Violation(f"it does not come to rest: {why}")
            self.kernel.sleep(1.0)

    def _unlike(self) -> str:
        """Return how Redis is not yet what it should be."""
        if not self.plan.caches:
            return ""
        keys = self.system.redis.data.keys
        return Expected(self.system.outputs).differs(keys)

    def _outcome(self, failure: str, seconds: float) -> Outcome:
        sometimes = Counter(self.heard)
        sometimes.update(self.system.safety.sometimes)
        sometimes.update(self.kernel.sometimes)
        return Outcome(
            self.seed,
            failure,
            self.kernel.digest,
            self.kernel.now,
            seconds,
            len(self.system.sent),
            self.faults.counted,
            sometimes,
            list(self.kernel.lines),
        )
