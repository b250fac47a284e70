"""asyncio's event loop on a kernel's clock: it waits as any other thread does."""

import asyncio
import threading
from asyncio import events
from typing import Any

from simulation.kernel import Kernel, Task


class _Selector:
    """Waits for the next timer, or until the loop is called from another thread."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._task: Task | None = None
        self._is_woken = False

    def select(self, timeout: float | None) -> list[Any]:
        if self._is_woken or (timeout is not None and timeout <= 0):
            self._is_woken = False
            return []
        self._task = self._kernel.current
        self._kernel.block(timeout)
        self._task, self._is_woken = None, False
        return []

    def wake(self) -> None:
        self._is_woken = True
        if self._task is not None:
            self._kernel.wake(self._task)


class Loop(asyncio.BaseEventLoop):
    """An event loop that runs in one of a kernel's threads.

    Parameters
    ----------
    kernel
        Whose.
    pool
        Where what would block is run.

    """

    def __init__(self, kernel: Kernel, pool: Any) -> None:
        super().__init__()
        self._kernel = kernel
        self._selector = _Selector(kernel)
        self._default_executor = pool
        self.set_exception_handler(self._note)

    def time(self) -> float:
        return self._kernel.now

    def run_forever(self) -> None:
        self._thread_id = threading.get_ident()
        events._set_running_loop(self)
        try:
            while True:
                self._run_once()
                if self._stopping:
                    break
        finally:
            self._stopping, self._thread_id = False, None
            events._set_running_loop(None)

    def _process_events(self, event_list: list[Any]) -> None:
        """Nothing but timers and calls happens here."""

    def _write_to_self(self) -> None:
        self._selector.wake()

    def _note(self, _: Any, context: dict[str, Any]) -> None:
        """Tell of an exception that nobody took."""
        if not self._kernel.is_over:
            self._kernel.crashes.append(f"{context['message']}: {context.get('exception')!r}")

    def __del__(self) -> None:
        """Say nothing of loops whose process died."""
