"""The cards as Redis holds them, and how far Redis is behind the output topics."""

from collections.abc import Mapping
from typing import Any, Final

from redis import Redis

from streams.cache.held import behind
from streams.cards import META, PREFIX, count_cards, read_card
from streams.ends import Ends
from streams.place import Place
from streams.topics import PROFILES, SEGMENT_EVENTS

OWN: Final = frozenset({"version", "updated_at"})
"""Fields of a card that are the cache's, not the profile's."""

_CARD: Final = PREFIX + b"customer:{"


class Shelf:
    """Looks at Redis.

    Parameters
    ----------
    redis
        The client.
    ends
        Tells where the output topics end.
    partitions
        How many they have.

    """

    def __init__(self, redis: Redis, ends: Ends, partitions: int) -> None:
        self._redis = redis
        self._ends = ends
        self._partitions = range(partitions)

    def count(self) -> int:
        """Return how many customers have a card."""
        return count_cards(self._redis)

    def ends_of(self, topic: str) -> Mapping[Place, int]:
        """Return where the partitions of an output topic end."""
        return self._ends.committed(Place(topic, number) for number in self._partitions)

    def lag(self) -> int:
        """Return how many records of the output topics Redis is behind."""
        return behind(self._redis, {**self.ends_of(PROFILES), **self.ends_of(SEGMENT_EVENTS)})

    def day(self) -> str:
        """Return the newest day that cards name, as YYYY-MM-DD; nothing before the first card."""
        held: Any = self._redis.hget(META, "day")
        return (held or b"").decode()

    def profiles(self) -> dict[str, dict[str, Any]]:
        """Return every card's profile, by customer."""
        cards = {name: read_card(self._redis, name) for name in self._names()}
        return {
            name: {field: value for field, value in card.items() if field not in OWN}
            for name, card in cards.items()
            if card is not None
        }

    def _names(self) -> list[str]:
        keys = self._redis.scan_iter(_CARD + b"*}", count=5_000)
        return [key[len(_CARD) : -1].decode() for key in keys]
