"""Fault 19: Redis holds anything, of another Nyxter, older or torn; one rebuild makes it right."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from cache_at_work import Segmenter, at_work, wait_for
from cache_samples import profile, transition, trigger
from confluent_kafka.admin import AdminClient
from conftest import unique
from kafka_broker import KafkaBroker
from redis import Redis
from redis_and_topics import differences, names

from streams.cache import make_rebuild
from streams.cache.batch import standing_of
from streams.cache.foreign import ASIDE
from streams.cache.lease import REBUILD
from streams.cache.positions import POSITIONS
from streams.cache.recount import RECOUNT
from streams.cards import (
    CARD_TEXTS,
    META,
    SEGMENTS,
    card_key,
    history_key,
    members_key,
    packed,
)
from streams.counts import COUNTS, MOVES, moves_key, sizes_key
from streams.ends import Ends
from streams.lane.partitioner import partition_of
from streams.place import Place
from streams.settings import Settings
from streams.topics import PROFILES, SEGMENT_EVENTS, create, every_topic

pytestmark = pytest.mark.kafka

PARTITIONS = 2
PLACES = [Place(t, n) for t in (PROFILES, SEGMENT_EVENTS) for n in range(PARTITIONS)]
TIERS = ("pequeno", "medio", "vip")
KNOWN = [f"K{n}" for n in range(40)]
STRANGERS = [f"S{n}" for n in range(15)]
ROUNDS_SHORT, ROUNDS_WHOLE = 5, 80


def home(customer: str) -> int:
    return partition_of(customer.encode(), PARTITIONS)


class World:
    """Topics that a segmenter writes, and what anybody may have put into Redis."""

    def __init__(self, bootstrap: str, redis: Redis, chance: random.Random) -> None:
        self.bootstrap, self.redis, self.chance = bootstrap, redis, chance
        self.ends = Ends(AdminClient({"bootstrap.servers": bootstrap}))
        self._segmenter = Segmenter(bootstrap)
        self._tiers: dict[str, str | None] = {}

    def publish(self, count: int) -> None:
        """Write a transaction of some customers; some of them go, some transactions are aborted."""
        segmenter, before = self._segmenter, dict(self._tiers)
        segmenter.begin()
        for customer in self.chance.choices(KNOWN, k=count):
            old, tier = self._tiers.get(customer), self.chance.choice([*TIERS, None])
            tier = tier if old else self.chance.choice(TIERS)
            says = tier and profile(
                customer, tier=tier, prfv=self.chance.choice([None, 5.01, 71.86])
            )
            segmenter.write(customer, says, partition=home(customer))
            segmenter.tell(customer, transition("tier", old, tier), partition=home(customer))
            if tier and self.chance.randrange(2):
                segmenter.tell(customer, trigger("tier", tier), partition=home(customer))
            self._tiers[customer] = tier
        if self.chance.randrange(6):
            segmenter.commit()
        else:
            segmenter.abort()
            self._tiers = before

    def damage(self) -> None:
        """Put in, alter and remove some of everything."""
        self._written = self.ends.written(PLACES)
        does: list[Callable[[], object]] = [
            *(lambda c=c: self._forge_card(c) for c in self._some(KNOWN + STRANGERS)),
            *(lambda c=c: self._forge_history(c) for c in self._some(KNOWN + STRANGERS)),
            *(lambda c=c: self._forge_members(c) for c in self._some(KNOWN + STRANGERS)),
            *(lambda c=c: self._remove(c) for c in self._some(KNOWN)),
            *(lambda at=at: self._forge_position(at) for at in self._some(PLACES)),
            *(lambda n=n: self._forge_counted(n) for n in self._some(range(PARTITIONS))),
            self._forge_counts,
            self._forge_moves,
            self._forge_meta,
            self._forge_rebuild,
        ]
        for do in self.chance.sample(does, self.chance.randint(1, len(does))):
            do()
        if self.chance.randrange(2):
            self._forge_types()

    def _some(self, listed: Iterable[Any]) -> list[Any]:
        return self.chance.sample(list(listed), self.chance.randint(0, len(listed)))

    def _offset(self, topic: str, number: int) -> int:
        """An offset near the end most often: the marker of a transaction is the last one."""
        end = self._written[Place(topic, number)]
        near = [end - 2, end - 1, end - 1, end - 1, end, end + 1, end + 40, 10**9]
        return max(0, self.chance.choice([*near, self.chance.randrange(end + 1)]))

    def _forge_card(self, customer: str) -> None:
        """A card as another Nyxter would write it, or a torn one."""
        says = profile(customer, tier=self.chance.choice([*TIERS, "ouro"]), group=["theirs"])
        version = self._offset(PROFILES, home(customer))
        if self.chance.randrange(4) == 0:  # the same version, with other content
            version = int(self.redis.hget(card_key(customer.encode()), "version") or version)
        card = packed(says, CARD_TEXTS)
        fields = dict(zip(card[::2], card[1::2], strict=True))
        fields |= {"version": str(version), "updated_at": "5", "counted": standing_of(says).counted}
        for name in self.chance.choice([[], [], ["counted"], ["version"], list(fields)[:6]]):
            del fields[name]
        odd = self.chance.choice([{}, {}, {"gone": "1"}, {"version": "1e9"}, {"recount": "theirs"}])
        key = card_key(customer.encode())
        self.redis.delete(key)
        self.redis.hset(key, mapping=fields | odd)
        if self.chance.randrange(5) == 0:
            self.redis.expire(key, 3)

    def _forge_history(self, customer: str) -> None:
        key = history_key(customer.encode())
        kept = self.redis.xrange(key) if self.chance.randrange(2) else []
        forged = {
            f"{self._offset(SEGMENT_EVENTS, home(customer))}-{self.chance.choice([1, 1, 1, 2])}"
            for _ in range(3)
        }
        entries = dict(kept) | {name.encode(): {b"kind": b"theirs"} for name in forged}
        self.redis.delete(key)
        for name in sorted(entries, key=lambda each: tuple(map(int, each.split(b"-")))):
            self.redis.xadd(key, entries[name], id=name)
        if self.chance.randrange(3) == 0:
            self.redis.xdel(key, max(entries, key=lambda each: int(each.split(b"-")[0])))

    def _forge_members(self, customer: str) -> None:
        for segment in self._some([*TIERS, "fidelizacao", "theirs"]):
            self.redis.zadd(members_key(segment.encode()), {customer: 7})
        if self.chance.randrange(2):
            self.redis.zrem(members_key(self.chance.choice(TIERS).encode()), customer)

    def _remove(self, customer: str) -> None:
        own = card_key(customer.encode()), history_key(customer.encode())
        self.redis.delete(*self._some(own), b"nothing")

    def _forge_position(self, at: Place) -> None:
        said = self.chance.choice([self._offset(*at), "junk", "-2", None])
        if said is None:
            self.redis.hdel(POSITIONS, at.name)
        else:
            self.redis.hset(POSITIONS, at.name, said)

    def _forge_counted(self, number: int) -> None:
        self.redis.hset(MOVES, str(number), self._offset(SEGMENT_EVENTS, number))

    def _forge_counts(self) -> None:
        for field in self._some(self.redis.hkeys(COUNTS)):
            self.redis.hset(COUNTS, field, self.chance.choice([0, -3, 77, "junk", 2**63 - 1]))
        self.redis.hset(COUNTS, '["tier","theirs"]', 4)
        if self.chance.randrange(2):
            self.redis.delete(SEGMENTS)

    def _forge_moves(self) -> None:
        [*days] = self.redis.scan_iter(moves_key("*"))
        for key in [*days, moves_key("1999-12-31")]:
            self.redis.hincrby(key, '["change","tier","","theirs"]', 5)

    def _forge_meta(self) -> None:
        their = {"snapshot": 10**9, "rules": "theirs", "day": "2999-01-01"}
        self.redis.hset(META, mapping=their | {"lag:nyxter.profiles.v1:9": 5})

    def _forge_rebuild(self) -> None:
        self.redis.hset(REBUILD, "recount", "theirs")
        self.redis.hset(RECOUNT + b"theirs:counts", '["base"]', 5)

    def _forge_types(self) -> None:
        ours = [COUNTS, MOVES, META, SEGMENTS, members_key(b"vip"), moves_key("2026-11-22")]
        ours += [card_key(b"K1"), history_key(b"K2"), card_key(b"S1"), sizes_key("2026-11-22")]
        for key in self._some(ours):
            self.redis.delete(key)
            self.redis.set(key, b"theirs")


@contextmanager
def publishing(world: World) -> Iterator[None]:
    """Publish all the time until the block is left."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.01):
            world.publish(4)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_one_rebuild_makes_redis_as_the_topics_say(
    own_kafka: KafkaBroker, valkey: str, chance: random.Random, whole: bool
) -> None:
    wanted = {PROFILES, SEGMENT_EVENTS}
    listed = [t for t in every_topic(Settings(partitions=PARTITIONS)) if t.name in wanted]
    create(AdminClient({"bootstrap.servers": own_kafka.bootstrap}), listed)
    settings = Settings(
        broker=own_kafka.bootstrap, redis_url=valkey, app_id=unique("app"), partitions=PARTITIONS
    )
    with Redis.from_url(valkey) as redis:
        world = World(own_kafka.bootstrap, redis, chance)
        for _ in range(40):
            world.publish(5)
        for number in range(ROUNDS_WHOLE if whole else ROUNDS_SHORT):
            one_round(world, settings, number)


