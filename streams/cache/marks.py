"""What Redis remembers, beside the positions, of what it does not hold as the topics say it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from redis import Redis

from streams.cache.positions import POSITIONS
from streams.cards import PREFIX
from streams.place import Place

CUSTOMERS: Final = PREFIX + b"customer:*"
"""Stands for the keys of all customers: marks name none of them."""

_INCOMPLETE: Final = b"incomplete:"
_MISSED: Final = b"missed:"
_TOPIC: Final = b"topic:"


class Marks:
    """Fields in the hash of the positions: they go with them, and a rebuild takes them away.

    ``incomplete:KEY`` says that something was written without that key, as it held what is not
    ours; ``missed:PLACE`` which offsets were deleted before they were read; ``topic:NAME`` the id
    of the topic that Redis is filled from.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def read(self) -> dict[bytes, bytes]:
        """Return the marks of what is not as it has to be; each time it happens, it changes."""
        held: Any = self._redis.hgetall(POSITIONS)
        return {
            name: said for name, said in held.items() if name.startswith((_INCOMPLETE, _MISSED))
        }

    def note_incomplete(self, keys: Iterable[bytes]) -> None:
        """Remember keys without which something was written, or that have lost what was ours."""
        for key in sorted(keys):
            self._redis.hincrby(POSITIONS, _INCOMPLETE + key, 1)

    def note_missed(self, place: Place, position: int, start: int) -> None:
        """Remember that what lies between a position and the topic's start was never read."""
        field = _MISSED + place.name.encode()
        known: Any = self._redis.hget(POSITIONS, field)
        first = (known or b"").partition(b"-")[0].decode()
        self._redis.hset(POSITIONS, field, f"{first or position}-{start}")

    def clear(self, known: Mapping[bytes, bytes]) -> None:
        """Forget marks, but for those that were made again since they were `known`."""
        for name in [name for name, said in self.read().items() if known.get(name) == said]:
            self._redis.hdel(POSITIONS, name)

    def topics(self) -> dict[str, str]:
        """Return the ids of the topics that Redis was filled from, those that are known."""
        held: Any = self._redis.hgetall(POSITIONS)
        return {
            name.removeprefix(_TOPIC).decode(): said.decode()
            for name, said in held.items()
            if name.startswith(_TOPIC)
        }

    def note_topics(self, ids: Mapping[str, str]) -> None:
        """Remember which topics Redis is filled from."""
        for name, id_ in ids.items():
            self._redis.hset(POSITIONS, (_TOPIC + name.encode()).decode(), id_)


def incomplete(marks: Iterable[bytes]) -> list[bytes]:
    """Return the keys without which something was written.

    >>> incomplete([b"incomplete:nyxter:v1:counts", b"missed:nyxter.profiles.v1:0"])
    [b'nyxter:v1:counts']
    """
    return sorted(m.removeprefix(_INCOMPLETE) for m in marks if m.startswith(_INCOMPLETE))


def missed(marks: Mapping[bytes, bytes]) -> dict[Place, str]:
    """Return the places of which offsets were missed, and which.

    >>> missed({b"missed:nyxter.profiles.v1:3": b"5-9"})
    {Place(topic='nyxter.profiles.v1', partition=3): '5-9'}
    """
    found = {}
    for mark, said in marks.items():
        if mark.startswith(_MISSED):
            topic, _, number = mark.removeprefix(_MISSED).decode().rpartition(":")
            found[Place(topic, int(number))] = said.decode("utf-8", "replace")
    return found
