"""Topics read without a group: as records come, or all that there are."""

import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import closing
from typing import Any, Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from streams.lane.groupless import COMMITTED, is_end, is_hopeless, some
from streams.place import Place

_AT_ONCE: Final = 2_000
_LOOK_S: Final = 0.2
_SILENCE_S: Final = 60.0


class RecordsGone(KafkaException):  # type: ignore[misc]
    """A topic does not hold what comes next: deleted before it was read, or made anew since."""

    def __init__(self, place: Place, offset: int) -> None:
        told = (
            f"{place.name} does not hold offset {offset}, which comes next: its records were "
            "deleted before they were read, or the topic was made anew"
        )
        super().__init__(KafkaError(KafkaError._AUTO_OFFSET_RESET, told))  # noqa: SLF001


class Reader:
    """Committed records of some places, from given offsets on.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    starts
        Where to begin.

    """

    def __init__(self, client: Mapping[str, Any], starts: Mapping[Place, int]) -> None:
        self._consumer = Consumer(
            {
                **client,
                **COMMITTED,
                "auto.offset.reset": "error",
                "fetch.wait.max.ms": 100,
                "log_level": 0,
            }
        )
        self._before_end = set(starts)
        self._consumer.assign([TopicPartition(*at, offset) for at, offset in starts.items()])

    @property
    def has_come_to_ends(self) -> bool:
        """Whether the end of each place was come to, at some time."""
        return not self._before_end

    def read(self) -> list[Message]:
        """Return what has come since the last call, without waiting.

        Raises ``RecordsGone`` where the topic does not hold what comes next, and
        ``KafkaException`` for what will not mend by itself; a broker that is away may.
        """
        messages = self._consumer.consume(_AT_ONCE, timeout=0)
        self._before_end.difference_update(dict(_ended(messages)))
        return [message for message in messages if message.error() is None]

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()


def records(
    client: Mapping[str, Any],
    starts: Mapping[Place, int],
    ends: MutableMapping[Place, int] | None = None,
) -> Iterator[list[Message]]:
    """Yield the committed records of places in pieces, from offsets on up to the ends.

    A place ends where there was nothing more when we came there. A piece may be empty: whoever has
    something else to do can do it then.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    starts
        Where to begin; 0: with what there is.
    ends
        Is given the offset after the last of each place, markers of transactions included.

    Raises
    ------
    RecordsGone
        A topic starts later, or ends before: none is passed over.
    KafkaException
        The broker refuses, or says nothing for a minute.

    """
    going = set(starts)
    heard = time.monotonic()
    with closing(Consumer({**client, **COMMITTED, "auto.offset.reset": "error"})) as consumer:
        consumer.assign(
            [TopicPartition(*at, from_ or OFFSET_BEGINNING) for at, from_ in starts.items()]
        )
        while going:
            read = some(consumer, _AT_ONCE, _LOOK_S)
            met = dict(_ended(read))
            going -= met.keys()
            if ends is not None:
                ends.update(met)
            heard = time.monotonic() if any(m.error() is None for m in read) else heard
            if going and time.monotonic() - heard > _SILENCE_S:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001
            yield [message for message in read if message.error() is None]


def _ended(messages: list[Message]) -> Iterator[tuple[Place, int]]:
    """Yield the places whose end was come to, and it; raise what is wrong, unless it may mend."""
    for message in messages:
        if (error := message.error()) is None:
            continue
        place = Place(message.topic() or "", message.partition() or 0)
        if is_end(error):
            yield place, message.offset() or 0
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - its public name
            raise RecordsGone(place, message.offset() or 0)
        elif is_hopeless(error):
            raise KafkaException(error)
