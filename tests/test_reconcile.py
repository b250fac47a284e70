"""`nyxter reconcile` on Apache Kafka and a real Valkey: what is equal, and what is not."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from kafka_broker import KafkaBroker
from redis import Redis
from running import System
from typer.testing import CliRunner, Result

from nyxter_online.simulate import base
from schemas.instant import business_today
from streams import topics
from streams.cache import make_rebuild
from streams.cards import card_key, history_key, members_key
from streams.cli import app
from streams.clock import now_ms
from streams.counts import COUNTS, moves_key
from streams.embedded import run_redis
from streams.reconcile.findings import Finding, Findings
from streams.reconcile.outputs import Output, _List, _Table

pytestmark = pytest.mark.kafka
CUSTOMERS = 40


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with run_redis(tmp_path_factory.mktemp("reconciled")) as running:
        yield running


@pytest.fixture(scope="module")
def system(
    kafka: KafkaBroker, url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A system at rest with a worker and a cache, and something in each of its topics."""
    directory = tmp_path_factory.mktemp("system")
    with closing(System(kafka.bootstrap, directory, partitions=2)) as running:
        running.start("worker")
        running.start_cache("cache", url)
        running.send(base(7, CUSTOMERS, business_today(now_ms())))
        running.produce(topics.PURCHASES, b"K1", b"not JSON")
        running.settle()
        yield running


