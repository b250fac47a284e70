"""Fault 6: Redis killed, emptied, full and slow. Work goes on, and afterwards Redis is right."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from kafka_broker import KafkaBroker
from oracles import miscounted
from own_redis import OwnRedis, Watcher, own_redis, slow, wait_for_refusals
from redis import Redis
from running import System, same_profiles, wait_until

from nyxter_online.simulate import base, live
from schemas.envelope import loads
from schemas.instant import business_today
from streams import topics
from streams.cache.store import HISTORY
from streams.cards import PREFIX, members_key, read_card, read_history
from streams.clock import now_ms

pytestmark = pytest.mark.kafka

RULES = (Path(__file__).parents[2] / "examples" / "nyxter.toml").read_text("utf-8")
CAUGHT_UP_S = 60.0  # with Redis away as with it
HEALED_S = 60.0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path / "valkey") as made:
        yield made


def today() -> date:
    return business_today(now_ms())


def test_redis_killed_emptied_full_and_slow(
    own_kafka: KafkaBroker, redis: OwnRedis, tmp_path: Path, chance: random.Random, whole: bool
) -> None:
    customers, each, rounds, caches = (3_000, 10_000, 3, 2) if whole else (150, 400, 1, 1)
    with closing(System(own_kafka.bootstrap, tmp_path, RULES)) as system:
        system.start("worker")
        for n in range(caches):
            system.start_cache(f"cache {n}", redis.url)
        system.send(base(7, customers, today()))
        start = datetime.now(UTC) - timedelta(minutes=10)
        events = live(7, customers, start, per_second=2_000)
        faults = [killed, emptied, full, slowed] * rounds
        chance.shuffle(faults)
        system.settle()
        wait_until(lambda: not differences(system, redis), "Redis is filled", HEALED_S)
        watched = chance.sample(sorted(system.profiles()), 100)
        with Watcher(redis.url, watched) as watcher:
            for number, fault in enumerate(faults):
                leaving = chance.sample(sorted(system.profiles()), 3)
                some = [*islice(events, each), *map(erasure, leaving)]
                fault(system, redis, some, chance)
                assert_right(system, redis, f"{number}: {fault.__name__}")
            system.settle()
            assert_right(system, redis, "in the end")
        assert watcher.looks > 10
        assert watcher.went_back == []
        assert same_profiles(system.profiles(), system.replayed(today())) == []


def killed(system: System, redis: OwnRedis, events: list[Any], chance: random.Random) -> None:
    """Kill it in the middle of the events; it is back, with its data, when all is applied."""
    first = chance.randrange(len(events))
    system.send(events[:first])
    redis.kill()
    system.send(events[first:])
    catch_up(system)
    redis.start()


def emptied(system: System, redis: OwnRedis, events: list[Any], chance: random.Random) -> None:
    """Empty it while events come."""
    with Redis.from_url(redis.url) as client:
        for piece in pieces(events, 3, chance):
            system.send(piece)
            client.flushall()
    catch_up(system)


def full(system: System, redis: OwnRedis, events: list[Any], chance: random.Random) -> None:
    """Let it refuse what would take more memory until all is applied."""
    first = chance.randrange(len(events))
    with Redis.from_url(redis.url) as client:
        system.send(events[:first])
        client.config_set("maxmemory", 1)
        system.send(events[first:])
        wait_for_refusals(client)
        catch_up(system)
        client.config_set("maxmemory", 0)


def slowed(system: System, redis: OwnRedis, events: list[Any], chance: random.Random) -> None:
    """Let each answer take a second until all is applied."""
    first = chance.randrange(len(events))
    with Redis.from_url(redis.url) as client, slow(client):
        system.send(events[:first])
        time.sleep(chance.random())
        system.send(events[first:])
        catch_up(system)


def catch_up(system: System) -> None:
    """Wait until the worker has applied every event that was sent: Redis is nothing to it."""

    def lag() -> int:
        places = {at: end for at, end in system.ends().items() if at[0] in topics.INPUTS}
        reached = {number: next_ for number, (next_, _) in system.progress().items()}
        return sum(end - reached[number].get(topic, 0) for (topic, number), end in places.items())

    wait_until(lambda: lag() == 0, "the worker has applied everything", CAUGHT_UP_S)


def pieces(events: list[Any], count: int, chance: random.Random) -> Iterator[list[Any]]:
    cuts = [0, *sorted(chance.sample(range(len(events)), count - 1)), len(events)]
    yield from (events[a:b] for a, b in pairwise(cuts))


def erasure(customer: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "erasure",
        "source": "/privacy",
        "type": "nyxter.customer.erased.v1",
        "subject": customer,
        "time": datetime.now(UTC).isoformat(),
    }


def assert_right(system: System, redis: OwnRedis, what: str) -> None:
    """Redis says what the topics say, within `HEALED_S` of now."""
    healed_at = time.monotonic()
    found: list[str] = ["nothing was compared"]
    while found and time.monotonic() < healed_at + HEALED_S:
        time.sleep(0.2)
        found = differences(system, redis)
    assert found[:10] == [], f"{what}, after {HEALED_S:.0f} s"


def differences(system: System, redis: OwnRedis) -> list[str]:
    """What Redis says of whom that the topics do not, and the other way round."""
    records = system.read(topics.PROFILES)
    profiles = {m.key().decode(): m.value() and loads(m.value()) for m in records}
    versions = {m.key().decode(): m.offset() for m in records}
    profiles = {name: profile for name, profile in profiles.items() if profile is not None}
    with Redis.from_url(redis.url) as client:
        cards = {name: read_card(client, name) for name in names(client)}
        histories = {name: read_history(client, name, 2 * HISTORY) for name in profiles}
        members = {key: dict(client.zrange(key, 0, -1, withscores=True)) for key in sets(client)}
        counted = miscounted(client, profiles.values(), system.events())
    held = {name: card for name, card in cards.items() if card is not None}
    found = [f"{name}: card" for name in held.keys() ^ profiles.keys()]
    for name in held.keys() & profiles.keys():
        own = {"version": versions[name], "updated_at": held[name]["updated_at"]}
        found += [f"{name}: fields"] * (held[name] != profiles[name] | own)
    due = expected_histories(system)
    found += [f"{n}: history" for n in profiles if ids(histories[n]) != due.get(n, [])]
    found += [f"{k}: members" for k in same(members, expected_members(profiles))]
    return found + counted


def same(some: dict[bytes, Any], others: dict[bytes, Any]) -> list[bytes]:
    return [key for key in some.keys() | others.keys() if some.get(key) != others.get(key)]


def ids(history: list[dict[str, Any]]) -> list[str]:
    return [entry["id"] for entry in history]


def names(client: Redis) -> list[str]:
    start = PREFIX + b"customer:{"
    keys = client.scan_iter(start + b"*}", count=5_000)
    return [key[len(start) : -1].decode() for key in keys]


def sets(client: Redis) -> list[bytes]:
    return list(client.scan_iter(members_key(b"*"), count=5_000))


def expected_members(profiles: dict[str, Any]) -> dict[bytes, dict[bytes, float]]:
    found: dict[bytes, dict[bytes, float]] = defaultdict(dict)
    for name, profile in profiles.items():
        segments = [profile["tier"], *profile["campaigns"]]
        segments += [profile["rfm"]["segment"]] if profile["rfm"] else []
        segments += [s for s in [profile["consumption"]["segment"]] if s != "unassigned"]
        for segment in segments:
            found[members_key(segment.encode())][name.encode()] = profile["prfv"] or 0.0
    return found


def expected_histories(system: System) -> dict[str, list[str]]:
    """Ids since each customer's last first tier, newest first."""
    told: dict[str, list[str]] = defaultdict(list)
    for message in system.read(topics.SEGMENT_EVENTS):
        event = loads(message.value())
        is_change = event["type"] == "nyxter.segment.changed.v1"
        if is_change and event["data"]["kind"] == "tier" and event["data"]["old"] is None:
            told[event["subject"]] = []
        told[event["subject"]].append(event["id"])
    return {name: listed[::-1][:HISTORY] for name, listed in told.items()}
