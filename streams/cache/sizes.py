"""The sizes of segments day by day: some of the counts, as they were last seen that day."""

import time
from collections.abc import Iterator
from typing import Any, Final

from redis import Redis

from streams.cache.foreign import examine_if_allowed
from streams.cache.positions import offset_of
from streams.cards import META
from streams.counts import BASE, COUNTS, SIZES, SIZES_KEPT_S, field_of, sizes_key

EVERY_S: Final = 30.0
_LIKE: Final = r"\["  # + initials; what is counted by group is the most by far, and stays in Redis
_STARTS: Final = tuple(field_of(name)[:-1].encode() for name in SIZES)
_INITIALS: Final = "".join(sorted({name[0] for name in SIZES}))
_SCAN: Final = 1_000


class Sizes:
    """Keeps the sizes of the day of which the cards are, now and then.

    The topics do not tell what sizes were, so unlike all else these are lost with Redis. Any cache
    may write them: each writes what it sees.

    Attributes
    ----------
    foreign
        Keys that held what is not ours, when we last came to them.

    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._due_at = 0.0
        self.foreign: frozenset[bytes] = frozenset()

    def keep(self) -> None:
        """Write them, if it is time and Redis is not just being filled."""
        if time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + EVERY_S
        told: list[Any] = self._redis.hmget(META, "day", "lag")
        day, lag = told
        key = sizes_key((day or b"").decode())
        self.foreign = frozenset(
            each.key for each in examine_if_allowed(self._redis, (COUNTS, key))
        )
        if not day or self.foreign:
            return
        sizes = dict(self._sizes())
        if offset_of(lag) < offset_of(sizes.get(BASE.encode())):
            self._write(key, sizes)

    def _sizes(self) -> Iterator[tuple[bytes, bytes]]:
        match = f'{_LIKE}"[{_INITIALS}]*'
        for field, count in self._redis.hscan_iter(COUNTS, match, _SCAN):
            if any(field.startswith(start) for start in _STARTS):
                yield field, count

    def _write(self, key: bytes, sizes: dict[bytes, bytes]) -> None:
        fields: Any = sizes
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(key)
        pipe.hset(key, mapping=fields)
        pipe.expire(key, SIZES_KEPT_S)
        pipe.execute()
