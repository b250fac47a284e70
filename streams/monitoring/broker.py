"""Whether the broker answers, and where the topics end: asked every few seconds."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from confluent_kafka import KafkaException

from streams.ends import Ends
from streams.monitoring.periodic import Periodic
from streams.place import Place

_EVERY_S: Final = 2.0
_SILENT_S: Final = 6.0
_REACH: Final = "see that the brokers are up and can be reached from here; it goes on by itself"


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
        self._thread = Periodic("broker watch", _EVERY_S, self.look)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._thread.stop()

    def silence(self) -> tuple[str, str]:
        """Return that the broker is silent and what to do, two empty texts where it is not.

        That is told by the clock alone, so that a question that hangs changes nothing; and the
        words stay the same as long as it is silent.
        """
        if self._clock() - self._answered_at <= _SILENT_S:
            return "", ""
        return f"the broker has not answered for more than {_SILENT_S:.0f} s", _REACH

    def look(self) -> None:
        """Ask once."""
        try:
            self.ends = self._ask.committed({self._always, *self._places()})
        except KafkaException:
            return
        self._answered_at = self._clock()
