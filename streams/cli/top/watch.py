"""One side of a system, looked at in a thread of its own: it may be away, and others go on."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, Generic, Self, TypeVar

from confluent_kafka import KafkaException
from redis import RedisError

from streams.access.reach import Unreachable
from streams.lane.unusable import StateUnusable
from streams.topics import NoTopic

T = TypeVar("T")

EVERY_S: Final = 0.5
_AGAIN_S: Final = 2.0
_END_S: Final = 3.0


class Watch(Generic[T]):
    """Looks again and again; where that fails, it says why and begins anew.

    Parameters
    ----------
    name
        Of what is looked at.
    opened
        Reaches it: gives what looks, until it is left.

    Attributes
    ----------
    looks
        How often it was looked at since it was reached.

    """

    def __init__(
        self, name: str, opened: Callable[[], AbstractContextManager[Callable[[], T]]]
    ) -> None:
        self.looks = 0
        self._seen: T | None = None
        self._problem = ""
        self._broken: Exception | None = None
        self._opened = opened
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_END_S)

    @property
    def problem(self) -> str:
        """Why it is away, empty while it is there."""
        return self._problem

    def seen(self) -> T | None:
        """Return the last look, None while it is away; raises what is a fault of ours."""
        if self._broken is not None:
            raise self._broken
        return self._seen

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._opened() as look:
                    self._look(look)
            except (KafkaException, RedisError, Unreachable, StateUnusable, NoTopic) as error:
                self._seen, self.looks, self._problem = None, 0, _told(error)
            except Exception as error:  # noqa: BLE001 - raised where it is asked for
                self._broken = error
                return
            self._stop.wait(_AGAIN_S)

    def _look(self, look: Callable[[], T]) -> None:
        while not self._stop.is_set():
            self._seen, self._problem = look(), ""
            self.looks += 1
            self._stop.wait(EVERY_S)


def _told(error: Exception) -> str:
    return error.args[0].str() if isinstance(error, KafkaException) else str(error)