@pytest.fixture
def reconcile(system: System, url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("NYXTER_BROKER", system.settings.broker)
    monkeypatch.setenv("NYXTER_PARTITIONS", str(system.settings.partitions))
    monkeypatch.setenv("NYXTER_REDIS_URL", url)

    def run(*options: str) -> Result:
        result = CliRunner().invoke(app, ["reconcile", *options])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


@pytest.fixture
def redis(system: System, url: str) -> Iterator[Redis]:
    """The Redis of the system, made right again in the end."""
    with Redis.from_url(url) as client:
        yield client
    made = system.settings.model_copy(update={"redis_url": url})
    make_rebuild(made, lambda *_: None).run()


def found(result: Result, check: str) -> list[Finding]:
    assert result.exit_code == 1, result.output
    said = json.loads(result.stdout)
    assert said["equal"] is False
    return [Finding(**listed) for listed in said[check]["listed"]]


def test_an_equal_system_says_so(reconcile: Callable[..., Result], system: System) -> None:
    result = reconcile("--patience", "60")
    assert result.exit_code == 0, result.output
    assert f"profiles: {CUSTOMERS} compared: equal" in result.stdout
    for check in ("outputs", "redis"):
        assert f"{check}: " in result.stdout
        assert f"{check}: 0 compared" not in result.stdout
    said = json.loads(reconcile("--json", "--no-redis").stdout)
    assert (said["equal"], "redis" in said) == (True, False)
    published = len(system.events()) + len(system.read(topics.DEAD_LETTERS))
    assert said["outputs"]["compared"] == published + len(system.read(topics.PROFILES))
    assert "outputs" not in json.loads(reconcile("--json", "--no-journal").stdout)


def someone(redis: Redis) -> str:
    return min(key.decode() for key, _ in redis.zscan_iter(members_key(b"pequeno")))


def alter(redis: Redis, name: str) -> Finding:
    redis.hset(card_key(name.encode()), "tier", "ouro")
    return Finding("card differs", name, "tier")


def lose(redis: Redis, name: str) -> Finding:
    redis.delete(card_key(name.encode()))
    return Finding("card missing", name)


def add_a_card(redis: Redis, _: str) -> Finding:
    redis.hset(card_key(b"stranger"), "version", 1)
    return Finding("card of a customer whom the topics do not know", "stranger")


def add_a_member(redis: Redis, name: str) -> Finding:
    redis.zadd(members_key(b"ouro"), {name: 1})
    return Finding("member of a segment that the card does not name", name, "ouro")


def add_a_strange_member(redis: Redis, _: str) -> Finding:
    redis.zadd(members_key(b"pequeno"), {"stranger": 1})
    return Finding("member who has no profile", "stranger", "pequeno")


def lose_a_member(redis: Redis, name: str) -> Finding:
    redis.zrem(members_key(b"pequeno"), name)
    return Finding("member missing", name, "pequeno")


def move_a_member(redis: Redis, name: str) -> Finding:
    redis.zadd(members_key(b"pequeno"), {name: 12345})
    return Finding("member's score differs", name, "pequeno")


def lose_a_transition(redis: Redis, name: str) -> Finding:
    entry = redis.xrange(history_key(name.encode()), count=1)[0][0]
    redis.xdel(history_key(name.encode()), entry)
    return Finding("history differs", name, f"offset {entry.decode().removesuffix('-1')}")


def forge_a_transition(redis: Redis, name: str) -> Finding:
    redis.xadd(history_key(name.encode()), {"kind": "tier"}, id="999999-1")
    return Finding("history differs", name, "offset 999999")


def forge_a_count(redis: Redis, _: str) -> Finding:
    redis.hset(COUNTS, '["tier","ouro"]', 2)
    return Finding("count differs", None, '["tier","ouro"]: 2 instead of nothing')


def forge_a_move(redis: Redis, _: str) -> Finding:
    redis.hset(moves_key("1999-12-31"), '["change","tier","","ouro"]', 2)
    named = '1999-12-31 ["change","tier","","ouro"]: 2 instead of nothing'
    return Finding("moves differ", None, named)


@pytest.mark.parametrize(
    "damage",
    [
        alter,
        lose,
        add_a_card,
        add_a_member,
        add_a_strange_member,
        lose_a_member,
        move_a_member,
        lose_a_transition,
        forge_a_transition,
        forge_a_count,
        forge_a_move,
    ],
)
def test_damage_to_redis_is_named(
    reconcile: Callable[..., Result], redis: Redis, damage: Callable[[Redis, str], Finding]
) -> None:
    named = damage(redis, someone(redis))
    assert found(reconcile("--json", "--no-journal"), "redis") == [named]


def test_differences_are_listed_for_people(reconcile: Callable[..., Result], redis: Redis) -> None:
    name = someone(redis)
    for n in range(3):
        redis.zadd(members_key(b"ouro"), {f"stranger {n}": 1})
    redis.hset(card_key(name.encode()), "tier", "ouro")
    result = reconcile("--no-journal", "--limit", "2")
    assert result.exit_code == 1
    assert "4 differ" in result.stdout
    assert "  3 × member who has no profile\n" in result.stdout
    assert "    and 1 more\n" in result.stdout
    assert f"  1 × card differs\n    {name} tier\n" in result.stdout


def test_an_emptied_redis_is_behind(
    reconcile: Callable[..., Result], system: System, redis: Redis, url: str
) -> None:
    system.stop("cache")
    redis.flushall()
    result = reconcile("--patience", "0")
    assert result.exit_code == 2
    assert "records behind (is `nyxter cache` running?)" in result.stderr
    system.start_cache("cache", url)
    assert reconcile("--patience", "60", "--no-journal").exit_code == 0


def test_what_cannot_be_compared_is_told(
    reconcile: Callable[..., Result], system: System, tmp_path: Any
) -> None:
    (tmp_path / "other.toml").write_text("[analysis]\nwindow_days = 7\n")
    result = reconcile("--rules", str(tmp_path / "other.toml"))
    assert result.exit_code == 2
    assert "the system works by the rules" in result.stderr
    system.stop("worker")
    system.produce(topics.PURCHASES, b"K1", b"still not JSON")
    result = reconcile("--patience", "0", "--no-redis")
    assert result.exit_code == 2
    assert "does not cover all messages: 1 of nyxter.purchases.v1" in result.stderr
    system.start("worker")
    system.settle()


def test_a_transaction_under_way_is_waited_for(
    reconcile: Callable[..., Result], system: System
) -> None:
    """What is not told to everyone yet could neither be compared nor be left out."""
    producer = Producer({"bootstrap.servers": system.settings.broker, "transactional.id": "open"})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(topics.PROFILES, b"{}", b"stranger", partition=0)
    producer.flush()
    result = reconcile("--patience", "0", "--no-redis", "--no-journal")
    assert result.exit_code == 2
    assert "a transaction is under way" in result.stderr
    producer.abort_transaction(20)
    result = reconcile("--patience", "60", "--no-redis", "--no-journal")
    assert result.exit_code == 0, result.stderr


def test_damage_to_the_topics_is_named(reconcile: Callable[..., Result], system: System) -> None:
    """Forged records, an event sent twice; what a topic dropped as too old is no difference."""
    assert reconcile("--patience", "60").exit_code == 0
    event = next(m for m in system.read(topics.SEGMENT_EVENTS) if m.partition() == 0)
    late = next(m for m in system.read(topics.SEGMENT_EVENTS) if m.partition() == 1)
    name, profile = min(system.profiles().items())
    body = json.loads(event.value())
    system.produce(topics.SEGMENT_EVENTS, event.key(), event.value(), partition=0)
    forged = json.dumps(body | {"id": "forged"}).encode()
    system.produce(topics.SEGMENT_EVENTS, event.key(), forged, partition=0)
    system.produce(topics.PROFILES, name.encode(), json.dumps(profile | {"tier": "ouro"}).encode())
    system.produce(topics.PROFILES, b"stranger", b"{}", partition=1)
    dropped = TopicPartition(topics.SEGMENT_EVENTS, 1, late.offset() + 5)
    next(iter(system._admin.delete_records([dropped]).values())).result()
    result = reconcile("--json", "--no-redis")
    what = topics.SEGMENT_EVENTS
    outputs = {(f.what, f.customer, f.where.partition(" ")[2]) for f in found(result, "outputs")}
    subject = body["subject"]
    records = {f.customer for f in found(result, "outputs") if f.what.startswith("profile record")}
    assert ("output is there twice", subject, body["id"]) in outputs, what
    assert ("output is not in the journal", subject, "forged") in outputs
    assert records == {name, "stranger"}
    assert len(outputs) == 4
    assert json.loads(result.stdout)["outputs"]["expired"] > 0
    assert set(found(result, "profiles")) == {
        Finding("profile is not replay's", name, "tier"),
        Finding("the profiles topic knows a customer whom replay does not", "stranger"),
    }


def out(name: str, says: str = "") -> Output:
    return Output(b"K1", name, says.encode())


def test_outputs_that_are_missing_or_changed_are_left_without_a_partner() -> None:
    live = [out("b"), out("a"), out("d", "changed"), out("e")]
    listed = _List(iter(live), starts_late=False, findings=Findings(9))
    for name in "abcde":
        listed.expect(out(name))
    listed.finish()
    assert listed.pending == {out("c"): 1, out("d"): 1, out("d", "changed"): -1}


def test_outputs_before_a_topics_start_are_expired() -> None:
    findings = Findings(9)
    listed = _List(iter([out("c"), out("d")]), starts_late=True, findings=findings)
    for name in "abcd":
        listed.expect(out(name))
    listed.finish()
    assert (findings.expired, findings.compared, listed.pending) == (2, 2, {})


def test_a_profile_that_is_not_the_newest_is_named() -> None:
    findings = Findings(9)
    table = _Table(iter([Output(b"K1", "0", b"one"), Output(b"K2", "1", b"x")]), findings)
    for customer, says in ((b"K1", b"one"), (b"K1", b"two"), (b"K2", b"x"), (b"K3", b"y")):
        table.expect(Output(customer, "0" if customer == b"K1" else "1", says))
    table.finish()
    newest = "the newest profile is not the journal's"
    assert findings.kept == [Finding(newest, "K1"), Finding(newest, "K3")]
