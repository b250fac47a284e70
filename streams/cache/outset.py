"""Where a cache goes on from, and whether it may: Redis has to be filled from these topics."""

from collections.abc import Mapping, Sequence
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.cache.marks import Marks
from streams.cache.positions import Positions
from streams.ends import ANSWER_S, Ends
from streams.kafka.topic_ids import topic_ids
from streams.lane.standstills import EVERY, Reason, Standstill, Standstills
from streams.place import Place
from streams.topics import PROFILES, SEGMENT_EVENTS

NAMES: Final = (PROFILES, SEGMENT_EVENTS)
REBUILD: Final = "run `nyxter cache rebuild`, which makes Redis as the topics say"


class Outset:
    """Compares what Redis remembers of the topics with what the broker says of them.

    Parameters
    ----------
    admin, ends
        Ask the broker.
    positions, marks
        What Redis remembers.
    standstills
        Where it is reported that a cache may not go on, or has missed something.

    """

    def __init__(
        self,
        admin: AdminClient,
        ends: Ends,
        positions: Positions,
        marks: Marks,
        standstills: Standstills,
    ) -> None:
        self._admin = admin
        self._ends = ends
        self._positions = positions
        self._marks = marks
        self._standstills = standstills

    def find(self, places: Sequence[Place]) -> dict[Place, int] | None:
        """Take these places over, and return where to go on; None where one may not, or not yet."""
        if not self.is_same_source():
            return None
        held = self._positions.take_over(places)
        try:
            starts, ends = self._ends.starts(places), self._ends.written(places)
        except KafkaException:
            return None
        if beyond := [at for at, position in held.items() if position > ends[at]]:
            at = beyond[0]
            self._stand_still(
                f"{at.name} ends at {ends[at]}, and Redis was filled from one that went up to "
                f"{held[at]}"
            )
            return None
        self._standstills.end(Reason.TOPIC_RECREATED, EVERY)
        return {at: self._read_from(at, position, starts[at]) for at, position in held.items()}

    def is_same_source(self) -> bool:
        """Tell whether Redis is filled from these topics; ids that it lacks are learned once."""
        try:
            found = topic_ids(self._admin, NAMES, ANSWER_S)
        except KafkaException:
            return True  # whoever is away is nobody else
        known = self._marks.topics()
        if other := [name for name, id_ in found.items() if known.get(name, id_) != id_]:
            self._stand_still(
                f"{' and '.join(other)} was deleted and made anew, or is another broker's: its id "
                "is not that of the topic that Redis was filled from"
            )
            return False
        self._marks.note_topics({n: id_ for n, id_ in found.items() if n not in known})
        return True

    def _stand_still(self, detail: str) -> None:
        remedy = f"{REBUILD}, or give the cache the broker that filled it"
        standstill = Standstill(Reason.TOPIC_RECREATED, EVERY, detail, remedy)
        self._standstills.begin(standstill)

    def _read_from(self, at: Place, position: int, start: int) -> int:
        """Return where to read from; what was deleted before it was read is remembered.

        Whoever fills Redis from the beginning has missed nothing: a topic may have let go of what
        is old.
        """
        if 0 < position < start:
            self._marks.note_missed(at, position, start)
            return start
        return position


def sentence_of(at: Place, offsets: str) -> str:
    """Say what a cache has missed.

    >>> sentence_of(Place("nyxter.profiles.v1", 3), "5-9")
    'nyxter.profiles.v1:3 lost the offsets 5-9 before the cache had read them'
    """
    return f"{at.name} lost the offsets {offsets} before the cache had read them"


def lost(missed: Mapping[Place, str]) -> dict[int, str]:
    """Return by partition what was missed, in words."""
    found: dict[int, list[str]] = {}
    for at, offsets in sorted(missed.items()):
        found.setdefault(at.partition, []).append(sentence_of(at, offsets))
    return {number: ", ".join(told) for number, told in found.items()}
