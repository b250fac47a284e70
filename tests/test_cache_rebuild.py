"""`nyxter cache rebuild` on Apache Kafka and a real Valkey: whatever was wrong is right again."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cache_at_work import Segmenter, running, wait_for
from cache_samples import profile, transition
from confluent_kafka.admin import AdminClient
from conftest import need_kafka, unique
from kafka_broker import KafkaBroker
from oracles import miscounted
from own_redis import Watcher
from redis import Redis

from schemas.envelope import loads
from streams.cache import make_rebuild, past, rebuild
from streams.cache.batch import Change
from streams.cache.lease import LeaseLost
from streams.cache.positions import POSITIONS
from streams.cache.recount import RECOUNT
from streams.cache.store import HISTORY
from streams.cards import (
    META,
    PREFIX,
    SEGMENTS,
    card_key,
    history_key,
    members_key,
    read_card,
    read_history,
)
from streams.counts import COUNTS, MOVES, moves_key
from streams.lane.partitioner import partition_of
from streams.place import Place
from streams.reader import records
from streams.settings import Settings
from streams.topics import PROFILES, SEGMENT_EVENTS, create, every_topic

pytestmark = pytest.mark.kafka
SOME = 60


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    """A broker of this module's own, with a base of customers in its topics."""
    need_kafka()
    wanted = {PROFILES, SEGMENT_EVENTS}
    topics = [topic for topic in every_topic(Settings(partitions=2)) if topic.name in wanted]
    with KafkaBroker() as broker:
        create(AdminClient({"bootstrap.servers": broker.bootstrap}), topics)
        segmenter = Segmenter(broker.bootstrap)
        for tier in ("pequeno", "vip", "medio"):
            say(segmenter, tier, *(f"K{n}" for n in range(SOME)))
        segmenter.begin()
        segmenter.write("K9", None, partition=home("K9"))
        segmenter.commit()
        yield broker


def home(customer: str) -> int:
    return partition_of(customer.encode(), 2)


def say(segmenter: Segmenter, tier: str, *customers: str) -> None:
    """Publish a profile and a change of each."""
    old = {"pequeno": None, "vip": "pequeno", "medio": "vip"}[tier]
    segmenter.begin()
    for customer in customers:
        segmenter.write(customer, profile(customer, tier=tier), partition=home(customer))
        segmenter.tell(customer, transition("tier", old, tier), partition=home(customer))
    segmenter.commit()


@pytest.fixture
def settings(broker: KafkaBroker, valkey: str) -> Settings:
    return Settings(broker=broker.bootstrap, redis_url=valkey, app_id=unique("app"), partitions=2)


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


def run(settings: Settings) -> rebuild.Rebuilt:
    return make_rebuild(settings, lambda *_: None).run()


def fill(settings: Settings, redis: Redis) -> dict[bytes, Any]:
    """Let a cache fill Redis; return all that it holds."""
    with running(settings):
        wait_for("no lag", lambda: redis.hget(META, "lag") == b"0")
        wait_for("the last card", lambda: len(dump(redis)) > 2 * (SOME - 1))
    return dump(redis)


def dump(redis: Redis) -> dict[bytes, Any]:
    """Cards but for who is gone, histories, members, counts and moves, by key."""
    found: dict[bytes, Any] = {}
    for key in redis.scan_iter(PREFIX + b"customer:*"):
        if redis.type(key) == b"stream":
            found[key] = redis.xrange(key)
        elif b"gone" not in (card := redis.hgetall(key)):
            found[key] = {name: value for name, value in card.items() if name != b"recount"}
    for key in redis.scan_iter(members_key(b"*")):
        found[key] = redis.zrange(key, 0, -1, withscores=True)
    for key in [COUNTS, *redis.scan_iter(moves_key("*"))]:
        found[key] = redis.hgetall(key)
    return found


