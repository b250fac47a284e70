"""Redis: reached, never evicting, with room, and filled by a cache that is at work."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from redis import Redis, RedisError

from streams.access.places import redis_place
from streams.access.reach import Unreachable
from streams.access.redis import reach_redis, redis_client
from streams.cards import META
from streams.cli.doctor.checks import Check, State, divided, skew
from streams.clock import now_ms
from streams.settings import Settings

_FULL: Final = 0.8
_OLDEST: Final = 7  # release that has users with keys that they may only read
_STALE_S: Final = 60.0


def redis_checks(settings: Settings) -> Iterator[Check]:
    """Yield each step to Redis, then how it is."""
    name = f"Redis {redis_place(settings.redis_url)}"
    try:
        for step in reach_redis(settings):
            yield Check.ok(f"{name}: {step.name}", step.told)
    except Unreachable as error:
        told, mend = divided(error.what, ": check ")
        yield Check.fail(f"{name}: {error.step}", told, f"check {mend or 'NYXTER_REDIS_URL'}")
        return
    try:
        with redis_client(settings) as redis:
            yield from _state(redis)
    except RedisError as error:
        yield Check.warn(name, str(error), "log in as a user who may ask (nyxter acl redis)")


def _state(redis: Redis) -> Iterator[Check]:
    info: Any = redis.info()
    yield _release(info)
    yield _policy(info)
    yield _memory(info)
    log = "every write is logged" if info["aof_enabled"] else "writes are not logged"
    yield Check.ok("Redis persistence", f"{log}; what is lost is filled in from the topics")
    if info["role"] != "master":
        yield Check.fail("Redis role", "a replica: nothing can be written", "name its primary")
    seconds, microseconds = redis.time()
    yield skew("clock of Redis", seconds + microseconds / 1e6 - now_ms() / 1000, "Redis")
    yield _cache(redis)


def _release(info: Mapping[str, Any]) -> Check:
    version = str(info.get("valkey_version", info["redis_version"]))
    told = f"{'Valkey' if 'valkey_version' in info else 'Redis'} {version}"
    if int(version.partition(".")[0]) < _OLDEST:
        return Check.warn("Redis release", told, f"run release {_OLDEST} or newer")
    return Check.ok("Redis release", told)


def _policy(info: Mapping[str, Any]) -> Check:
    policy = info["maxmemory_policy"]
    if policy == "noeviction":
        return Check.ok("Redis eviction", f"maxmemory-policy is {policy}")
    return Check.fail(
        "Redis eviction",
        f"maxmemory-policy is {policy}: it would drop cards in silence",
        "run redis-cli CONFIG SET maxmemory-policy noeviction, and write it into its configuration",
    )


def _memory(info: Mapping[str, Any]) -> Check:
    used, limit = info["used_memory"], info["maxmemory"]
    told = f"{used / 2**20:,.0f} MiB used" + (
        f" of {limit / 2**20:,.0f}" if limit else ", no limit"
    )
    if limit and used > _FULL * limit:
        return Check.warn("Redis memory", told, "raise maxmemory: the cache stops when it is full")
    return Check.ok("Redis memory", told)


def _cache(redis: Redis) -> Check:
    """Return when a cache last wrote, and how far behind it was."""
    held: Any = redis.hgetall(META)
    if not held:
        return Check.fail("cache", "Redis holds nothing of ours", "start `nyxter cache`")
    age_s = now_ms() / 1000 - int(held[b"updated_at"]) / 1000
    told = f"wrote {max(0.0, age_s):.0f} s ago, {int(held.get(b'lag', 0)):,} records behind"
    state = State.FAIL if age_s > _STALE_S else State.OK
    return Check("cache", state, told, "start `nyxter cache`" if state == State.FAIL else "")
