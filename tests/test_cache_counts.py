"""Counts in a real Valkey: whatever is written in whatever order, they are those of the cards."""

import asyncio
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from cache_samples import profile, transition, trigger
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracles import miscounted
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from streams.cache import sizes
from streams.cache.batch import Change, standing_of
from streams.cache.counted import Move, move_of
from streams.cache.lease import REBUILD, Lease, LeaseLost
from streams.cache.moves import Moves
from streams.cache.positions import POSITIONS, Positions
from streams.cache.recount import RECOUNT, Recount
from streams.cache.sizes import Sizes
from streams.cache.store import Store
from streams.cards import META, card_key, read_card
from streams.counts import (
    COUNTS,
    MOVES,
    MOVES_KEPT_S,
    SIZES_KEPT_S,
    moves_key,
    read_counts,
    read_moves,
    read_sizes,
    sizes_key,
)
from streams.erasure.copied import remove_mark
from streams.place import Place
from streams.topics import PROFILES, SEGMENT_EVENTS

PLACES = [Place(PROFILES, 0), Place(SEGMENT_EVENTS, 0)]
NAMES = ("K1", "K2", "K3")
CHANCES = st.integers(0, 2**32).map(random.Random)
DAY = date(2026, 11, 22)
laws = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Cache:
    """One life of a cache: the place is its own until another is made."""

    def __init__(self, redis: Redis) -> None:
        self.positions = Positions(redis)
        self.positions.take_over(PLACES)
        self.store, self.moves = Store(redis, self.positions), Moves(redis, self.positions)
        self.store.open()
        self.moves.open()

    def write(self, customer: str, version: int, says: dict | None, impossible: str = "") -> bool:
        change = Change(0, version, 0, says, standing_of(says), impossible=impossible)
        return self.store.write({customer.encode(): change})

    def count(self, listed: Sequence[tuple[int, Move]]) -> bool:
        return self.moves.write({0: listed})


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


@pytest.fixture
def cache(redis: Redis) -> Cache:
    return Cache(redis)


def says(customer: str, chance: random.Random) -> dict[str, Any] | None:
    """A profile of any kind; None: the customer is gone."""
    if not chance.randrange(5):
        return None
    given: dict[str, Any] = {
        "tier": chance.choice(["pequeno", "a\nb", 'é/\\"']),
        "campaigns": chance.sample(["retencao", "fidelizacao"], chance.randrange(3)),
        "rfm": chance.choice([None, {"r": 1, "f": 4, "v": 2, "total": 7, "segment": "Leais"}]),
        "prfv": chance.choice([None, 0.0, 33.5, 5.0, 5.01, 100.0]),
        "P": chance.choice([None, 67.49, 0.01]),
        "bands": {"P": chance.choice([None, "azul"]), "R": "verde", "F": "verde", "V": "azul"},
        "group": chance.choice([[], ["industria", ""], ['São Paulo, "SP"']]),
        "consumption": {"segment": chance.choice(["unassigned", "Clientes Leais"])},
        "journey": chance.choice(
            [
                {"phase": None, "stages": [], "actions": []},
                {"phase": "Venda", "stages": ["Ganho", "Proposta"], "actions": ["a"]},
            ]
        ),
    }
    return profile(customer, **given)


def cards(redis: Redis) -> list[dict[str, Any]]:
    return [card for name in NAMES if (card := read_card(redis, name))]


def assert_counted(redis: Redis) -> None:
    assert miscounted(redis, cards(redis), []) == []


def test_a_new_card_is_counted_and_read_back(redis: Redis, cache: Cache, valkey: str) -> None:
    cache.write("K1", 1, profile("K1"))
    cache.write("K2", 2, profile("K2", tier="vip", prfv=None, rfm=None))
    assert_counted(redis)

    async def read() -> Any:
        async with AsyncRedis.from_url(valkey) as client:
            return await read_counts(client)

    counts = asyncio.run(read())
    assert counts.base == 2
    assert counts.of("tier") == {"pequeno": 1, "vip": 1}
    assert counts.of("rfm") == {"Em Atenção": 1, "": 1}
    assert counts.of("phase") == {"Sustentação e Suporte": 2}
    assert counts.of("group") == {'["industria",""]': 2}
    assert counts.table("cell") == {("4", "1", "1"): 1}
    assert counts.table("colour")["prfv", "vermelho"] == 1
    assert counts.table("score")["prfv", "15", '["industria",""]'] == 1
    assert counts.table("score")["prfv", "0", '["industria",""]'] == 1
    assert (counts.of("nothing"), counts.table("nothing")) == ({}, {})


def test_who_is_gone_counts_no_more_and_leaves_no_field(redis: Redis, cache: Cache) -> None:
    cache.write("K1", 1, profile("K1", group=["Santo Antônio do Içá"]))
    cache.write("K2", 2, profile("K2"))
    cache.write("K1", 3, None)
    assert_counted(redis)
    assert not [name for name in redis.hkeys(COUNTS) if "Içá" in name.decode()]
    assert remove_mark(redis, b"K1")
    cache.write("K1", 4, profile("K1"))
    assert_counted(redis)
    for version, name in enumerate(("K1", "K2"), 5):
        cache.write(name, version, None)
    assert not redis.exists(COUNTS)


