"""Some customers with their features, for a picture of who is where."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

from schemas.envelope import loads
from streams.cards import card_key, members_key

MOST: Final = 2_000


class Sampled(NamedTuple):
    """A customer who was drawn: profile, and features as the card has them."""

    customer_id: str
    profile: str
    tenure: int
    contracts: int
    brands: int
    band: int | None


async def draw(redis: Redis, profiles: Sequence[str], most: int = MOST) -> list[Sampled]:
    """Return at most so many customers by chance, from each profile by its size.

    The cost is that of `most`, however many customers there are.
    """
    keys = {profile: members_key(profile.encode()) for profile in profiles}
    sizes: list[int] = await _each(redis, "zcard", [(key,) for key in keys.values()])
    allotted = shares(dict(zip(keys, sizes, strict=True)), most)
    asked = [(keys[profile], count) for profile, count in allotted.items() if count]
    drawn: list[list[bytes]] = await _each(redis, "zrandmember", asked)
    ids = list(dict.fromkeys(customer for some in drawn for customer in some))
    fields = ["consumption", "features"]
    cards = await _each(redis, "hmget", [(card_key(customer), fields) for customer in ids])
    read = zip(ids, cards, strict=True)
    return [made for customer, card in read if (made := _sampled(customer, card)) is not None]


def shares(sizes: Mapping[str, int], most: int) -> dict[str, int]:
    """Return how many to draw from each of these: all, or by size, one at least of who is there.

    >>> shares({"a": 3, "b": 1}, 10), shares({"a": 9_000, "b": 1_000, "c": 1}, 100)
    ({'a': 3, 'b': 1}, {'a': 89, 'b': 9, 'c': 1})
    """
    total = sum(sizes.values())
    if total <= most:
        return dict(sizes)
    return {name: max(size * most // total, min(size, 1)) for name, size in sizes.items()}


async def _each(redis: Redis, command: str, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Return the answers to many calls of a command, in one round trip."""
    pipe = redis.pipeline(transaction=False)
    for arguments in calls:
        getattr(pipe, command)(*arguments)
    answers: list[Any] = await pipe.execute()
    return answers


def _sampled(customer: bytes, card: Sequence[bytes | None]) -> Sampled | None:
    """Return a customer who was drawn, None who has no features any more."""
    consumption, features = (loads(value) if value is not None else None for value in card)
    if not features or not consumption:
        return None
    return Sampled(
        customer.decode(),
        consumption["segment"],
        features["tenure_months"],
        features["contracts"],
        features["brands"],
        features["revenue_band"],
    )
