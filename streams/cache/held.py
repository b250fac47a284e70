"""What Redis holds under our names: which customers, and which versions of their cards."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from redis import Redis

from streams.cache.positions import POSITIONS, offset_of
from streams.cache.scripts import answers
from streams.cards import SEGMENTS, card_key, members_key
from streams.counts import moves_key
from streams.place import Place

_CARD, _, _CLOSE = card_key(b"\0").partition(b"\0")
_MEMBERS, _, _AFTER = members_key(b"\0").partition(b"\0")
_SCAN: Final = 5_000

T = TypeVar("T")


def cards(redis: Redis) -> Iterator[bytes]:
    """Yield the customers who have a card or a trace of one; some of them twice."""
    for key in redis.scan_iter(_CARD + b"*" + _CLOSE, count=_SCAN):
        yield key[len(_CARD) : -len(_CLOSE)]


def histories(redis: Redis) -> Iterator[bytes]:
    """Yield the customers who have a history; some of them twice."""
    end = _CLOSE + b":history"
    for key in redis.scan_iter(_CARD + b"*" + end, count=_SCAN):
        yield key[len(_CARD) : -len(end)]


def segments(redis: Redis) -> set[bytes]:
    """Return the segments that have members, or are known to have had."""
    known: Any = redis.smembers(SEGMENTS)
    keys = redis.scan_iter(_MEMBERS + b"*" + _AFTER, count=_SCAN)
    return {key[len(_MEMBERS) : -len(_AFTER)] for key in keys} | set(known)


def days(redis: Redis) -> set[bytes]:
    """Return the keys of the days of which moves are kept."""
    return set(redis.scan_iter(moves_key("*"), count=_SCAN))


def members(redis: Redis, segment: bytes) -> Iterator[tuple[bytes, float]]:
    """Yield a segment's members with their scores; some of them twice."""
    yield from redis.zscan_iter(members_key(segment), count=_SCAN)


def versions(redis: Redis, customers: Sequence[bytes]) -> list[tuple[bytes | None, bool]]:
    """Return each customer's version as it is held, and whether it says that they are gone."""
    pipe = redis.pipeline(transaction=False)
    for customer in customers:
        pipe.hmget(card_key(customer), "version", "gone")
    return [(version, gone is not None) for version, gone in answers(pipe)]


def behind(redis: Redis, ends: Mapping[Place, int]) -> int:
    """Return how many records before `ends` the cache has not written yet, by its positions."""
    positions: Any = redis.hmget(POSITIONS, [at.name for at in ends])
    reached = map(offset_of, positions)
    return sum(max(0, end - at) for end, at in zip(ends.values(), reached, strict=True))


def some(items: Iterable[T], count: int) -> Iterator[list[T]]:
    """Yield lists of `count` items, the last one of what is left.

    >>> list(some("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    iterator = iter(items)
    while listed := list(islice(iterator, count)):
        yield listed