def test_what_the_cache_keeps_for_itself_is_not_told(redis: Redis, cache: Cache) -> None:
    cache.write("K1", 1, profile("K1"))
    redis.hset(card_key(b"K1"), "recount", "one")
    assert read_card(redis, "K1") == profile("K1") | {"version": 1, "updated_at": 0}


@laws
@given(CHANCES)
def test_counts_are_those_of_the_cards(redis: Redis, chance: random.Random) -> None:
    """Any order of versions, twice, tombstones, forgotten ones, impossible ones, new owners."""
    redis.flushall()
    cache = Cache(redis)
    versions = [(name, n) for name in NAMES for n in range(4)]
    said = {at: says(at[0], chance) for at in versions}
    for name, version in chance.choices(versions, k=25):
        action = chance.randrange(8)
        held = redis.hget(card_key(name.encode()), "version")
        if action == 0:
            redis.delete(card_key(name.encode())) if read_card(redis, name) is None else None
        elif action == 1 and held:
            cache.write(name, version, said[name, version], held.decode())
        elif action == 2:
            cache = Cache(redis)
        else:
            cache.write(name, version, said[name, version])
        assert_counted(redis)


def damage(redis: Redis, chance: random.Random) -> None:
    """Take some of it away, or forge it."""
    forged = chance.choice(list(NAMES)).encode()
    chance.choice(
        [
            lambda: redis.delete(COUNTS),
            lambda: redis.hincrby(COUNTS, '["base"]', 7),
            lambda: redis.hset(COUNTS, '["tier","x"]', "-3"),
            lambda: redis.delete(card_key(forged)),
            lambda: redis.hdel(card_key(forged), "counted"),
        ]
    )()


@laws
@given(CHANCES)
def test_a_recount_is_right_whatever_is_written_meanwhile(
    redis: Redis, chance: random.Random
) -> None:
    """As a rebuild does it: every card is written again, others write before and after that."""
    redis.flushall()
    cache, version = Cache(redis), itertools.count(1)
    newest: dict[str, tuple[int, dict | None]] = {}

    def others_write() -> None:
        for name in chance.choices(NAMES, k=chance.randrange(4)):
            newest[name] = next(version), says(name, chance)
            cache.write(name, *newest[name])

    others_write()
    for _ in range(2):
        damage(redis, chance)
        lease = Lease(redis)
        lease.take()
        store, recount = Store(redis, lease), Recount(redis, lease)
        store.open()
        others_write()
        recount.begin(1)
        others_write()
        for name, (at, told) in list(newest.items()):
            if chance.randrange(3):
                store.write({name.encode(): Change(0, at, 0, told, standing_of(told))})
            others_write()
        for name, (at, told) in newest.items():
            if redis.hget(card_key(name.encode()), "counted") is None:
                store.write({name.encode(): Change(0, at, 0, told, standing_of(told))})
        recount.end()
        assert_counted(redis)
        others_write()
        lease.give_back()
        others_write()
        assert_counted(redis)
        assert redis.keys(RECOUNT + b"*") == []
        assert redis.ttl(COUNTS) < 0


def test_a_recount_without_its_lease_changes_nothing(redis: Redis, cache: Cache) -> None:
    cache.write("K1", 1, profile("K1"))
    lease = Lease(redis)
    lease.take()
    recount = Recount(redis, lease)
    redis.delete(REBUILD)
    with pytest.raises(LeaseLost):
        recount.begin(1)
    lease.take()
    recount.begin(1)
    redis.delete(REBUILD)
    with pytest.raises(LeaseLost):
        recount.end()
    assert_counted(redis)
    recount.drop()
    assert redis.keys(RECOUNT + b"*") == []


EVENTS = [
    transition("tier", None, "vip"),
    transition("tier", "vip", None) | {"time": "2026-11-22T02:59:59.9Z"},
    trigger("tier", "vip"),
    transition("campaign", None, "retencao") | {"time": "2026-11-22T03:00:00Z"},
    trigger("profile", "Clientes Leais", "weekly_cap"),
    transition("tier", None, "vip"),
    trigger("tier", "vip"),
]
LISTED = [(3 * n, move_of(event)) for n, event in enumerate(EVENTS)]


def test_moves_are_counted_by_business_day_and_read_back(
    redis: Redis, cache: Cache, valkey: str
) -> None:
    assert cache.count(LISTED)
    assert miscounted(redis, [], EVENTS) == []

    async def read() -> Any:
        async with AsyncRedis.from_url(valkey) as client:
            return await read_moves(client, [DAY, DAY - timedelta(1), DAY - timedelta(2)])

    days = asyncio.run(read())
    today, before, nothing = days.values()
    assert today.table("change") == {("tier", "", "vip"): 2, ("campaign", "", "retencao"): 1}
    assert today.table("trigger")["tier", "vip", "Ganho", ""] == 2
    assert before.table("change") == {("tier", "vip", ""): 1}
    assert nothing.table("change") == {}
    assert MOVES_KEPT_S - 60 < redis.ttl(moves_key("2026-11-22")) <= MOVES_KEPT_S


