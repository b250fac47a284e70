"""The stage in use: events go in, and what has come of them is looked at."""

import threading
import time
from typing import Final, Self

from confluent_kafka.admin import AdminClient

from streams.access.redis import redis_client
from streams.cli.demo.lookup import Lookup
from streams.cli.demo.sender import Sender
from streams.cli.demo.shelf import Shelf
from streams.cli.demo.stage import Stage
from streams.coverage import Coverage
from streams.ends import Ends

_CHECK_S: Final = 1.0


class Stopped(Exception):  # noqa: N818 - it names what happened
    """We were told to end."""


class TookTooLong(RuntimeError):  # noqa: N818 - it names what is the case
    """The time is up; the message says what was missing."""


class Scene:
    """What the demonstration holds of a stage; looked at often, it notices when a process ends.

    Its clients must be gone before the stage is cleared: the embedded broker waits for them.

    Parameters
    ----------
    stage
        What runs.
    stop
        Set when we are told to end.
    patience_s
        Seconds from now after which `look` raises ``TookTooLong``.

    Attributes
    ----------
    sender, coverage, shelf, lookup
        Events in; how far the segmenter is; the cards; the same as the console tells them.

    """

    def __init__(self, stage: Stage, stop: threading.Event, patience_s: float) -> None:
        partitions = stage.settings.partitions
        self.stage = stage
        self._stop = stop
        self.sender = Sender(stage.client)
        self.coverage = Coverage(stage.client, partitions)
        redis = redis_client(stage.settings)
        self.shelf = Shelf(redis, Ends(AdminClient(stage.client)), partitions)
        self.lookup = Lookup(stage.settings)
        self._give_up_at = time.monotonic() + patience_s
        self._check_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sender.close()
        self.coverage.close()

    @property
    def lag(self) -> int:
        """How many events were sent and are not applied yet."""
        return self.sender.sent - self.coverage.applied

    def look(self) -> None:
        """Learn what is new.

        Raises
        ------
        Stopped
            We were told to end.
        PartEnded
            A process of the stage has ended.
        TookTooLong
            The time is up.

        """
        if self._stop.is_set():
            raise Stopped
        self.sender.look()
        self.coverage.look()
        now = time.monotonic()
        if now >= self._check_at:
            self.stage.check()
            self._check_at = now + _CHECK_S
        if now > self._give_up_at:
            raise TookTooLong(f"the time is up: {self._missing()}")

    def is_scored(self) -> bool:
        """Tell whether every event is applied, and everyone scored with a card in Redis."""
        return self.lag == 0 and self.coverage.scores_everyone and self._is_kept()

    def is_settled(self) -> bool:
        """Tell whether every event is in, every score is exact, and Redis has it."""
        return (
            self._has_arrived() and self.coverage.is_settled(self.sender.ends) and self._is_kept()
        )

    def _has_arrived(self) -> bool:
        return self.sender.arrived == self.sender.sent

    def _is_kept(self) -> bool:
        return self.shelf.lag() == 0

    def _missing(self) -> str:
        if not self._has_arrived():
            return f"{self.sender.sent - self.sender.arrived:,} events are not on the broker"
        if self.lag:
            return f"the worker has not applied {self.lag:,} events"
        if not self.coverage.covers(self.sender.ends):
            return f"snapshot {self.coverage.snapshot} does not cover all events"
        if not self.coverage.is_settled(self.sender.ends):
            return f"not everyone is exact by snapshot {self.coverage.snapshot}"
        if behind := self.shelf.lag():
            return f"Redis is {behind:,} records behind the topics"
        return "everything is there; this machine was too slow"
