"""The customers of a segment, page by page, the highest PRFV first.

A cursor is the last customer of a page with the score that put them there. The next page is
everybody after that place in the order of (score, id), wherever that customer is by then: so who
does not move is listed once, whatever the others do.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

from schemas.envelope import dumps, loads
from streams.cards import SEGMENTS, members_key

_TRIES: Final = 20


class NoCursor(ValueError):  # noqa: N818 - it names what is the case
    """A text is no cursor that was given out."""


class NoSegment(LookupError):  # noqa: N818 - it names what is the case
    """No customer was ever in a segment of this name."""


class Spot(NamedTuple):
    """A place in the order of members: by score, then by id, from the highest down."""

    score: float
    customer: bytes


class Page(NamedTuple):
    """Some members, how many there are in all, and the cursor of the next page, None: no more."""

    members: list[Spot]
    size: int
    cursor: str | None


def cursor_of(spot: Spot) -> str:
    """Return a place as a text for addresses.

    >>> spot_of(cursor_of(Spot(71.86, "Ação/1".encode()))).score
    71.86
    """
    return urlsafe_b64encode(dumps([spot.score, spot.customer.decode()])).decode().rstrip("=")


def spot_of(cursor: str) -> Spot:
    """Return the place that a cursor names; NoCursor where it names none."""
    try:
        score, customer = loads(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
        return Spot(float(score), customer.encode())
    except (ValueError, TypeError, AttributeError, Error) as error:
        raise NoCursor("not a cursor that was given out") from error


async def read_page(redis: Redis, segment: str, after: Spot | None, limit: int) -> Page:
    """Return the members after a place, or the first ones.

    Raises
    ------
    NoSegment
        There is none, and never was.

    """
    key = members_key(segment.encode())
    pipe = redis.pipeline(transaction=False)
    pipe.zcard(key)
    pipe.sismember(SEGMENTS, segment)
    size, is_known = await pipe.execute()
    if not (size or is_known):
        raise NoSegment(segment)
    found = await _after(redis, key, after, limit + 1)
    more = len(found) > limit
    members = found[:limit]
    return Page(members, size, cursor_of(members[-1]) if more else None)


async def _after(redis: Redis, key: bytes, after: Spot | None, limit: int) -> list[Spot]:
    """Return the first members after a place, all of one moment."""
    if after is None:
        return await _range(redis, key, 0, limit)
    rank = await _rank_by_name(redis, key, after)
    for _ in range(_TRIES):
        if rank is None:
            rank = await _rank_by_search(redis, key, after)
        found = await _range(redis, key, max(0, rank - 1), limit + 1)
        # The first one is not after the place: so nobody who is was passed over.
        if rank == 0 or (found and not _is_after(found[0], after)):
            left = [spot for spot in found if _is_after(spot, after)]
            if left or len(found) <= limit:
                return left[:limit]
        rank = None
    return [spot for spot in await _range(redis, key, 0, -1) if _is_after(spot, after)][:limit]


async def _range(redis: Redis, key: bytes, start: int, count: int) -> list[Spot]:
    end = -1 if count < 0 else start + count - 1
    found: Any = await redis.zrevrange(key, start, end, withscores=True)
    return [Spot(float(score), customer) for customer, score in found]


async def _rank_by_name(redis: Redis, key: bytes, after: Spot) -> int | None:
    """Return the rank after a place whose customer is still there."""
    pipe = redis.pipeline(transaction=False)
    pipe.zscore(key, after.customer)
    pipe.zrevrank(key, after.customer)
    score, rank = await pipe.execute()
    return rank + 1 if rank is not None and score == after.score else None


async def _rank_by_search(redis: Redis, key: bytes, after: Spot) -> int:
    """Return the rank of the first member after a place."""
    low, high = 0, await redis.zcard(key)
    while low < high:
        middle = (low + high) // 2
        found = await _range(redis, key, middle, 1)
        if not found or _is_after(found[0], after):
            high = middle
        else:
            low = middle + 1
    return low


def _is_after(spot: Spot, place: Spot) -> bool:
    return spot < place
