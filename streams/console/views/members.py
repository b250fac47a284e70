"""The members of a segment with what their cards say first: page by page, or all of them."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

from schemas.envelope import loads
from streams.cards import card_key, members_key

PAGE: Final = 25
_READ: Final = 1_000  # members asked for at a time
_TEXTS: Final = ("tier", "channel")
_VALUES: Final = ("P", "R", "F", "V", "prfv", "rfm", "consumption", "raw")


class Member(NamedTuple):
    """A member of a segment, as the card has it: scores 0–100 or None, value in BRL."""

    customer_id: str
    tier: str
    channel: str
    P: float | None
    R: float
    F: float
    V: float
    prfv: float | None
    rfm: str | None
    profile: str
    last_sale: date | None
    value: Decimal


class Page(NamedTuple):
    """One page of members, best PRFV first; `number` counts from 1 up to `pages`."""

    members: list[Member]
    number: int
    pages: int
    customers: int


async def read_page(redis: Redis, segment: str, number: int) -> Page:
    """Return a page of a segment's members; beyond the last: the last."""
    key = members_key(segment.encode())
    customers: int = await redis.zcard(key)
    pages = max(1, -(-customers // PAGE))
    number = min(max(number, 1), pages)
    first = (number - 1) * PAGE
    ids: Any = await redis.zrange(key, first, first + PAGE - 1, desc=True)
    return Page(await _members(redis, ids), number, pages, customers)


async def read_all(redis: Redis, segment: str) -> AsyncIterator[list[Member]]:
    """Yield all members of a segment, some at a time, best PRFV first.

    Whoever is a member from beginning to end is there, once, however much else moves meanwhile:
    a scan finds them, where pages by rank would pass over who changes places.
    """
    scan = redis.zscan_iter(members_key(segment.encode()), count=_READ)
    found = {member: score async for member, score in scan}
    ranked = sorted(found, key=lambda member: (-found[member], member))
    for ids in (ranked[at : at + _READ] for at in range(0, len(ranked), _READ)):
        yield await _members(redis, ids)


async def _members(redis: Redis, ids: Sequence[bytes]) -> list[Member]:
    """Return members in the order of their ids, without those who have just left the base."""
    pipe = redis.pipeline(transaction=False)
    for customer in ids:
        pipe.hmget(card_key(customer), [*_TEXTS, *_VALUES])
    cards: list[Any] = await pipe.execute()
    return [_member(customer, card) for customer, card in zip(ids, cards, strict=True) if card[0]]


def _member(customer: bytes, card: Sequence[bytes]) -> Member:
    tier, channel = (text.decode() for text in card[: len(_TEXTS)])
    *scores, rfm, consumption, raw = map(loads, card[len(_TEXTS) :])
    p, r, f, v, prfv = scores
    return Member(
        customer.decode(),
        tier,
        channel,
        p,
        r,
        f,
        v,
        prfv,
        rfm and rfm["segment"],
        consumption["segment"],
        raw["last_sale"] and date.fromisoformat(raw["last_sale"]),
        Decimal(raw["value"]),
    )
