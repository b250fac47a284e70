"""Keys of ours in a real Valkey that hold what is not ours: named, and the rest is written."""

from collections.abc import Callable, Iterator

import pytest
from cache_samples import profile, transition
from redis import Redis

from streams.cache.batch import Change, standing_of
from streams.cache.counted import move_of
from streams.cache.foreign import ForeignKey, describe, foreign_keys, put_aside
from streams.cache.lease import REBUILD
from streams.cache.moves import Moves
from streams.cache.positions import POSITIONS, Positions
from streams.cache.store import Store
from streams.cache.waiting import Waiting
from streams.cards import META, SEGMENTS, card_key, history_key, members_key, read_card
from streams.counts import COUNTS, MOVES, moves_key, sizes_key
from streams.place import Place
from streams.topics import PROFILES, SEGMENT_EVENTS

PLACES = [Place(PROFILES, 0), Place(SEGMENT_EVENTS, 0)]
EVENT = transition("tier", None, "vip")
MOVE = move_of(EVENT)
Put = Callable[[Redis, bytes], object]
KINDS: dict[str, Put] = {
    "string": lambda redis, key: redis.set(key, "theirs"),
    "list": lambda redis, key: redis.rpush(key, "theirs"),
    "set": lambda redis, key: redis.sadd(key, "theirs"),
    "zset": lambda redis, key: redis.zadd(key, {"theirs": 1}),
    "stream": lambda redis, key: redis.xadd(key, {"theirs": 1}),
    "hash": lambda redis, key: redis.hset(key, "theirs", 1),
}


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


@pytest.fixture
def positions(redis: Redis) -> Positions:
    made = Positions(redis)
    made.take_over(PLACES)
    return made


@pytest.fixture
def store(redis: Redis, positions: Positions) -> Store:
    made = Store(redis, positions)
    made.open()
    return made


@pytest.fixture
def moves(redis: Redis, positions: Positions) -> Moves:
    made = Moves(redis, positions)
    made.open()
    return made


def change(version: int | None, says: dict | None, *offsets: int) -> Change:
    told = {"id": "1", "time": EVENT["time"], **EVENT["data"]}
    return Change(0, version, 0, says, standing_of(says), [(at, told) for at in offsets])


@pytest.mark.parametrize("kind", ["string", "list", "set", "zset", "stream"])
@pytest.mark.parametrize("key_of", [card_key, history_key])
def test_a_customer_whose_key_is_not_ours_waits_and_nobody_else(
    redis: Redis, store: Store, key_of: Callable[[bytes], bytes], kind: str
) -> None:
    key = key_of(b"K1")
    kind = "hash" if key_of is history_key and kind == "stream" else kind
    KINDS[kind](redis, key)
    held = redis.dump(key)
    written = store.write({b"K1": change(1, profile("K1"), 5), b"K2": change(2, profile("K2"), 6)})
    assert written
    assert written.refused == {b"K1": [key]}
    assert written.without == frozenset()
    assert redis.dump(key) == held
    assert (read_card(redis, "K2") or {})["version"] == 2
    assert redis.zscore(members_key(b"pequeno"), "K1") is None
    assert redis.hget(COUNTS, '["base"]') == b"1"
    redis.delete(key)
    assert store.write({b"K1": change(1, profile("K1"), 5)}).refused == {}
    assert redis.hget(COUNTS, '["base"]') == b"2"
    assert redis.xlen(history_key(b"K1")) == 1


@pytest.mark.parametrize("kind", ["string", "list", "stream"])
@pytest.mark.parametrize("key", [COUNTS, SEGMENTS, REBUILD, members_key(b"pequeno")])
def test_what_all_share_is_left_out_where_it_is_not_ours(
    redis: Redis, store: Store, key: bytes, kind: str
) -> None:
    KINDS[kind](redis, key)
    held = redis.dump(key)
    written = store.write({b"K1": change(1, profile("K1"), 5)})
    assert (bool(written), written.refused, written.without) == (True, {}, frozenset({key}))
    assert (read_card(redis, "K1") or {})["version"] == 1
    assert redis.zscore(members_key(b"fidelizacao"), "K1") is not None
    assert redis.xlen(history_key(b"K1")) == 1
    assert redis.dump(key) == held


@pytest.mark.parametrize("value", ["junk", str(2**63 - 1)])
def test_a_count_that_is_no_number_stops_nobody(redis: Redis, store: Store, value: str) -> None:
    redis.hset(COUNTS, '["base"]', value)
    written = store.write({b"K1": change(1, profile("K1"))})
    assert written.without == frozenset({COUNTS})
    assert (read_card(redis, "K1") or {})["version"] == 1
    assert redis.hget(COUNTS, '["tier","pequeno"]') == b"1"


