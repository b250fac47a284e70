"""One customer as Redis holds them: the card and its history, read for a page."""

from typing import Any, NamedTuple

from redis.asyncio import Redis

from streams.cards import HISTORY, card_key, card_of, entries_of, history_key

Json = dict[str, Any]


class Sheet(NamedTuple):
    """What Redis holds of a customer.

    Attributes
    ----------
    card
        The profile with ``version`` and ``updated_at``; None where there is none.
    history
        Changes and triggers, newest first.
    is_gone
        Whether Redis remembers that the customer left.

    """

    card: Json | None
    history: list[Json]
    is_gone: bool


async def read_sheet(redis: Redis, customer_id: str) -> Sheet:
    """Return a customer's card with all transitions kept. `redis` must not decode."""
    name = customer_id.encode()
    pipe = redis.pipeline(transaction=False)
    pipe.hgetall(card_key(name))
    pipe.xrevrange(history_key(name), count=HISTORY)
    held, entries = await pipe.execute()
    card = card_of(held)
    if card is None:
        return Sheet(None, [], is_gone=b"gone" in held)
    return Sheet(card, entries_of(entries), is_gone=False)