def published(settings: Settings) -> tuple[list[Any], list[Any]]:
    """The newest profile of each customer, and the events."""
    newest: dict[bytes, Any] = {}
    events = []
    client = {"bootstrap.servers": settings.broker}
    places = {Place(topic, n): 0 for topic in (PROFILES, SEGMENT_EVENTS) for n in range(2)}
    for message in (m for piece in records(client, places) for m in piece):
        if message.topic() == SEGMENT_EVENTS:
            events.append(loads(message.value()))
        else:
            newest[message.key()] = message.value()
    return [loads(value) for value in newest.values() if value], events


def alter_cards(redis: Redis) -> None:
    redis.hset(card_key(b"K1"), mapping={"tier": "vip", "more": "1"})
    redis.hset(card_key(b"K2"), mapping={"version": 10**9, "tier": "vip"})
    redis.hincrby(card_key(b"K3"), "version", 1)
    redis.hset(card_key(b"K4"), "version", "junk")
    redis.hset(card_key(b"K9"), "version", 10**9)


def lose_cards(redis: Redis) -> None:
    redis.delete(card_key(b"K1"), history_key(b"K1"), history_key(b"K2"))
    redis.delete(card_key(b"K3"))
    redis.hset(card_key(b"K3"), mapping={"gone": 1, "version": 10**9})


def add_strangers(redis: Redis) -> None:
    redis.hset(card_key(b"stranger"), mapping={"version": 3, "tier": "vip"})
    redis.hset(card_key(b"later"), mapping={"version": 10**9, "tier": "vip"})
    redis.xadd(history_key(b"past"), {"kind": "tier"}, id="3-1")
    redis.zadd(members_key(b"vip"), {"member": 5})


def mix_members_up(redis: Redis) -> None:
    redis.zadd(members_key(b"vip"), {"K1": 5})
    redis.zrem(members_key(b"medio"), "K2")
    redis.zadd(members_key(b"medio"), {"K3": 5})
    redis.zadd(members_key(b"forgotten"), {"K4": 5})
    redis.delete(SEGMENTS)


def forge_histories(redis: Redis) -> None:
    newest = redis.xrevrange(history_key(b"K1"), count=1)[0][0]
    redis.xdel(history_key(b"K1"), newest)
    redis.xadd(history_key(b"K2"), {"kind": "rfm", "new": "x"}, id="9999-1")
    first, fields = redis.xrange(history_key(b"K3"), count=1)[0]
    rest = redis.xrange(history_key(b"K3"))[1:]
    redis.delete(history_key(b"K3"))
    for entry, said in [(first, fields | {b"new": b"forged"}), *rest]:
        redis.xadd(history_key(b"K3"), said, id=entry)


def miscount(redis: Redis) -> None:
    [day] = redis.scan_iter(moves_key("*"))
    for key in (COUNTS, day):
        for field in redis.hkeys(key)[::2]:
            redis.hincrby(key, field, 3)
    redis.hset(COUNTS, '["tier","forged"]', -1)
    redis.hset(moves_key("1999-12-31"), '["change","tier","","vip"]', 1)
    redis.hdel(MOVES, 1)


def stand_at_markers(redis: Redis) -> None:
    """The last offset of each partition is a transaction's marker: no record's."""

    def marker(topic: str, customer: str) -> int:
        return int(redis.hget(POSITIONS, f"{topic}:{home(customer)}") or 0) - 1

    for customer in ("K1", "K2", "K9", "stranger"):
        version = marker(PROFILES, customer)
        card = {"version": version, "tier": "vip", "counted": '["base"]\n["tier","vip"]'}
        redis.delete(card_key(customer.encode()))
        redis.hset(card_key(customer.encode()), mapping=card)
        redis.zadd(members_key(b"vip"), {customer: 5})
    last = marker(SEGMENT_EVENTS, "K3")
    redis.xadd(history_key(b"K3"), {"kind": "tier", "new": "x"}, id=f"{last}-1")


DAMAGE = [
    stand_at_markers,
    alter_cards,
    lose_cards,
    add_strangers,
    mix_members_up,
    forge_histories,
    miscount,
]