@pytest.mark.parametrize("key", [MOVES, moves_key(MOVE.day), REBUILD])
def test_moves_are_counted_where_they_can_be(redis: Redis, moves: Moves, key: bytes) -> None:
    redis.set(key, "theirs")
    later = MOVE._replace(day="2026-11-23")
    written = moves.write({0: [(3, MOVE), (4, later)]})
    assert (bool(written), written.without) == (True, frozenset({key}))
    assert redis.get(key) == b"theirs"
    assert redis.ttl(key) == -1, "what is not ours does not expire by us"
    counted = redis.hgetall(moves_key("2026-11-23"))
    assert counted == ({} if key == MOVES else {later.field.encode(): b"1"})


def test_a_history_takes_entries_below_one_that_was_removed(redis: Redis, store: Store) -> None:
    store.write({b"K1": change(1, profile("K1"), 5)})
    redis.xadd(history_key(b"K1"), {"kind": "x"}, id="999-1")
    redis.xdel(history_key(b"K1"), "999-1")
    assert store.write({b"K1": change(None, None, 7)})
    assert [entry for entry, _ in redis.xrange(history_key(b"K1"))] == [b"7-1"]


@pytest.mark.parametrize("version", ["inf", "1e9", "junk", "", "nan"])
def test_a_version_that_is_no_number_is_none(redis: Redis, store: Store, version: str) -> None:
    redis.hset(card_key(b"K1"), mapping={"version": version, "tier": "vip"})
    store.write({b"K1": change(1, profile("K1"))})
    assert (read_card(redis, "K1") or {})["version"] == 1


@pytest.mark.parametrize("said", ["junk", "-5", "1.5", "9" * 30, ""])
def test_a_position_that_is_none_is_the_beginning(redis: Redis, said: str) -> None:
    redis.hset(POSITIONS, PLACES[0].name, said)
    positions = Positions(redis)
    assert positions.take_over(PLACES) == dict.fromkeys(PLACES, 0)
    assert positions.keep(dict.fromkeys(PLACES, 7))
    assert Positions(redis).take_over(PLACES) == dict.fromkeys(PLACES, 7)


OURS = {
    card_key(b"K1"): "hash",
    card_key(b"a}:history"): "hash",
    history_key(b"K1"): "stream",
    members_key(b"vip"): "zset",
    SEGMENTS: "set",
    **dict.fromkeys([META, COUNTS, MOVES, POSITIONS, REBUILD], "hash"),
    moves_key("2026-11-22"): "hash",
    sizes_key("2026-11-22"): "hash",
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_foreign_keys_are_found_and_put_aside_whole(redis: Redis, kind: str) -> None:
    for key in OURS:
        KINDS[kind](redis, key)
    KINDS[kind](redis, b"nyxter:v1:customer:somebody else's")
    KINDS[kind](redis, b"elsewhere")
    held = {key: redis.dump(key) for key in OURS}
    due = {ForeignKey(key, kind.encode(), to.encode()) for key, to in OURS.items() if to != kind}
    assert set(foreign_keys(redis)) == due
    assert {each.sentence for each in due} >= set(describe(redis, [each.key for each in due]))
    for each, name in put_aside(redis, list(foreign_keys(redis))):
        assert name.startswith(b"nyxter:foreign:" + each.key)
        assert redis.dump(name) == held[each.key]
        assert not redis.exists(each.key)
    assert list(foreign_keys(redis)) == []
    assert redis.exists(b"elsewhere", b"nyxter:v1:customer:somebody else's") == 2


def test_who_waits_keeps_positions_back_and_changes_together() -> None:
    waiting, ends = Waiting(), dict(zip(PLACES, (90, 80), strict=True))
    waiting.settle({b"K1": change(5, profile("K1"), 7), b"K2": change(6, None)}, {b"K1": [b"k"]})
    assert len(waiting) == 1
    assert waiting.hold_back(ends) == dict(zip(PLACES, (5, 7), strict=True))
    assert waiting.counts() == dict.fromkeys(PLACES, 1)
    assert waiting.keys() == {0: [b"k"]}
    newer = profile("K1", tier="vip")
    left = waiting.join({b"K1": change(9, newer, 8, 9), b"K3": change(10, None)})
    assert list(left) == [b"K3"]
    due = waiting.due()
    assert due[b"K1"].version == 9
    assert due[b"K1"].profile == newer
    assert [at for at, _ in due[b"K1"].transitions] == [7, 8, 9]
    assert waiting.hold_back(ends) == dict(zip(PLACES, (9, 7), strict=True))
    waiting.settle(due, {})
    assert waiting.hold_back(ends) == ends
    assert waiting.due() == {}
