"""What the cache writes to a real Valkey: any order, any of it twice, and it is the same."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from cache_samples import profile, transition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis, RedisError

from streams.cache.batch import Change, Place, standing_of
from streams.cache.positions import Positions
from streams.cache.store import TOMBSTONE_S, Store
from streams.cards import card_key, history_key, members_key, read_card, read_history
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
    return Change(version, 1_700_000_000_000, says, standing_of(says), list(transitions))


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
        redis.flushdb()
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
def test_members_are_right_however_processes_overlap(
    redis: Redis, new_store: Callable[..., Store], kinds: list[int], data: st.DataObject
) -> None:
    """Each process writes card and members as two steps; between them anything may happen."""
    customer = a_customer()
    key = customer.encode()
    versions = [said(customer, version, kind) for version, kind in enumerate(kinds)]
    halves = []  # what each process has yet to finish
    for version in data.draw(st.permutations(range(5))):
        late = new_store()
        halves.append((late, late.write_cards({key: change(version, versions[version])})))
        if data.draw(st.booleans()):
            finish(halves.pop(data.draw(st.integers(0, len(halves) - 1))))
    for half in data.draw(st.permutations(halves)):
        finish(half)
    assert_says(redis, customer, versions[4], 4)


def test_a_late_process_follows_a_card_that_moves_again(
    redis: Redis, store: Store, new_store: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = store.write_cards({b"K1": change(1, profile("K1", tier="vip"))})
    other = new_store()
    newer = iter([change(3, profile("K1", tier="medio")), change(4, None)])
    other.write({b"K1": change(2, profile("K1", campaigns=["retencao"]))})
    read_cards = store._read_cards

    def read_and_be_overtaken(*args: object) -> object:
        held = read_cards(*args)
        if (move := next(newer, None)) is not None:
            other.write_cards({b"K1": move})
        return held

    monkeypatch.setattr(store, "_read_cards", read_and_be_overtaken)
    store.write_members(*rest)
    assert_says(redis, "K1", None, 4)


def finish(half: tuple) -> None:
    store, rest = half
    store.write_members(*rest)


def assert_says(redis: Redis, customer: str, says: dict | None, version: int) -> None:
    held = read_card(redis, customer)
    assert (held and held["version"]) == (None if says is None else version)
    assert {k: v for k, v in (held or {}).items() if k not in OWN} == (says or {})
    assert segments_of(redis, customer) == expected_segments(says)


def test_doing_a_batch_again_after_a_crash_mends_the_members(redis: Redis, store: Store) -> None:
    store.write({b"K1": change(1, profile("K1", tier="vip"))})
    store.write_cards({b"K1": change(2, profile("K1", tier="medio"))})
    assert "vip" in segments_of(redis, "K1"), "the crash came before the members"
    store.write({b"K1": change(2, profile("K1", tier="medio"))})
    assert segments_of(redis, "K1") == expected_segments(profile("K1", tier="medio"))


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


EVENTS = [
    entry(0, "tier", None, "pequeno"),
    entry(2, "campaign", None, "retencao"),
    entry(3, "tier", "pequeno", "vip"),
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
        if fields["kind"] == "tier" and fields["old"] is None:
            kept = []
        kept.append(offset)
    return kept[::-1][:most]


def test_what_redis_refuses_is_told_without_a_customers_data(redis: Redis, store: Store) -> None:
    redis.set(card_key(b"K1"), "not a hash")
    with pytest.raises(RedisError, match="WRONGTYPE") as refused:
        store.write({b"K1": change(1, profile("K1"))})
    assert "televendas" not in str(refused.value)
    assert "K1" not in str(refused.value)
