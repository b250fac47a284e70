"""What Redis holds of a customer, and the removal of the last trace of one who is gone."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from redis import Redis
from redis.client import Pipeline

from streams.cache.lease import REBUILD
from streams.cache.positions import POSITIONS
from streams.cards import SEGMENTS, card_key, history_key, members_key
from streams.place import Place
from streams.topics import PROFILES

_CARD, _, _CLOSE = card_key(b"\0").partition(b"\0")
_HISTORY: Final = history_key(b"\0").partition(b"\0")[2]
_SCAN: Final = 5_000


class Copied(NamedTuple):
    """What is held of one customer.

    Attributes
    ----------
    card
        Whether there is a card.
    mark
        Whether there is a mark in its place that the customer is gone: their id and a number,
        which keep a late writer from bringing an older card back.
    history
        How many transitions are kept.
    memberships
        Of how many segments the customer is a member.

    """

    card: bool
    mark: bool
    history: int
    memberships: int

    def counts(self) -> dict[str, int]:
        """Return how much there is of each sort."""
        return {
            "cards": int(self.card),
            "transitions": self.history,
            "memberships": self.memberships,
        }


def copied(redis: Redis, customer: bytes) -> Copied:
    """Return what Redis holds of a customer (RedisError where it does not answer)."""
    pipe = redis.pipeline(transaction=False)
    pipe.hmget(card_key(customer), "version", "gone")
    pipe.xlen(history_key(customer))
    pipe.smembers(SEGMENTS)
    (version, gone), history, segments = pipe.execute()
    for name in segments:
        pipe.zscore(members_key(name), customer)
    memberships = sum(score is not None for score in pipe.execute())
    return Copied(version is not None and gone is None, gone is not None, history, memberships)


def reached(redis: Redis, partition: int) -> int | None:
    """Return the offset before which the cache has read profiles, None before it began."""
    held: Any = redis.hget(POSITIONS, Place(PROFILES, partition).name)
    return None if held is None else int(held)


def remove_mark(redis: Redis, customer: bytes) -> bool:
    """Remove the mark of one who is gone; tell whether there is none now.

    Only once nobody can come late: the cache has read beyond the end of the profile, and nobody
    fills Redis anew from what was read before it.
    """

    def remove(pipe: Pipeline) -> None:
        held: Any = pipe.hget(card_key(customer), "gone")
        under_way: Any = pipe.exists(REBUILD)
        pipe.multi()
        if held is not None and not under_way:
            pipe.delete(card_key(customer))

    redis.transaction(remove, card_key(customer), REBUILD)
    return not copied(redis, customer).mark


def everyone(redis: Redis) -> Iterator[bytes]:
    """Yield every customer of whom Redis holds anything; some of them more than once."""
    for key in redis.scan_iter(_CARD + b"*", count=_SCAN):
        for end in (_HISTORY, _CLOSE):
            if key.endswith(end):
                yield key[len(_CARD) : -len(end)]
                break
    segments: Any = redis.smembers(SEGMENTS)
    for name in segments:
        yield from (customer for customer, _ in redis.zscan_iter(members_key(name), count=_SCAN))
