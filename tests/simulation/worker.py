"""One worker: the real segmenter, its lanes, leader and reader, over simulated clients."""

from types import SimpleNamespace
from typing import Any

from prometheus_client import CollectorRegistry

from schemas.rules import Rules
from simulation.fetching import Fetching
from simulation.groups import Group
from simulation.kernel import Process
from simulation.loops import Loop
from simulation.threads import Pool
from simulation.world import World
from streams.app import Segmenter
from streams.settings import Settings


class Worker:
    """A worker's life: from its start to its end or death."""

    def __init__(
        self, world: World, name: str, settings: Settings, rules: Rules, group: Group
    ) -> None:
        self.process = Process(name)
        self.segmenter: Segmenter | None = None
        self.unusable = ""
        self.has_ended = False
        self._world = world
        self._settings = settings
        self._rules = rules
        self._group = group
        self._fetching: Fetching | None = None
        self._loop: Loop | None = None
        world.kernel.spawn(self.process, "main", self._run)

    @property
    def is_alive(self) -> bool:
        """Whether it runs, or would if it were not paused."""
        return not (self.process.is_dead or self.has_ended)

    @property
    def lanes(self) -> list[Any]:
        """The lanes that are loaded."""
        return list(self.segmenter.lanes) if self.segmenter is not None else []

    def stop(self) -> None:
        """Let it end in order, as SIGTERM does."""
        if self._loop is not None and self._fetching is not None:
            self._loop.call_soon_threadsafe(self._fetching.stop)

    def _run(self) -> None:
        kernel = self._world.kernel
        self._loop = loop = Loop(kernel, Pool(kernel, 8, "asyncio"))
        self.segmenter = segmenter = Segmenter(self._settings, self._rules, CollectorRegistry())
        loop.run_until_complete(self._serve(segmenter))
        segmenter.stop()
        self.has_ended = True
        kernel.trace("ended")

    async def _serve(self, segmenter: Segmenter) -> None:
        world = self._world
        app = SimpleNamespace(lanes=segmenter.lanes)
        self._fetching = Fetching(
            app,
            kernel=world.kernel,
            broker=world.broker,
            process=self.process,
            group=self._group,
            session_s=self._settings.session_timeout_s,
        )
        segmenter.start()
        await self._fetching.serve()
