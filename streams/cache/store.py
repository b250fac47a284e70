"""Cards, histories, counts and members of segments in Redis: the writing side."""

from collections.abc import Mapping
from typing import Any, Final

from redis import Redis

from schemas.envelope import dumps
from streams.cache.batch import Change
from streams.cache.lease import REBUILD
from streams.cache.permit import Permit, Permits
from streams.cache.recount import RECOUNT
from streams.cache.scripts import Argument, Script, answers
from streams.cache.written import Written
from streams.cards import (
    CARD_TEXTS,
    HISTORY,
    SEGMENTS,
    TRANSITION_TEXTS,
    card_key,
    history_key,
    members_key,
    packed,
)
from streams.counts import COUNTS

TOMBSTONE_S = 3600

_BEFORE, _, _AFTER = members_key(b"\0").partition(b"\0")
_NONE: Final = b""


class Store:
    """Writes what is new of customers, so that doing it again changes nothing.

    All that concerns a customer is written by one script (``card.lua``), so nobody sees or leaves
    a part of it: the script compares versions, says everything of the members (of which segments
    the customer is one, and of no other that Redis ever knew), moves the counts from what the card
    was counted as to what it is, and refuses whoever has lost the right to write. So a process that
    was held up can neither take a card back nor bring a customer back whose end is long forgotten,
    and one that dies leaves each customer as before or as after.

    The script touches keys of several hash slots, so Redis Cluster is not supported
    (docs/decisions/0009).

    Parameters
    ----------
    redis
        The client; it must not decode.
    permits
        Tells who may write.
    history
        Most transitions to keep of a customer.

    """

    def __init__(self, redis: Redis, permits: Permits, history: int = HISTORY) -> None:
        self._redis = redis
        self._permits = permits
        self._history = history
        self._script = Script(redis, "card")

    def open(self) -> None:
        """Make Redis ready to be written to; needed again when it was started anew."""
        self._script.load()

    def write(self, changes: Mapping[bytes, Change]) -> Written[bytes]:
        """Write cards, members and histories, in one round trip.

        False where somebody else may write some of them now: those were left alone.
        """
        pipe = self._redis.pipeline(transaction=False)
        for customer, change in changes.items():
            permit = self._permits.permit(change.partition)
            own = (card_key(customer), history_key(customer))
            keys = (*own, SEGMENTS, permit.key, COUNTS, REBUILD)
            self._script.queue(pipe, keys, self._arguments(customer, change, permit))
        replies: list[Any] = answers(pipe)
        return Written.of(dict(zip(changes, replies, strict=True)))

    def _arguments(self, customer: bytes, change: Change, permit: Permit) -> list[Argument]:
        """Return what the script is told of one customer."""
        version = "" if change.version is None else str(change.version)
        args: list[Argument] = [
            permit.field,
            permit.value,
            customer,
            version,
            _NONE if change.impossible is None else change.impossible,
            TOMBSTONE_S,
            _card(change, version),
            change.standing.score,
            dumps([name.decode() for name in sorted(change.standing.segments)]),
            _BEFORE,
            _AFTER,
            self._history,
            _NONE if change.whole_before is None else change.whole_before,
            change.standing.counted,
            RECOUNT,
            change.whole_from,
            dumps(change.impossible_entries),
        ]
        for offset, fields in change.transitions:
            args += (offset, dumps(packed(fields, TRANSITION_TEXTS)))
        return args


def _card(change: Change, version: str) -> bytes:
    """Return the card's names and values as a JSON list; nothing where there is none.

    In one piece it costs half of what an argument for each name and value would.
    """
    if change.profile is None:
        return _NONE
    own = ("version", version, "updated_at", str(change.updated_at))
    return dumps([*packed(change.profile, CARD_TEXTS), *own])
