"""What the state and the output topics hold of customers, followed as it changes."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from schemas.envelope import loads
from streams import topics
from streams.lane.changelog import POSITION_KEY
from streams.lane.groupless import COMMITTED, is_end, is_hopeless, some
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY

_AT_ONCE: Final = 2_000
_LOOK_S: Final = 0.5  # a topic that never rests is not read to its end
_SILENCE_S: Final = 30.0
_KINDS: Final = ("order", "contract", "record")


@dataclass(slots=True)
class Held:
    """What is held of one customer.

    Attributes
    ----------
    registers
        Kind (order, contract or record) and id -> time of the version.
    standing
        Whether the state remembers scores and labels.
    profile
        Whether there is a profile.
    profile_end
        The offset after the last record about the customer on the profiles topic, 0: there is none.

    """

    registers: dict[tuple[str, str], str] = field(default_factory=dict)
    standing: bool = False
    profile: bool = False
    profile_end: int = 0

    @property
    def newest(self) -> str:
        """The time of the newest version held, "" where there is none."""
        return max(self.registers.values(), default="")

    def counts(self) -> dict[str, int]:
        """Return how much there is of each sort."""
        kinds = Counter(kind for kind, _ in self.registers)
        return {
            **{f"{kind}s": kinds[kind] for kind in _KINDS},
            "standings": int(self.standing),
            "profiles": int(self.profile),
        }


class Search:
    """Reads changelog, profiles and new snapshots for some customers; `look` goes on reading.

    Parameters
    ----------
    client
        librdkafka settings.
    changelog, partitions
        Of the application.
    wanted
        Gives the hidden name of an id that is looked for, None for others.

    Attributes
    ----------
    held
        By hidden name, what is held.
    ids
        By hidden name, the id under which something was found.
    erased
        By hidden name, the time of the latest erasure of anybody.
    next
        By partition and topic, the offset before which all is applied.
    snapshot
        The newest snapshot that was published since the search began, None where none was.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        changelog: str,
        partitions: int,
        wanted: Callable[[str], str | None],
    ) -> None:
        self.held: dict[str, Held] = defaultdict(Held)
        self.ids: dict[str, str] = {}
        self.erased: dict[str, str] = {}
        self.next: dict[int, Mapping[str, int]] = {}
        self.snapshot: SnapshotHeader | None = None
        self._wanted = wanted
        self._ended: set[tuple[str | None, int | None]] = set()
        self._consumer = Consumer({**client, **_TO_THE_END})
        whole = [(name, n) for name in (changelog, topics.PROFILES) for n in range(partitions)]
        self._places = [TopicPartition(*place, OFFSET_BEGINNING) for place in whole]
        self._places.append(TopicPartition(topics.SNAPSHOTS, 0, OFFSET_END))
        self._consumer.assign(self._places)

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def look(self) -> None:
        """Read what was written since the last look; the first one reads all that there is.

        Raises ``KafkaException`` where the broker refuses, or says nothing for half a minute.
        """
        began = heard = time.monotonic()
        while True:
            messages = some(self._consumer, _AT_ONCE, 0.1)
            for message in messages:
                self._take(message)
            now = time.monotonic()
            heard = now if messages else heard
            if len(self._ended) == len(self._places) and (not messages or now - began > _LOOK_S):
                return
            if now - heard > _SILENCE_S:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is None:
            self._see(message)
        elif is_end(error):
            self._ended.add((message.topic(), message.partition()))
        elif is_hopeless(error):
            raise KafkaException(error)

    def _see(self, message: Message) -> None:
        key, value = message.key(), message.value()
        assert key is not None
        if message.topic() == topics.PROFILES:
            held = self._of(key.decode())
            if held is not None:
                held.profile, held.profile_end = value is not None, (message.offset() or 0) + 1
        elif message.topic() == topics.SNAPSHOTS:
            if key == HEADER_KEY and value is not None:
                self.snapshot = SnapshotHeader(**loads(value))
        elif key == POSITION_KEY:
            self.next[message.partition() or 0] = {} if value is None else loads(value)["next"]
        else:
            self._see_state(*loads(key), value=value)

    def _see_state(self, kind: str, *names: str, value: bytes | None) -> None:
        if kind == "erased" and value is not None:
            self.erased[names[0]] = loads(value)
        elif kind == "standing":
            held = self._of(names[0])
            if held is not None:
                held.standing = value is not None
        elif kind in _KINDS:
            held = self._of(names[0])
            if held is not None and value is not None:
                held.registers[kind, names[1]] = loads(value)[0]
            elif held is not None:
                held.registers.pop((kind, names[1]), None)

    def _of(self, customer_id: str) -> Held | None:
        name = self._wanted(customer_id)
        if name is None:
            return None
        self.ids[name] = customer_id
        return self.held[name]


_TO_THE_END: Final = {**COMMITTED, "log_level": 0}
