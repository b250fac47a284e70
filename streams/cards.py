"""A customer's card and history as Redis holds them: names of keys, and what is under them.

Everything of ours is under ``nyxter:v1:``. The braces around a customer's id are literal: Redis
Cluster hashes what they hold, so that one script may touch a customer's card and history.

A card is a hash with one field for each top-level field of the profile: texts as they are, all
else as JSON. A text that is null is left out; reading puts it back. Two fields are told besides:
``version``, the profile's offset in its topic, and ``updated_at``, the time Kafka gave it in
milliseconds. Two are the cache's own: ``counted``, what the customer is counted as
(`streams.counts`), and ``recount``, the latest recount that it is part of. A card with the field
``gone`` remembers for an hour that there is no customer.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from redis import Redis

from schemas.envelope import dumps, loads, raw_json
from schemas.rules import OTHER_TIER, TIERS

PREFIX = b"nyxter:v1:"
META = PREFIX + b"meta"
SEGMENTS = PREFIX + b"segments"

HISTORY = 200
"""Most transitions that are kept of a customer."""

CARD_TEXTS = ("customer_id", "tier", "channel", "day", "rules")
TRANSITION_TEXTS = ("id", "time", "kind", "old", "new")
_TOLD = (b"version", b"updated_at")
_UNTOLD = (b"counted", b"recount")


def card_key(customer: bytes) -> bytes:
    """Key of a customer's card.

    >>> card_key(b"K1")
    b'nyxter:v1:customer:{K1}'
    """
    return PREFIX + b"customer:{" + customer + b"}"


def history_key(customer: bytes) -> bytes:
    """Key of a customer's transitions.

    >>> history_key(b"K1")
    b'nyxter:v1:customer:{K1}:history'
    """
    return card_key(customer) + b":history"


def members_key(segment: bytes) -> bytes:
    """Key of the customers of a tier, campaign or RFM segment.

    >>> members_key("Em Atenção".encode()).decode()
    'nyxter:v1:segment:Em Atenção:members'
    """
    return PREFIX + b"segment:" + segment + b":members"


def read_card(redis: "Redis", customer_id: str) -> dict[str, Any] | None:
    """Return a customer's profile as published, with ``version`` and ``updated_at``.

    None where Redis holds no card, or knows that the customer is gone.
    """
    held: Any = redis.hgetall(card_key(customer_id.encode()))
    return card_of(held)


def card_of(held: Mapping[bytes, bytes]) -> dict[str, Any] | None:
    """Return what a card's hash tells, as `read_card` does; an empty one is none.

    >>> card_of({b"tier": b"vip", b"version": b"7", b"updated_at": b"0", b"counted": b""})["tier"]
    'vip'
    """
    if b"version" not in held or b"gone" in held:
        return None
    told = {name.decode(): int(held[name]) for name in _TOLD}
    rest = {name: value for name, value in held.items() if name not in _TOLD + _UNTOLD}
    return unpacked(rest, CARD_TEXTS) | told


def count_cards(redis: "Redis") -> int:
    """Return how many customers have a card: each is of one tier."""
    tiers = (members_key(tier.encode()) for tier in (*TIERS, OTHER_TIER))
    sizes: list[Any] = [redis.zcard(key) for key in tiers]
    return sum(sizes)


def read_history(redis: "Redis", customer_id: str, limit: int = HISTORY) -> list[dict[str, Any]]:
    """Return a customer's newest transitions and the triggers they pulled, newest first.

    Each has the event's ``id`` and ``time``, the fields of its data (``kind``, ``old``, ``new``,
    ``scores``, ``raw``, ``why``; of triggers ``trigger``, ``stage``, ``actions``, ``suppressed``
    and what else they tell) and ``offset``, its place in the topic of segment events.
    """
    entries: Any = redis.xrevrange(history_key(customer_id.encode()), count=limit)
    return entries_of(entries)


def entries_of(entries: Iterable[tuple[bytes, Mapping[bytes, bytes]]]) -> list[dict[str, Any]]:
    """Return what `read_history` does of a stream that was read."""
    return [
        unpacked(fields, TRANSITION_TEXTS) | {"offset": int(entry.partition(b"-")[0])}
        for entry, fields in entries
    ]


def card_json(held: Mapping[bytes, bytes]) -> bytes:
    """Return a card that Redis holds as JSON, without reading what is JSON already.

    >>> card_json({b"tier": b"vip", b"P": b"80.0", b"version": b"7"})
    b'{"customer_id":null,"tier":"vip","channel":null,"day":null,"rules":null,"P":80.0,"version":7}'
    """
    told = {name: value for name, value in held.items() if name not in _UNTOLD}
    return _as_json(told, CARD_TEXTS)


def history_json(entries: Iterable[tuple[bytes, Mapping[bytes, bytes]]]) -> list[Any]:
    """Return entries of a history, each in a shape that ``dumps`` writes as `read_history` has it.

    >>> dumps(history_json([(b"9-1", {b"old": b"medio", b"why": b"{}"})]))
    b'[{"id":null,"time":null,"kind":null,"old":"medio","new":null,"why":{},"offset":9}]'
    """
    return [
        raw_json(_as_json({**fields, b"offset": entry.partition(b"-")[0]}, TRANSITION_TEXTS))
        for entry, fields in entries
    ]


def _as_json(held: Mapping[bytes, bytes], texts: Collection[str]) -> bytes:
    told: dict[str, Any] = dict.fromkeys(texts)
    for raw, value in held.items():
        name = raw.decode()
        told[name] = value.decode() if name in told else raw_json(value)
    return dumps(told)


def packed(fields: Mapping[str, Any], texts: Collection[str]) -> list[str]:
    """Return names and values by turns, as Redis is to hold them; `texts` name the texts.

    >>> packed({"tier": "vip", "P": None, "day": None}, CARD_TEXTS)
    ['tier', 'vip', 'P', 'null']
    """
    held: list[str] = []
    for name, value in fields.items():
        if name not in texts or not isinstance(value, str | None):
            held += (name, dumps(value).decode())
        elif value is not None:
            held += (name, value)
    return held


def unpacked(held: Mapping[bytes, bytes], texts: Collection[str]) -> dict[str, Any]:
    """Return the fields that `packed` made `held` of.

    >>> unpacked({b"old": b"medio", b"why": b"{}"}, ["old", "new"])
    {'old': 'medio', 'new': None, 'why': {}}
    """
    known = {name: held[raw].decode() if (raw := name.encode()) in held else None for name in texts}
    rest = {
        name.decode(): loads(value) for name, value in held.items() if name.decode() not in known
    }
    return known | rest
