"""One thread, one clock, one seed: what runs side by side in a real system takes turns here.

Every thread is a greenlet that gives the turn back wherever it would block (and sometimes where it
takes a lock or looks at the clock). Who goes on next, and how long anything takes, the seed says.
"""

import asyncio
import hashlib
import heapq
import random
import traceback
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet

_REMEMBERED = 400


class Violation(AssertionError):  # noqa: N818 - it names what is the case
    """A law of the system does not hold, or it does not come to rest."""


class Process:
    """What dies together: a worker or a cache with all its threads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.is_paused = False
        self.backlog: list[Task] = []


class Task:
    """A thread: a greenlet, the process that it belongs to, and what it waits for."""

    __slots__ = ("greenlet", "is_done", "is_waiting", "joiners", "name", "process", "turn", "woken")

    def __init__(self, name: str, process: Process | None) -> None:
        self.name = name
        self.process = process
        self.greenlet: greenlet = None
        self.is_done = False
        self.is_waiting = False
        self.woken = False
        self.turn = 0
        self.joiners: list[Task] = []


class Kernel:
    """The scheduler and its clock.

    Parameters
    ----------
    seed
        Decides everything.
    preempts
        How likely a thread gives its turn away where it takes a lock or looks at the clock.

    """

    def __init__(self, seed: int | str, preempts: float = 0.1) -> None:
        self.random = random.Random(f"nyxter {seed}")
        self.now = 0.0
        self.current: Task | None = None
        self.crashes: list[str] = []
        self.sometimes: Counter[str] = Counter()  # rare things that happened
        self.failure: BaseException | None = None
        self.lines: deque[str] = deque(maxlen=_REMEMBERED)
        self.is_over = False
        self.turns = 0
        self._preempts = preempts
        self._digest = hashlib.blake2b(digest_size=16)
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0
        self._ready: list[Task] = []
        self._tasks: list[Task] = []
        self._hub = getcurrent()

    # Trace

    def trace(self, *what: Any) -> None:
        """Note what happens: the digest of all of it is the same whenever the seed is."""
        process = self.current.process.name if self.current and self.current.process else "-"
        line = f"{self.now:.6f} {process} " + " ".join(map(str, what))
        self._digest.update(line.encode())
        self.lines.append(line)

    @property
    def digest(self) -> str:
        """Of everything that was noted so far."""
        return self._digest.hexdigest()

    # Threads

    def spawn(
        self, process: Process | None, name: str, function: Callable[..., Any], *args: Any
    ) -> Task:
        """Start a thread."""
        task = Task(name, process)
        task.greenlet = greenlet(lambda: self._body(task, function, args), self._hub)
        self._tasks.append(task)
        self._make_ready(task)
        return task

    def _body(self, task: Task, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            function(*args)
        except GreenletExit:
            pass
        except Violation as failure:
            self.fail(failure)
        except Exception as error:  # noqa: BLE001 - a thread that dies is found by the oracles
            name = task.process.name if task.process else "-"
            self.trace("thread died", task.name, type(error).__name__)
            if task.process is None:
                self.fail(error)
            elif not self.is_over:
                self.crashes.append(f"{name}/{task.name}: {traceback.format_exc()}")
        finally:
            task.is_done = True
            for joiner in task.joiners:
                self.wake(joiner)

    def fail(self, failure: BaseException) -> None:
        """End the run: this is what it came to."""
        self.failure = self.failure or failure
        self.is_over = True

    def block(self, timeout: float | None = None) -> bool:
        """Wait until somebody wakes this thread; False when the time was over first."""
        task = self.current
        assert task is not None, "only threads wait"
        if self.is_over:
            raise GreenletExit
        task.turn += 1
        if timeout is not None:
            self.call_at(self.now + max(0.0, timeout), _Expiry(self, task, task.turn))
        task.is_waiting, task.woken = True, False
        self._switch(task)
        return task.woken

    def _switch(self, task: Task) -> None:
        loop = asyncio._get_running_loop()
        if loop is not None:
            asyncio._set_running_loop(None)
        self._hub.switch()
        self.current = task
        if self.is_over:
            raise GreenletExit
        if loop is not None:
            asyncio._set_running_loop(loop)

    def wake(self, task: Task) -> None:
        """Let a thread that waits go on."""
        if task.is_waiting:
            task.is_waiting, task.woken = False, True
            self._make_ready(task)

    def expire(self, task: Task, turn: int) -> None:
        """Let a thread go on whose time is over."""
        if task.is_waiting and task.turn == turn:
            task.is_waiting = False
            self._make_ready(task)

    def _make_ready(self, task: Task) -> None:
        process = task.process
        if process is None:
            self._ready.append(task)
        elif process.is_dead:
            return
        elif process.is_paused:
            process.backlog.append(task)
        else:
            self._ready.append(task)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.block(seconds)

    def preempt(self) -> None:
        """Perhaps let others go first."""
        task = self.current
        if task is None or self.is_over or not self._ready:
            return
        if getcurrent() is task.greenlet and self.random.random() < self._preempts:
            task.turn += 1
            task.is_waiting = False
            self._make_ready(task)
            self._switch(task)

    # Time

    def call_at(self, at: float, function: Callable[[], None]) -> None:
        """Call a function at a time; it must not wait."""
        self._number += 1
        heapq.heappush(self._timers, (at, self._number, function))

    def call_later(self, seconds: float, function: Callable[[], None]) -> None:
        """Call a function after a while; it must not wait."""
        self.call_at(self.now + seconds, function)

    # Processes

    def kill(self, process: Process) -> None:
        """End a process at once: nothing of it ever runs again."""
        process.is_dead = True
        process.backlog.clear()
        self._ready = [task for task in self._ready if task.process is not process]

    def pause(self, process: Process) -> None:
        """Let a process stand still."""
        process.is_paused = True
        process.backlog += [task for task in self._ready if task.process is process]
        self._ready = [task for task in self._ready if task.process is not process]

    def resume(self, process: Process) -> None:
        """Let a process go on."""
        process.is_paused = False
        backlog, process.backlog = process.backlog, []
        for task in backlog:
            self._make_ready(task)

    # The run

    def run(self) -> None:
        """Run until `is_over`; raise what the run failed with."""
        try:
            self._run()
        except Exception as failure:  # noqa: BLE001 - what an oracle says as something happens
            self.fail(failure)
        self._take_down()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        timers, choose = self._timers, self.random.random
        while not self.is_over:
            ready = self._ready
            if ready:
                index = int(choose() * len(ready)) if len(ready) > 1 else 0
                task = ready[index]
                ready[index] = ready[-1]
                ready.pop()
                self._turn(task)
            elif timers:
                at, _, function = heapq.heappop(timers)
                self.now = max(self.now, at)
                function()
            else:
                self.fail(Violation("nothing will ever happen again"))

    def _turn(self, task: Task) -> None:
        if task.is_done:
            return
        self.turns += 1
        self.current = task
        task.greenlet.switch()
        self.current = None

    def _take_down(self) -> None:
        """Let every thread that still waits end; whatever it does on its way ends it again."""
        for task in self._tasks:
            self.current = task
            if task.greenlet and not task.is_done:
                asyncio._set_running_loop(None)
                task.greenlet.throw(GreenletExit)
        self.current = None
        asyncio._set_running_loop(None)


class _Expiry:
    """A time-out, cheaper than a closure."""

    __slots__ = ("_kernel", "_task", "_turn")

    def __init__(self, kernel: Kernel, task: Task, turn: int) -> None:
        self._kernel, self._task, self._turn = kernel, task, turn

    def __call__(self) -> None:
        self._kernel.expire(self._task, self._turn)
