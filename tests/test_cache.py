"""What the cache writes to a real Valkey: any order, any of it twice, and it is the same."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from cache_samples import profile, transition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis, RedisError

from streams.cache.batch import Change, standing_of
from streams.cache.positions import POSITIONS, Positions
from streams.cache.store import TOMBSTONE_S, Store
from streams.cards import SEGMENTS, card_key, history_key, members_key, read_card, read_history
from streams.place import Place
from streams.topics import PROFILES

PLACE = Place(PROFILES, 0)
TIERS = ("pequeno", "medio", "vip")
OWN = {"version", "updated_at"}
fresh = itertools.count()
laws = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


@pytest.fixture
def new_store(redis: Redis) -> Callable[..., Store]:
    """Make a store as another process would, which takes the place over."""

    def make(**options: int) -> Store:
        positions = Positions(redis)
        positions.take_over([PLACE])
        store = Store(redis, positions, **options)
        store.open()
        return store

    return make


@pytest.fixture
def store(new_store: Callable[..., Store]) -> Store:
    return new_store()


def change(version: int | None, says: dict | None, transitions: Iterable = ()) -> Change:
    return Change(0, version, 1_700_000_000_000, says, standing_of(says), list(transitions))


def entry(offset: int, kind: str, old: str | None, new: str | None) -> tuple[int, dict]:
    event = transition(kind, old, new)
    return offset, {"id": f"{offset:032x}", "time": event["time"], **event["data"]}


def a_customer() -> str:
    return f"K{next(fresh)}"


def segments_of(redis: Redis, customer: str) -> dict[str, float]:
    """The segments that the customer is a member of, with the score."""
    names = [name for key in redis.keys(members_key(b"*")) for name in [key.split(b":")[3]]]
    scores = {name.decode(): redis.zscore(members_key(name), customer) for name in names}
    return {name: score for name, score in scores.items() if score is not None}


def expected_segments(says: dict | None) -> dict[str, float]:
    standing = standing_of(says)
    return {name.decode(): standing.score for name in standing.segments}


def test_a_card_reads_as_the_profile_was_published(redis: Redis, store: Store) -> None:
    nothing = dict.fromkeys(("P", "prfv", "rfm"))
    for says in (profile("K1"), profile("K1", **nothing, campaigns=[]), profile("K1", stage="x")):
        redis.delete(card_key(b"K1"))
        store.write({b"K1": change(7, says)})
        assert read_card(redis, "K1") == says | {"version": 7, "updated_at": 1_700_000_000_000}


def test_texts_are_plain_and_the_rest_is_json(redis: Redis, store: Store) -> None:
    store.write({b"123": change(0, profile("123"))})
    held = redis.hgetall(card_key(b"123"))
    assert held[b"customer_id"] == b"123"
    assert held[b"tier"] == b"pequeno"
    assert held[b"P"] == b"80.0"
    assert held[b"campaigns"] == b'["fidelizacao"]'
    assert held[b"version"] == b"0"


def test_a_newer_card_has_no_fields_of_the_older(redis: Redis, store: Store) -> None:
    store.write({b"K1": change(1, profile("K1", once="there"))})
    store.write({b"K1": change(2, profile("K1"))})
    assert "once" not in read_card(redis, "K1")


@pytest.mark.parametrize(
    "customer",
    ["a:b", "a b", "{a}", "}{", "a}:history", "🦊", "a\nb", "a\0b", '"', "*", "é", "x" * 512, "-1"],
)
def test_any_id_has_a_card_a_history_and_segments(
    redis: Redis, store: Store, customer: str
) -> None:
    says = profile(customer, tier="vip")
    store.write({customer.encode(): change(3, says, [entry(0, "tier", None, "vip")])})
    assert {k: v for k, v in read_card(redis, customer).items() if k not in OWN} == says
    assert [t["offset"] for t in read_history(redis, customer)] == [0]
    assert segments_of(redis, customer) == expected_segments(says)
    store.write({customer.encode(): change(4, None)})
    assert read_card(redis, customer) is None
    assert read_history(redis, customer) == []
    assert segments_of(redis, customer) == {}


def said(customer: str, version: int, kind: int) -> dict | None:
    """What a customer's profile of this version says; of kind 3, that the customer is gone."""
    if kind == len(TIERS):
        return None
    return profile(customer, tier=TIERS[kind], campaigns=["retencao"] * (kind % 2), prfv=version)


KINDS = st.lists(st.integers(0, len(TIERS)), min_size=5, max_size=5)


