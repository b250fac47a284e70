"""What the console says of a Redis that holds what is not ours."""

import asyncio
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from streams.cache.meta import Meta
from streams.cards import META
from streams.console.alarms import _of_redis
from streams.console.pulse import Pulse, Reading
from streams.console.words import Words
from streams.counts import COUNTS
from streams.lane.standstills import EVERY, Reason, Standstill
from streams.place import Place
from streams.topics import PROFILES

LAGS = {Place(PROFILES, 0): 0}
FOREIGN = Standstill(Reason.FOREIGN_KEY, 0, "nyxter:v1:customer:{K1} is a list, not a hash", "do")
MISSED = Standstill(Reason.INPUT_DELETED, 0, "offsets 2-5 are lost", "run it")
OTHERS = Standstill(Reason.FOREIGN_KEY, 1, "another cache's", "do")


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


def reading(url: str) -> Reading:
    async def read() -> Reading:
        async with AsyncRedis.from_url(url) as client:
            return await Pulse(client).reading()

    return asyncio.run(read())


def told(url: str) -> list[str]:
    return [f"{each.told} > {each.do}" for each in _of_redis(Words("en"), reading(url))]


def test_what_caches_say_is_in_the_way_is_an_alarm_until_they_say_so_no_more(
    redis: Redis, valkey: str
) -> None:
    meta, other = Meta(redis), Meta(redis)
    for each in (meta, other):
        each.open()
    other.write({Place(PROFILES, 1): 0}, [OTHERS])
    meta.write(LAGS, [FOREIGN, MISSED])
    said = told(valkey)
    assert len(said) == 3
    assert f"Redis has keys that are not ours: {FOREIGN.detail} > `nyxter cache rebuild`" in said[1]
    assert said[2] == f"The cache reports: {MISSED.detail} > {MISSED.remedy}"
    after = Meta(redis)
    after.open()
    after.write(LAGS, [])
    assert [each[1] for each in reading(valkey).standstills] == [OTHERS.detail]


def test_a_rebuild_leaves_what_is_said_of_our_partitions_only(redis: Redis, valkey: str) -> None:
    meta = Meta(redis)
    meta.open()
    every = FOREIGN._replace(partition=EVERY)
    meta.write({**LAGS, Place(PROFILES, 9): 7}, [every, OTHERS._replace(partition=9)])
    redis.hset(META, mapping={"snapshot": 10**9, "rules": "theirs", "day": "2999-01-01"})
    meta.mend(list(LAGS))
    held = reading(valkey)
    assert [each[1] for each in held.standstills] == [every.detail]
    assert held.meta.keys() & {"snapshot", "rules", "day", f"lag:{PROFILES}:9"} == set()


@pytest.mark.parametrize("key", [META, COUNTS])
def test_a_key_of_another_type_is_named_and_redis_is_not_away(
    redis: Redis, valkey: str, key: bytes
) -> None:
    redis.set(key, "theirs")
    found = reading(valkey)
    assert (found.is_away, found.foreign) == (False, (key.decode(),))
    assert told(valkey)[0].startswith(f"In Redis, the key {key.decode()} is of another type")
