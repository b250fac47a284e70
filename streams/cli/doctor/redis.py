"""Redis: reached, never evicting, with room, and filled by a cache that is at work."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from redis import Redis, RedisError
from redis.exceptions import ResponseError

from streams.access.places import redis_place
from streams.access.reach import Unreachable
from streams.access.redis import reach_redis, redis_client
from streams.cache.foreign import foreign_keys
from streams.cache.marks import Marks, incomplete, missed
from streams.cache.outset import NAMES, REBUILD, lost
from streams.cache.positions import POSITIONS, offset_of
from streams.cards import META
from streams.cli.doctor.checks import Check, State, divided, skew
from streams.client import client_config
from streams.clock import now_ms
from streams.kafka.topic_ids import topic_ids
from streams.settings import Settings

_FULL: Final = 0.8
_OLDEST: Final = 7  # release that has users with keys that they may only read
_STALE_S: Final = 60.0
_NAMED: Final = 5
_PUT_ASIDE: Final = f"{REBUILD} and puts aside what is not ours"


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
            yield from _source(redis, settings)
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
    yield from _keys(redis)


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


def _keys(redis: Redis) -> Iterator[Check]:
    """Yield whether keys of ours hold what is not ours, then how the cache is where they do not."""
    found = {each.key: each for each in foreign_keys(redis)}
    listed = [each.sentence for each in found.values()][:_NAMED]
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    if found:
        yield Check.fail("Redis keys", f"{', '.join(listed)}{more}", _PUT_ASIDE)
    else:
        yield Check.ok("Redis keys", "none of another type under our names")
    if POSITIONS not in found:
        yield from _marks(Marks(redis).read(), found)
    if META not in found:
        yield _cache(redis)


def _marks(marks: Mapping[bytes, bytes], found: Collection[bytes]) -> Iterator[Check]:
    """Yield what was not kept as the topics say it, whether or not the cause is gone."""
    for key in incomplete(marks):
        if key not in found:
            name = key.decode("utf-8", "backslashreplace")
            told = f"{name} held what is not ours, and lacks what came meanwhile"
            yield Check.fail("Redis keys", told, _PUT_ASIDE)
    for told in lost(missed(marks)).values():
        yield Check.fail("cache", f"{told}: histories and moves lack them", REBUILD)


def _source(redis: Redis, settings: Settings) -> Iterator[Check]:
    """Yield whether Redis is filled from the topics that the broker has; nothing without answer."""
    admin = AdminClient({**client_config(settings), "log_level": 0})
    try:
        found, known = topic_ids(admin, NAMES), Marks(redis).topics()
    except (KafkaException, ResponseError):
        return
    other = [name for name, id_ in found.items() if known.get(name, id_) != id_]
    if other:
        told = f"filled from another {' and '.join(other)} than the broker has (the ids differ)"
        yield Check.fail("Redis source", told, f"{REBUILD}, or name the broker that filled it")
    elif found and known:
        yield Check.ok("Redis source", "filled from the topics that the broker has")


def _cache(redis: Redis) -> Check:
    """Return when a cache last wrote, and how far behind it was."""
    held: Any = redis.hgetall(META)
    if b"updated_at" not in held:
        return Check.fail("cache", "Redis holds nothing of ours", "start `nyxter cache`")
    age_s = now_ms() / 1000 - offset_of(held[b"updated_at"]) / 1000
    told = f"wrote {max(0.0, age_s):.0f} s ago, {offset_of(held.get(b'lag')):,} records behind"
    state = State.FAIL if age_s > _STALE_S else State.OK
    return Check("cache", state, told, "start `nyxter cache`" if state == State.FAIL else "")