def one_round(world: World, settings: Settings, number: int) -> None:
    """Damage, rebuild once, with a cache and a segmenter at work or without, and compare."""
    is_busy, is_running = world.chance.randrange(2), world.chance.randrange(3)
    if world.chance.randrange(3):
        fill(world, settings)
    world.damage()
    cache = at_work(settings) if is_running else nullcontext()
    with publishing(world) if is_busy else nullcontext(), cache:
        time.sleep(world.chance.choice([0, 0, 1.5]) * bool(is_running))
        make_rebuild(settings, lambda *_: None).run()
    if not is_busy and not is_running:
        assert differences_but_moves(world)[:10] == [], f"round {number}: nobody else wrote"
    fill(world, settings)
    found = differences(world.redis, world.bootstrap, PARTITIONS)
    assert found[:10] == [], f"round {number}: busy {is_busy}, cache {is_running}"
    assert world.redis.hget(META, "rules") == b"0f3a9c1d2b4e5f60"
    assert world.redis.keys(RECOUNT + b"*") == []
    assert {world.redis.get(key) for key in world.redis.keys(ASIDE + b"*")} <= {b"theirs"}
    assert all(world.redis.ttl(card_key(c)) < 0 for c in living(world.redis))


def differences_but_moves(world: World) -> list[str]:
    """A rebuild alone: events beyond the cache's position are the cache's to count."""
    found = differences(world.redis, world.bootstrap, PARTITIONS)
    return [each for each in found if not each.startswith("nyxter:v1:moves:")]


def fill(world: World, settings: Settings) -> None:
    """Let a cache come to the ends, all of what it holds being right or wrong."""
    with at_work(settings) as cache:
        wait_for("the cache is at the ends", lambda: cache.lags and not any(cache.lags.values()))
        ends = world.ends.committed(PLACES)

        def is_there() -> bool:
            held = world.redis.hmget(POSITIONS, [at.name for at in ends])
            return all(int(at or 0) >= end for at, end in zip(held, ends.values(), strict=True))

        wait_for("positions at the ends", is_there)


def living(redis: Redis) -> set[bytes]:
    return {c for c in names(redis, "hash") if not redis.hexists(card_key(c), "gone")}
