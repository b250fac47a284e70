"""Whether a system has come to rest: everything is in a snapshot, and every score follows it."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

from streams.coverage import Coverage
from streams.place import Place
from streams.reader import records
from streams.topics import SOURCES

_ANSWER_S: Final = 20.0
_LOOK_S: Final = 0.02


class Settling:
    """Looks at the topics of a system, again and again.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    partitions
        How many.

    Attributes
    ----------
    coverage
        What the journal and the snapshots tell.

    """

    def __init__(self, client: Mapping[str, Any], partitions: int) -> None:
        self._client = client
        self._places = [Place(topic, n) for topic in SOURCES for n in range(partitions)]
        self.coverage = Coverage(client, partitions)

    def missing(self) -> str | None:
        """Return what is not there yet, in words; None where all has settled.

        Raises ``KafkaException`` where the broker does not answer.
        """
        self._look()
        if not self.coverage.snapshot:
            return "there is no snapshot yet"
        if uncovered := self._uncovered():
            told = ", ".join(f"{count:,} of {topic}" for topic, count in sorted(uncovered.items()))
            return f"snapshot {self.coverage.snapshot} does not cover all messages: {told}"
        if not self.coverage.is_settled({}):
            return f"not everyone is exact by snapshot {self.coverage.snapshot}"
        return None

    def _look(self) -> None:
        give_up = time.monotonic() + _ANSWER_S
        self.coverage.look()
        while not self.coverage.knows_all:
            if time.monotonic() > give_up:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001
            time.sleep(_LOOK_S)
            self.coverage.look()

    def _uncovered(self) -> Counter[str]:
        """Count the messages beyond the newest snapshot, by topic."""
        starts = {place: self.coverage.reached(place) for place in self._places}
        beyond = Counter[str]()
        for piece in records(self._client, starts):
            beyond.update(message.topic() for message in piece)
        return beyond

    def close(self) -> None:
        """Stop looking."""
        self.coverage.close()
