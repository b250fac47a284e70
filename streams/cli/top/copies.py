"""What Redis tells of the cards in it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from streams.access.redis import reach_redis, redis_client
from streams.cards import META, count_cards
from streams.cli.top.look import Copies
from streams.settings import Settings


@contextmanager
def watched_redis(settings: Settings) -> Iterator[Callable[[], Copies]]:
    """Reach Redis and yield what looks at it.

    Raises ``Unreachable`` where a step to it fails, ``RedisError`` for what it answers.
    """
    list(reach_redis(settings))
    with redis_client(settings) as redis:
        yield lambda: _look(redis)


def _look(redis: Redis) -> Copies:
    held: Any = redis.hgetall(META)
    told = held.get(b"updated_at")
    age_s = None if told is None else max(0.0, time.time() - int(told) / 1000)
    return Copies(count_cards(redis), int(held.get(b"lag", 0)), age_s)