@laws
@given(KINDS, st.data())
def test_an_older_card_never_replaces_a_newer(
    redis: Redis, store: Store, kinds: list[int], data: st.DataObject
) -> None:
    customer = a_customer()
    versions = [said(customer, version, kind) for version, kind in enumerate(kinds)]
    order = data.draw(st.permutations([*range(5), *data.draw(st.lists(st.integers(0, 4)))]))
    for newest_yet, version in zip(itertools.accumulate(order, max), order, strict=True):
        store.write({customer.encode(): change(version, versions[version])})
        assert_says(redis, customer, versions[newest_yet], newest_yet)


@laws
@given(KINDS, st.data())
def test_members_are_the_newest_cards_whoever_writes_it_and_when(
    redis: Redis, store: Store, kinds: list[int], data: st.DataObject
) -> None:
    customer = a_customer()
    versions = [said(customer, version, kind) for version, kind in enumerate(kinds)]
    for version in data.draw(st.permutations(range(5))):
        store.write({customer.encode(): change(version, versions[version])})
    assert_says(redis, customer, versions[4], 4)


def test_who_lost_a_place_writes_nothing_more(
    redis: Redis, store: Store, new_store: Callable[..., Store]
) -> None:
    assert store.write({b"K1": change(1, profile("K1", tier="vip"))})
    new_store()
    late = change(2, profile("K1", tier="medio"), [entry(9, "tier", "vip", "medio")])
    assert not store.write({b"K1": late})
    assert_says(redis, "K1", profile("K1", tier="vip"), 1)
    assert read_history(redis, "K1") == []


def test_who_wrote_before_redis_was_emptied_writes_nothing_more(redis: Redis, store: Store) -> None:
    redis.flushall()
    store.open()
    assert not store.write({b"K1": change(2, profile("K1"))})
    assert redis.keys() == []


def test_nobody_sees_a_part_of_a_write(redis: Redis, store: Store) -> None:
    """What concerns a customer is one command: monitored, it is one between any two others."""
    store.write({b"K1": change(1, profile("K1", tier="vip"))})
    before = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
    store.write({b"K1": change(2, profile("K1"), [entry(9, "tier", "vip", "pequeno")])})
    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 1
    assert segments_of(redis, "K1") == expected_segments(profile("K1"))


def assert_says(redis: Redis, customer: str, says: dict | None, version: int) -> None:
    held = read_card(redis, customer)
    assert (held and held["version"]) == (None if says is None else version)
    assert {k: v for k, v in (held or {}).items() if k not in OWN} == (says or {})
    assert segments_of(redis, customer) == expected_segments(says)


def test_writing_a_card_again_mends_what_was_changed_by_others(redis: Redis, store: Store) -> None:
    store.write({b"K1": change(2, profile("K1", tier="medio"))})
    redis.hset(card_key(b"K1"), mapping={"tier": "vip", "more": "1"})
    redis.hdel(card_key(b"K1"), "raw")
    redis.zadd(members_key(b"retencao"), {"K1": 1})
    redis.zrem(members_key(b"medio"), "K1")
    redis.sadd(SEGMENTS, "retencao")
    store.write({b"K1": change(2, profile("K1", tier="medio"))})
    assert_says(redis, "K1", profile("K1", tier="medio"), 2)


def test_a_version_that_cannot_be_is_no_card(redis: Redis, store: Store) -> None:
    store.write({b"K1": change(9, profile("K1", tier="vip"))})
    mended = change(2, profile("K1"))
    mended.impossible = "8"
    store.write({b"K1": mended})
    assert_says(redis, "K1", profile("K1", tier="vip"), 9)
    mended.impossible = "9"
    store.write({b"K1": mended})
    assert_says(redis, "K1", profile("K1"), 2)


def test_names_of_other_rules_are_left_too(
    redis: Redis, store: Store, new_store: Callable[..., Store]
) -> None:
    store.write({b"K1": change(1, profile("K1", tier="ouro", campaigns=["natal"]))})
    new_store().write({b"K1": change(2, profile("K1"))})
    assert segments_of(redis, "K1") == expected_segments(profile("K1"))


def test_who_is_gone_does_not_come_back_with_an_older_card(redis: Redis, store: Store) -> None:
    history = [entry(1, "tier", None, "vip")]
    store.write({b"K1": change(5, profile("K1"), history)})
    store.write({b"K1": change(6, None)})
    store.write({b"K1": change(5, profile("K1"), history)})
    assert read_card(redis, "K1") is None
    assert redis.hgetall(card_key(b"K1")) == {b"version": b"6", b"gone": b"1"}
    assert 0 < redis.ttl(card_key(b"K1")) <= TOMBSTONE_S
    assert not redis.exists(history_key(b"K1"))
    store.write({b"K1": change(7, profile("K1"))})
    assert read_card(redis, "K1")["version"] == 7
    assert redis.ttl(card_key(b"K1")) == -1


