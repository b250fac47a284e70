"""How far each partition of a running or stopped system has come, as its changelog tells."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from streams import topics
from streams.ends import answered
from streams.lane.changelog import POSITION_KEY, Position, position_of
from streams.place import Place
from streams.reader import records

_ANSWER_S: Final = 10.0
_NEAR_END: Final = (50, 20_000)  # records: every transaction ends with a position

Marks = Mapping[Place, tuple[int, int]]
"""By place, where it begins and where it ends."""


def marks(admin: AdminClient, names: Sequence[str], partitions: Iterable[int]) -> Marks:
    """Return where partitions begin, and where they end for readers of what is committed."""
    places = [Place(name, number) for number in partitions for name in names]
    starts, ends = (
        admin.list_offsets(
            {TopicPartition(*place): spec for place in places},
            isolation_level=IsolationLevel.READ_COMMITTED,
            request_timeout=_ANSWER_S,
        )
        for spec in (OffsetSpec.earliest(), OffsetSpec.latest())
    )
    return {
        at: (
            answered(starts[TopicPartition(*at)]).offset,
            answered(ends[TopicPartition(*at)]).offset,
        )
        for at in places
    }


def stored_positions(
    admin: AdminClient, client: Mapping[str, Any], changelog: str, partitions: Iterable[int]
) -> dict[int, Position]:
    """Return the last committed position of each partition that has one.

    Raises
    ------
    KafkaException
        The broker does not answer.
    OtherVersion
        Another release wrote the state.

    """
    logs = marks(admin, (changelog,), partitions)
    found: dict[int, Position] = {}
    for near in _NEAR_END:
        starts = {
            at: max(start, end - near)
            for at, (start, end) in logs.items()
            if at.partition not in found
        }
        if starts:
            found |= _read(client, starts)
    return found


def reached(positions: Mapping[int, Position]) -> dict[Place, int]:
    """Return the next offset of each place that positions tell of."""
    return {
        Place(topic, n): at for n, stored in positions.items() for topic, at in stored.next.items()
    }


def lags(edges: Marks, reached: Mapping[Place, int]) -> dict[int, int]:
    """Return by partition how many offsets of the input topics are still to be applied.

    >>> purchases = Place(topics.PURCHASES, 0)
    >>> lags({purchases: (10, 50), Place(topics.CONTRACTS, 0): (5, 8)}, {purchases: 47})
    {0: 6}
    """
    found: dict[int, int] = {}
    for at, (start, end) in edges.items():
        if at.topic in topics.INPUTS:
            ahead = max(0, end - max(start, reached.get(at, 0)))
            found[at.partition] = found.get(at.partition, 0) + ahead
    return found


def _read(client: Mapping[str, Any], starts: Mapping[Place, int]) -> dict[int, Position]:
    values = {
        message.partition() or 0: message.value()
        for read in records(client, starts)
        for message in read
        if message.key() == POSITION_KEY
    }
    found = {number: position_of(value) for number, value in values.items()}
    return {number: position for number, position in found.items() if position is not None}