@pytest.mark.parametrize("damage", [*DAMAGE, Redis.flushall])
def test_whatever_is_wrong_is_right_again(
    settings: Settings,
    redis: Redis,
    damage: Callable[[Redis], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = fill(settings, redis)
    damage(redis)
    wrong = dump(redis)
    assert wrong != right or damage is alter_cards
    monkeypatch.setattr(past, "_AT_ONCE", 50)
    assert run(settings).customers == SOME - 1
    if damage is Redis.flushall:  # events after the cache's position are the cache's to count
        assert fill(settings, redis) == right
    assert dump(redis) == right


def test_the_command_says_what_it_did(settings: Settings, redis: Redis) -> None:
    add_strangers(redis)
    told = {name: str(getattr(settings, name)) for name in ("broker", "redis_url", "partitions")}
    result = subprocess.run(
        [sys.executable, "-m", "streams.cli", "cache", "rebuild"],
        env=os.environ | {f"NYXTER_{name.upper()}": value for name, value in told.items()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "59 customers are as the topics say; 2 of whom they say nothing" in result.stdout


def test_caches_and_readers_go_on_meanwhile(
    settings: Settings, broker: KafkaBroker, redis: Redis
) -> None:
    segmenter, stop = Segmenter(broker.bootstrap), threading.Event()
    fill(settings, redis)
    names = [f"K{n}" for n in range(SOME) if n != 9]

    def go_on() -> None:
        while not stop.is_set():
            for tier in ("pequeno", "vip", "medio"):
                say(segmenter, tier, *names)

    with running(settings), Watcher(settings.redis_url, names) as watcher:
        writing = threading.Thread(target=go_on)
        writing.start()
        for _ in range(3):
            run(settings)
        stop.set()
        writing.join()
        wait_for(
            "the last card", lambda: all(read_card(redis, n)["tier"] == "medio" for n in names)
        )
        wait_for("no lag", lambda: redis.hget(META, "lag") == b"0")
    assert watcher.looks > 10
    assert watcher.went_back == []
    assert watcher.missing == 0
    before = dump(redis)
    run(settings)
    assert dump(redis) == before
    assert miscounted(redis, *published(settings)) == []
    assert redis.keys(RECOUNT + b"*") == []
    assert 0 < len(read_history(redis, "K1")) <= HISTORY


def test_a_redis_of_another_broker_becomes_ours(settings: Settings, redis: Redis) -> None:
    right = fill(settings, redis)
    redis.hset(POSITIONS, f"{PROFILES}:0", 10**9)
    redis.hset(META, "snapshot", 10**9)
    for key in redis.scan_iter(card_key(b"*")):
        if redis.type(key) == b"hash":
            redis.hincrby(key, "version", 10**9)
    run(settings)
    assert dump(redis) == right
    assert redis.hget(POSITIONS, f"{PROFILES}:0") is None
    with running(settings):
        wait_for("the real snapshot", lambda: redis.hget(META, "snapshot") == b"12")
    assert dump(redis) == right


def test_one_rebuild_at_a_time(settings: Settings, redis: Redis) -> None:
    other = make_rebuild(settings, lambda *_: None)
    other._lease.take()
    with pytest.raises(LeaseLost, match="another rebuild is under way"):
        run(settings)
    other._lease.give_back()
    assert run(settings).customers == SOME - 1
    assert redis.keys(PREFIX + b"rebuild") == []


def test_a_rebuild_that_loses_its_right_stops(settings: Settings, redis: Redis) -> None:
    made = make_rebuild(settings, lambda *_: redis.flushall())
    with pytest.raises(LeaseLost, match="run it again"):
        made.run()
    late = make_rebuild(settings, lambda *_: None)
    late._store.open()
    with pytest.raises(LeaseLost, match="held up"):
        late._write({b"K1": Change(0, version=1)}, "cards")
    assert redis.keys(card_key(b"*")) == []
