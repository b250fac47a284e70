"""What `time`, `threading` and `concurrent.futures` are in a simulation."""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Self

from simulation.kernel import Kernel, Process, Task

EPOCH_S = 1_000.0  # what monotonic clocks show at the beginning


class Time:
    """The module `time`, by a kernel's clock; `wall` says what time of day it is."""

    def __init__(self, kernel: Kernel, began_at: float) -> None:
        self._kernel = kernel
        self.began_at = began_at

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def monotonic(self) -> float:
        self._kernel.preempt()
        return self._kernel.now + EPOCH_S

    perf_counter = monotonic

    def time(self) -> float:
        return self.began_at + self._kernel.now

    def time_ns(self) -> int:
        return int((self.began_at + self._kernel.now) * 1e9)

    def sleep(self, seconds: float) -> None:
        self._kernel.sleep(seconds)


class Event:
    """`threading.Event`."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._is_set = False
        self._waiting: list[Task] = []

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        waiting, self._waiting = self._waiting, []
        for task in waiting:
            self._kernel.wake(task)

    def clear(self) -> None:
        self._is_set = False

    def wait(self, timeout: float | None = None) -> bool:
        if self._is_set:
            self._kernel.preempt()
            return True
        task = self._kernel.current
        assert task is not None
        self._waiting.append(task)
        if not self._kernel.block(timeout):
            self._waiting = [other for other in self._waiting if other is not task]
        return self._is_set


class Lock:
    """`threading.Lock`, and `RLock` where it may be taken again by who has it."""

    def __init__(self, kernel: Kernel, *, again: bool = False) -> None:
        self._kernel = kernel
        self._again = again
        self._owner: Task | None = None
        self._depth = 0
        self._waiting: deque[Task] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        kernel = self._kernel
        if kernel.current is None:
            return True
        kernel.preempt()
        task = kernel.current
        if self._again and self._owner is task:
            self._depth += 1
            return True
        while self._owner is not None and not self._owner.is_done:
            if not blocking:
                return False
            self._waiting.append(task)
            if not kernel.block(None if timeout < 0 else timeout):
                return False
        self._owner, self._depth = task, 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if self._depth > 0:
            return
        self._owner = None
        if self._waiting:
            self._kernel.wake(self._waiting.popleft())

    def locked(self) -> bool:
        return self._owner is not None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Thread:
    """`threading.Thread`."""

    def __init__(
        self,
        kernel: Kernel,
        target: Callable[..., Any],
        name: str = "thread",
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        daemon: bool = False,
    ) -> None:
        self._kernel = kernel
        self._target, self._args, self._kwargs = target, args, dict(kwargs or {})
        self.name = name
        self.daemon = daemon
        self._task: Task | None = None

    @property
    def ident(self) -> int | None:
        return None if self._task is None else 1

    def start(self) -> None:
        current = self._kernel.current
        process = current.process if current is not None else None
        run = lambda: self._target(*self._args, **self._kwargs)  # noqa: E731
        self._task = self._kernel.spawn(process, self.name, run)

    def is_alive(self) -> bool:
        return self._task is not None and not self._task.is_done

    def join(self, timeout: float | None = None) -> None:
        assert self._task is not None
        assert self._kernel.current is not None
        if not self._task.is_done:
            self._task.joiners.append(self._kernel.current)
            self._kernel.block(timeout)


class Threading:
    """The module `threading`, of a kernel's threads."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)

    def Event(self) -> Event:  # noqa: N802
        return Event(self._kernel)

    def Lock(self) -> Lock:  # noqa: N802
        return Lock(self._kernel)

    def RLock(self) -> Lock:  # noqa: N802
        return Lock(self._kernel, again=True)

    def Thread(self, *_: Any, **kwargs: Any) -> Thread:  # noqa: N802
        return Thread(self._kernel, **kwargs)


class Pollers:
    """`streams.lane.polling.Poller`: what each process has its callbacks served by."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._polled: dict[Process | None, list[Any]] = {}

    def add(self, polled: Any) -> None:
        process = self._kernel.current.process if self._kernel.current else None
        if process not in self._polled:
            self._kernel.spawn(process, "polling", self._run, process)
        self._polled.setdefault(process, []).append(polled)

    def discard(self, polled: Any) -> None:
        for listed in self._polled.values():
            if polled in listed:
                listed.remove(polled)

    def _run(self, process: Process | None) -> None:
        while True:
            self._kernel.sleep(1.0)
            for polled in list(self._polled[process]):
                polled.serve_callbacks()


class Pool:
    """`ThreadPoolExecutor`: so many jobs at a time, each in a thread of its own."""

    def __init__(self, kernel: Kernel, most: int, name: str) -> None:
        self._kernel = kernel
        self._most = most
        self._name = name
        self._active = 0
        self._queue: deque[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = deque()
        self._idle = Event(kernel)

    def submit(self, function: Callable[..., Any], /, *args: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        self._queue.append((future, function, args))
        self._begin()
        return future

    def _begin(self) -> None:
        current = self._kernel.current
        assert current is not None
        while self._queue and self._active < self._most:
            self._active += 1
            self._idle.clear()
            self._kernel.spawn(current.process, self._name, self._work, *self._queue.popleft())

    def _work(
        self, future: "Future[Any]", function: Callable[..., Any], args: tuple[Any, ...]
    ) -> None:
        try:
            if future.set_running_or_notify_cancel():
                _settle(future, function, args)
        finally:
            self._active -= 1
            if not self._kernel.is_over:
                self._begin()
                if not self._active:
                    self._idle.set()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            for future, _, _ in self._queue:
                future.cancel()
            self._queue.clear()
        if wait and self._active:
            self._idle.wait()


def _settle(future: "Future[Any]", function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        result = function(*args)
    except Exception as error:  # noqa: BLE001 - as a pool does
        future.set_exception(error)
    else:
        future.set_result(result)
