"""What Redis says just now of the whole base, read once a second however many pages ask."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from schemas.envelope import loads
from streams.cache.meta import STANDSTILL
from streams.cards import META
from streams.counts import COUNTS, Counts, read_counts, read_moves, read_sizes

_SECOND: Final = 1.0
_MS: Final = 1000

Days = dict[date, Counts]
Read = Callable[[Redis, Sequence[date]], Awaitable[Days]]


@dataclass(frozen=True)
class Reading:
    """What was read last, and whether Redis is away since.

    Attributes
    ----------
    meta
        What the cache says of itself (`nyxter:v1:meta`), as texts.
    counts
        How many customers stand where; None before the first answer.
    is_away
        Whether Redis did not answer just now; then all else is of before.
    foreign
        Keys that hold what is not ours; what they should tell is of before.

    """

    meta: Mapping[str, str]
    counts: Counts | None
    is_away: bool
    foreign: tuple[str, ...] = ()

    @property
    def standstills(self) -> list[tuple[str, str, str]]:
        """What caches say is in the way: the kind of cause, what was found, what to do."""
        told = []
        for name, said in self.meta.items():
            if name.startswith(STANDSTILL):
                each = loads(said)
                told.append((name.split(":")[1], each["detail"], each["remedy"]))
        return sorted(told)

    @property
    def lag(self) -> int:
        """How many records the cache is behind."""
        return int(self.meta.get("lag", 0))

    @property
    def age_s(self) -> float | None:
        """How many seconds ago the cache wrote last; None: never."""
        written = self.meta.get("updated_at")
        return None if written is None else max(0.0, time.time() - int(written) / _MS)


class Pulse:
    """Asks Redis when it is asked, but once a second at most."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._turn = asyncio.Lock()
        self._asked_at = -_SECOND
        self._reading = Reading({}, None, is_away=False)
        self._days: dict[tuple[Read, tuple[date, ...]], tuple[float, asyncio.Future[Days]]] = {}

    async def reading(self) -> Reading:
        """Return what was read within the last second; never raises for a Redis that is away."""
        async with self._turn:
            if time.monotonic() - self._asked_at >= _SECOND:
                self._reading = await self._read()
                self._asked_at = time.monotonic()
        return self._reading

    async def moves(self, days: Sequence[date]) -> Days:
        """Return what moved on these days, as read within the last second (RedisError)."""
        return await self._of_days(read_moves, tuple(days))

    async def sizes(self, days: Sequence[date]) -> Days:
        """Return the sizes that segments had, as read within the last second (RedisError)."""
        return await self._of_days(read_sizes, tuple(days))

    async def _of_days(self, read: Read, days: tuple[date, ...]) -> Days:
        now = time.monotonic()
        self._days = {key: held for key, held in self._days.items() if now - held[0] < _SECOND}
        if (read, days) not in self._days:
            self._days[read, days] = now, asyncio.ensure_future(read(self._redis, days))
        return await asyncio.shield(self._days[read, days][1])  # others wait for it as well

    async def _read(self) -> Reading:
        before, foreign = self._reading, []
        meta, counts = before.meta, before.counts
        try:
            try:
                held: Any = await self._redis.hgetall(META)
                meta = {name.decode(): value.decode() for name, value in held.items()}
            except ResponseError as error:
                foreign += _foreign(META, error)
            try:
                counts = await read_counts(self._redis)
            except ResponseError as error:
                foreign += _foreign(COUNTS, error)
        except (RedisError, OSError):
            return Reading(before.meta, before.counts, is_away=True)
        return Reading(meta, counts, is_away=False, foreign=tuple(foreign))


def _foreign(key: bytes, error: ResponseError) -> list[str]:
    """Return the name of a key that holds another type; what else is refused is raised again."""
    if "WRONGTYPE" not in str(error):
        raise error
    return [key.decode()]