def test_transitions_of_who_has_no_card_are_not_kept(redis: Redis, store: Store) -> None:
    store.write({b"K1": change(None, None, [entry(3, "tier", "vip", None)])})
    assert redis.keys(card_key(b"K1") + b"*") == []


def test_a_transition_reads_as_it_was_published(redis: Redis, store: Store) -> None:
    store.write({b"K1": change(1, profile("K1"), [entry(9, "rfm", None, "Leais")])})
    offset, fields = entry(9, "rfm", None, "Leais")
    assert read_history(redis, "K1") == [fields | {"offset": offset}]


TRIGGER = {"id": "4", "time": "2026-11-22T13:00:00.123Z", "kind": "tier", "segment": "vip"}
EVENTS = [
    entry(0, "tier", None, "pequeno"),
    entry(2, "campaign", None, "retencao"),
    entry(3, "tier", "pequeno", "vip"),
    (4, TRIGGER | {"trigger": "vip", "transition": {"kind": "tier", "old": None, "new": "vip"}}),
    entry(5, "rfm", "Leais", None),
    entry(6, "tier", "vip", None),
    entry(8, "tier", None, "medio"),
    entry(9, "campaign", None, "fidelizacao"),
    entry(10, "tier", "medio", "pequeno"),
]


@laws
@given(st.sampled_from([3, 4, 200]), st.integers(1, len(EVENTS)), st.data())
def test_a_history_is_the_same_in_any_order_and_twice(
    redis: Redis, new_store: Callable[..., Store], most: int, until: int, data: st.DataObject
) -> None:
    store, customer = new_store(history=most), a_customer()
    store.write({customer.encode(): change(1, profile(customer))})
    events = EVENTS[:until]
    for some in data.draw(pieces_of([*events, *data.draw(st.lists(st.sampled_from(events)))])):
        store.write({customer.encode(): change(None, None, some)})
    kept = [event["offset"] for event in read_history(redis, customer)]
    assert kept == expected_history(events, most)


def pieces_of(events: list) -> st.SearchStrategy[list[list]]:
    """Some order of the events, in pieces of a few."""
    return st.tuples(st.permutations(events), st.integers(1, 3)).map(
        lambda drawn: [drawn[0][i : i + drawn[1]] for i in range(0, len(events), drawn[1])]
    )


def expected_history(events: Sequence[tuple[int, dict]], most: int) -> list[int]:
    """Offsets from the last first tier on, the newest `most`, newest first."""
    kept: list[int] = []
    for offset, fields in events:
        if fields["kind"] == "tier" and "old" in fields and fields["old"] is None:
            kept = []
        kept.append(offset)
    return kept[::-1][:most]


@laws
@given(st.data(), st.integers(0, 11))
def test_a_whole_history_replaces_what_was_before_an_offset(
    redis: Redis, store: Store, data: st.DataObject, until: int
) -> None:
    customer = a_customer().encode()
    store.write({customer: change(1, profile(customer.decode()))})
    held = data.draw(st.lists(st.sampled_from(EVENTS), unique_by=lambda e: e[0]))
    forged = data.draw(st.lists(st.integers(0, until), max_size=2))
    wrong = [entry(at, "campaign", None, "forged") for at in forged if at < until]
    store.write({customer: change(None, None, [*held, *wrong])})
    since = [event for event in sorted(held) if event[0] >= until and survives(redis, customer)]
    whole = change(None, None, [event for event in EVENTS if event[0] < until])
    whole.whole_before = until
    for _ in range(2):
        store.write({customer: whole})
        now = read_history(redis, customer.decode())
        assert [e["offset"] for e in now] == expected_history([*whole.transitions, *since], 200)
        assert not any(e.get("new") == "forged" for e in now)


def survives(redis: Redis, customer: bytes) -> bool:
    return bool(redis.exists(history_key(customer)))


def test_a_whole_history_of_who_is_gone_is_none(redis: Redis, store: Store) -> None:
    store.write({b"K1": change(1, None)})
    redis.xadd(history_key(b"K1"), {"kind": "tier"}, id="3-1")
    whole = change(None, None, [EVENTS[0]])
    whole.whole_before = 9
    store.write({b"K1": whole})
    assert not redis.exists(history_key(b"K1"))


def test_what_redis_refuses_is_told_without_a_customers_data(redis: Redis, store: Store) -> None:
    redis.delete(POSITIONS)
    redis.set(POSITIONS, "not a hash")
    with pytest.raises(RedisError, match="WRONGTYPE") as refused:
        store.write({b"K1": change(1, profile("K1"))})
    assert "televendas" not in str(refused.value)
    assert "K1" not in str(refused.value)
