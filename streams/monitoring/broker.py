"""Whether the broker answers, and where the topics end: asked every few seconds."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from confluent_kafka import KafkaException

from streams.ends import Ends
from streams.place import Place

_EVERY_S: Final = 2.0
_SILENT_S: Final = 6.0


class BrokerWatch:
    """Asks for the ends of places, in a thread of its own.

    Parameters
    ----------
    ends
        Asks the broker.
    always
        A place to ask for in any case: the answer tells that the broker is there.
    places
        Gives the others.
    clock
        Monotonic seconds.

    """

    def __init__(
        self,
        ends: Ends,
        always: Place,
        places: Callable[[], Iterable[Place]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.ends: Mapping[Place, int] = {}
        self._ask = ends
        self._always = always
        self._places = places
        self._clock = clock
        self._answered_at = clock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker watch", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def problems(self) -> list[str]:
        """Return what is wrong with the broker, as it was seen last."""
        silent = self._clock() - self._answered_at
        return [f"the broker has not answered for {silent:.0f} s"] if silent > _SILENT_S else []

    def look(self) -> None:
        """Ask once."""
        try:
            self.ends = self._ask.committed({self._always, *self._places()})
        except KafkaException:
            return
        self._answered_at = self._clock()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.look()
