"""One customer as Redis holds them: the card and its history, read for a page."""

from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

from streams.cards import CARD_TEXTS, TRANSITION_TEXTS, card_key, history_key, unpacked

Json = dict[str, Any]

KEPT: Final = 200
"""Most transitions that Redis keeps of a customer."""

_OWN: Final = (b"version", b"updated_at")


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
    pipe.xrevrange(history_key(name), count=KEPT)
    held, entries = await pipe.execute()
    if not held or b"gone" in held:
        return Sheet(None, [], is_gone=bool(held))
    own = {field.decode(): int(held.pop(field)) for field in _OWN}
    history = [unpacked(fields, TRANSITION_TEXTS) for _, fields in entries]
    return Sheet(unpacked(held, CARD_TEXTS) | own, history, is_gone=False)
