"""How far the cache is, as it says in a real Valkey."""

from collections.abc import Callable, Iterator

import pytest
from cache_samples import profile
from redis import Redis

from streams.cache.batch import Change, standing_of
from streams.cache.meta import Meta
from streams.cache.positions import POSITIONS, Positions
from streams.cards import META
from streams.place import Place
from streams.topics import PROFILES

PLACE = Place(PROFILES, 0)


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


def test_positions_move_on_while_they_are_ours(redis: Redis) -> None:
    ours = Positions(redis)
    assert ours.take_over([PLACE]) == {PLACE: 0}
    assert ours.keep({PLACE: 10})
    assert ours.keep({PLACE: 10}), "nothing new is fine"
    theirs = Positions(redis)
    assert theirs.take_over([PLACE]) == {PLACE: 10}
    assert not ours.keep({PLACE: 20})
    assert theirs.keep({PLACE: 15})
    assert redis.hget(POSITIONS, PLACE.name) == b"15"


@pytest.mark.parametrize(
    "lose",
    [
        lambda redis: redis.flushall(),
        lambda redis: redis.hset(POSITIONS, PLACE.name, 9),
        lambda redis: redis.hdel(POSITIONS, PLACE.name),
    ],
    ids=["emptied", "back at an earlier state", "without a position"],
)
def test_a_redis_that_lost_something_is_noticed(
    redis: Redis, lose: Callable[[Redis], object]
) -> None:
    positions = Positions(redis)
    positions.take_over([PLACE])
    assert positions.keep({PLACE: 10})
    lose(redis)
    assert not positions.keep({PLACE: 10})
    assert redis.hget(POSITIONS, PLACE.name) != b"10"


def test_meta_never_goes_back_and_adds_up_lags(redis: Redis) -> None:
    metas = [Meta(redis), Meta(redis)]
    days = ["2026-11-23", "2026-11-22"]
    for n, (meta, day) in enumerate(zip(metas, days, strict=True)):
        meta.open()
        says = profile("K1", snapshot=12 - n, day=day, rules=f"rules {n}")
        meta.see([Change(0, 1, 0, says, standing_of(says))])
        meta.write({Place(PROFILES, n): 5})
    held = redis.hgetall(META)
    assert held[b"schema"] == b"1"
    assert (held[b"snapshot"], held[b"rules"]) == (b"12", b"rules 0")
    assert held[b"day"] == b"2026-11-23"
    assert held[b"lag"] == b"10"
    assert int(held[b"updated_at"]) > 1_700_000_000_000