@laws
@given(CHANCES)
def test_each_event_counts_once_however_often_it_is_read(
    redis: Redis, chance: random.Random
) -> None:
    """Killed before or after any write, and gone on from any position before."""
    redis.flushall()
    at = 0
    while at < len(LISTED):
        cache = Cache(redis)
        start = chance.randrange(at + 1)
        at = max(at, chance.randint(start, len(LISTED)))
        middle = chance.randint(start, at)
        for some in (LISTED[start:middle], LISTED[middle:at]):
            assert cache.count(some)
    assert miscounted(redis, [], EVENTS) == []


def test_who_lost_a_partition_counts_nothing_more(redis: Redis, cache: Cache) -> None:
    cache.count(LISTED[:2])
    other = Cache(redis)
    assert not cache.count(LISTED)
    assert other.count(LISTED)
    assert miscounted(redis, [], EVENTS) == []
    redis.flushall()
    other.moves.open()
    assert not other.count(LISTED)
    assert redis.keys() == []


def forget(redis: Redis) -> None:
    redis.delete(MOVES)
    redis.hset(POSITIONS, PLACES[1].name, LISTED[2][0] + 1)


@pytest.mark.parametrize(
    "harm",
    [
        lambda redis: redis.hincrby(moves_key("2026-11-22"), '["change","tier","","vip"]', 5),
        lambda redis: redis.delete(moves_key("2026-11-22")),
        lambda redis: redis.hset(moves_key("1999-01-01"), '["change","tier","",""]', 5),
        forget,
        Redis.ping,
    ],
    ids=["more", "a day lost", "a strange day", "filled before anything was counted", "none"],
)
def test_moves_are_counted_anew_while_others_count(
    redis: Redis, cache: Cache, harm: Callable[[Redis], object]
) -> None:
    cache.count(LISTED[:3])
    harm(redis)
    lease = Lease(redis)
    lease.take()
    recount = Recount(redis, lease)
    recount.begin(1)
    cache.count(LISTED[1:5])
    known = [move for offset, move in LISTED if offset < recount.first(0)]
    recount.add({move: known.count(move) for move in known}, "")
    cache.count(LISTED[3:6])
    recount.end()
    lease.give_back()
    cache.count(LISTED[4:])
    assert miscounted(redis, [], EVENTS) == []
    assert MOVES_KEPT_S - 60 < redis.ttl(moves_key("2026-11-22")) <= MOVES_KEPT_S
    assert redis.keys(RECOUNT + b"*") == []


def test_days_that_the_topic_has_dropped_stay(redis: Redis, cache: Cache) -> None:
    cache.count(LISTED)
    lease = Lease(redis)
    lease.take()
    recount = Recount(redis, lease)
    recount.begin(1)
    dropped = "2026-11-21"
    recount.add({move: 9 for _, move in LISTED[:1]}, dropped)
    recount.end()
    assert redis.hgetall(moves_key(dropped)) == {b'["change","tier","vip",""]': b"1"}
    assert redis.hgetall(moves_key("2026-11-22")) == {b'["change","tier","","vip"]': b"9"}


def test_sizes_of_a_day_are_the_last_seen(
    redis: Redis, cache: Cache, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "EVERY_S", 0.0)
    keeper = Sizes(redis)
    keeper.keep()
    redis.hset(META, mapping={"day": "2026-11-22", "lag": "0"})
    cache.write("K1", 1, profile("K1", tier="vip"))
    keeper.keep()
    cache.write("K1", 2, profile("K1", tier="medio"))
    cache.write("K2", 3, profile("K2", consumption={"segment": "unassigned"}))
    keeper.keep()
    redis.hset(META, mapping={"day": "2026-11-23", "lag": "2"})
    keeper.keep()

    async def read() -> Any:
        async with AsyncRedis.from_url(valkey) as client:
            return await read_sizes(client, [DAY, DAY + timedelta(1)])

    seen, being_filled = asyncio.run(read()).values()
    assert seen.base == 2
    assert seen.of("tier") == {"medio": 1, "pequeno": 1}
    assert seen.of("profile") == {"unassigned": 1, "Clientes Leais": 1}
    assert seen.of("rfm") == {"Em Atenção": 2}
    assert seen.of("campaign") == {"fidelizacao": 2}
    assert seen.of("phase") == {"Sustentação e Suporte": 2}
    assert (seen.of("group"), seen.table("score"), seen.table("cell")) == ({}, {}, {})
    assert being_filled.base == 0
    assert SIZES_KEPT_S - 60 < redis.ttl(sizes_key("2026-11-22")) <= SIZES_KEPT_S


def test_sizes_are_seen_now_and_then(redis: Redis, cache: Cache) -> None:
    redis.hset(META, mapping={"day": "2026-11-22", "lag": "0"})
    keeper = Sizes(redis)
    for version in range(2):
        cache.write(f"K{version}", version, profile(f"K{version}"))
        keeper.keep()
    assert redis.hget(sizes_key("2026-11-22"), '["base"]') == b"1"
