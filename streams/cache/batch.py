"""What is written to Redis in one go."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from confluent_kafka import Message

from schemas.envelope import loads
from schemas.outputs import JOURNEY_TRIGGERED, SEGMENT_CHANGED, UNASSIGNED
from streams.cache.counted import Move, counted_as, move_of


class Standing(NamedTuple):
    """Where a customer stands.

    Attributes
    ----------
    segments
        By name.
    score
        To rank their members by.
    counted
        The fields of the counts that the customer is counted in (`streams.cache.counted`).

    """

    segments: frozenset[bytes]
    score: float
    counted: str


NOWHERE = Standing(frozenset(), 0.0, "")


@dataclass(slots=True)
class Change:
    """What is new of one customer.

    Attributes
    ----------
    partition
        Where the customer's records are.
    version
        Offset of the newest profile; None when there are transitions only.
    updated_at
        Kafka's timestamp of that profile, in milliseconds.
    profile
        The profile; None where the customer is gone.
    standing
        Where the profile puts the customer.
    transitions
        Offset and fields of each, in the topic's order.
    impossible
        A version that no card can have: one that bears it counts as none.
    whole_before
        The offset before which `transitions` are all that there are; None: they are some.
    whole_from
        The offset from which they are, where `whole_before` is one.
    impossible_entries
        Ids of entries that the history cannot have.

    """

    partition: int
    version: int | None = None
    updated_at: int = 0
    profile: dict[str, Any] | None = None
    standing: Standing = NOWHERE
    transitions: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    impossible: bytes | str | None = None
    whole_before: int | None = None
    whole_from: int = 0
    impossible_entries: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """Records to write, by customer.

    Attributes
    ----------
    changes
        Customer id (the bytes of the Kafka key) -> what is new.
    moves
        Partition -> offset of each event and what it is counted as, in the topic's order.

    """

    changes: dict[bytes, Change] = field(default_factory=dict)
    moves: defaultdict[int, list[tuple[int, Move]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add_profile(self, message: Message) -> None:
        """Take a record of the profiles topic; of a customer's records the last one stays.

        Raises one of `UNREADABLE` for what is no profile.
        """
        value = message.value()
        profile = None if value is None else loads(value)
        standing = standing_of(profile)
        change = self._change(message)
        change.version, change.updated_at = message.offset(), message.timestamp()[1]
        change.profile, change.standing = profile, standing

    def add_event(self, message: Message) -> None:
        """Take a record of the segment-events topic: a transition, or a trigger that it pulled.

        What is neither is passed over.

        Raises one of `UNREADABLE` for what is no event.
        """
        event = loads(message.value())
        if event["type"] in (SEGMENT_CHANGED, JOURNEY_TRIGGERED):
            move, transition = move_of(event), transition_of(event)
            self._change(message).transitions.append((message.offset(), transition))
            self.moves[message.partition()].append((message.offset(), move))

    def _change(self, message: Message) -> Change:
        if (customer := message.key()) is None:
            raise ValueError("no key")
        return self.changes.setdefault(customer, Change(message.partition()))


UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)


def transition_of(event: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that a history keeps of an event.

    >>> transition_of({"id": "1", "time": "t", "type": "x", "data": {"kind": "tier"}})
    {'id': '1', 'time': 't', 'kind': 'tier'}
    """
    return {"id": event["id"], "time": event["time"], **event["data"]}


def standing_of(profile: dict[str, Any] | None) -> Standing:
    """Return where a profile puts its customer; who is gone stands nowhere.

    >>> standing_of(None)
    Standing(segments=frozenset(), score=0.0, counted='')
    """
    if profile is None:
        return NOWHERE
    names = [profile["tier"], *profile["campaigns"]]
    if profile["rfm"]:
        names.append(profile["rfm"]["segment"])
    if profile["consumption"]["segment"] != UNASSIGNED:
        names.append(profile["consumption"]["segment"])
    segments = frozenset(map(str.encode, names))
    return Standing(segments, float(profile["prfv"] or 0), counted_as(profile))
