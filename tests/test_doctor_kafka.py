"""The doctor beside a real broker and Redis: all well, and each thing that may be wrong."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from kafka_broker import KafkaBroker
from redis import Redis
from running import System, wait_until
from test_cli import nyxter, told

from nyxter_online.simulate import base
from schemas.instant import business_today
from streams import topics
from streams.cards import META
from streams.client import client_config
from streams.clock import now_ms
from streams.lane.changelog import POSITION_KEY, Position
from streams.lane.records import Record
from streams.lane.transaction import TransactionalProducer
from streams.settings import Settings

pytestmark = pytest.mark.kafka

RULES = "[analysis]\nwindow_days = 200\n"


@pytest.fixture(scope="module")
def redis_url(valkey_server: str) -> str:
    with Redis.from_url(valkey_server) as redis:
        redis.flushall()
    return valkey_server


@pytest.fixture(scope="module")
def system(
    kafka: KafkaBroker, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A system at work, everyone scored."""
    folder = tmp_path_factory.mktemp("system")
    with closing(System(kafka.bootstrap, folder, RULES, partitions=2)) as running:
        running.start("worker")
        running.start_cache("cache", redis_url)
        running.send(base(7, 60, business_today(now_ms())))
        running.settle()
        wait_until(lambda: has_meta(redis_url), "the cache has told how far it is")
        yield running


def has_meta(url: str) -> bool:
    with Redis.from_url(url) as redis:
        return bool(redis.exists(META))


def examine(system: System, url: str, **changes: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the doctor; return the exit status, and what was found that is not as it should be."""
    ours = {
        "NYXTER_BROKER": system.settings.broker,
        "NYXTER_PARTITIONS": "2",
        "NYXTER_REDIS_URL": url,
        "NYXTER_RULES": str(system.directory / "rules.toml"),
    }
    result = nyxter("doctor", "--json", **(ours | changes))
    assert result.stderr == ""
    found = json.loads(result.stdout)
    return result.exit_code, {one["name"]: one for one in found if one["state"] != "ok"}


def test_all_is_well(system: System, redis_url: str) -> None:
    assert examine(system, redis_url) == (0, {})


def test_a_person_reads_it(system: System, redis_url: str) -> None:
    ours = {"NYXTER_BROKER": system.settings.broker, "NYXTER_PARTITIONS": "2"}
    rules = ("--rules", str(system.directory / "rules.toml"))
    page = told_out(nyxter("doctor", *rules, NYXTER_REDIS_URL=redis_url, **ours).stdout)
    for shown in (
        f"ok broker {system.settings.broker}: login",
        " topics are as they have to be",
        "ok group nyxter 1 in it",
        "ok group nyxter-cache 1 in it",
        "2 of 2 partitions began",
        "0 events behind",
        "as in force (snapshot",
        "maxmemory-policy is noeviction",
        "all well",
    ):
        assert shown in page


def told_out(page: str) -> str:
    return " ".join(page.split())


def test_other_rules_than_those_in_force(system: System, redis_url: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[analysis]\nwindow_days = 100\n")
    status, wrong = examine(system, redis_url, NYXTER_RULES=str(file))
    (found,) = wrong.values()
    assert status == 1
    assert "is in force" in found["told"]
    assert "NYXTER_RULES" in found["mend"]


def test_rules_that_cannot_be_read(system: System, redis_url: str, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[analysis]\nwindow_days = 0\n")
    status, wrong = examine(system, redis_url, NYXTER_RULES=str(file))
    assert (status, list(wrong)) == (1, ["rules"])


def test_wrong_partitions(system: System, redis_url: str) -> None:
    status, wrong = examine(system, redis_url, NYXTER_PARTITIONS="3")
    assert status == 1
    assert "expected 3" in wrong["topics"]["told"]
    assert "NYXTER_PARTITIONS" in wrong["topics"]["mend"]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("retention.ms", "1000", "has retention.ms=1000, expected -1"),
        ("min.insync.replicas", "2", "min.insync.replicas=2: nothing can be written"),
    ],
)
def test_a_topic_that_is_kept_otherwise(
    system: System, redis_url: str, name: str, value: str, said: str
) -> None:
    with configured(system, topics.CONTRACTS, name, value):
        status, wrong = examine(system, redis_url)
    (found,) = wrong.values()
    assert status == 1
    assert said in found["told"]
    assert "kafka-configs.sh" in found["mend"]


@contextmanager
def configured(system: System, topic: str, name: str, value: str) -> Iterator[None]:
    """Set a topic's setting, and take it back."""
    was = {"retention.ms": "-1"}.get(name, "1")
    try:
        alter(system, topic, name, value)
        yield
    finally:
        alter(system, topic, name, was)


def alter(system: System, topic: str, name: str, value: str) -> None:
    admin = AdminClient({"bootstrap.servers": system.settings.broker})
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result(30)
    wait_until(lambda: config_of(admin, topic)[name].value == value, f"{name} is {value}")


def config_of(admin: AdminClient, topic: str) -> dict[str, ConfigEntry]:
    """Return a topic's configuration."""
    answers = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)])
    (answer,) = answers.values()
    return answer.result(30)


def test_redis_is_away(system: System) -> None:
    status, wrong = examine(system, "redis://:canary@127.0.0.1:1")
    (found,) = wrong.values()
    assert (status, found["name"]) == (1, "Redis 127.0.0.1:1: connect")
    assert found["told"] == "Connection refused"
    assert "NYXTER_REDIS_URL" in found["mend"]
    assert "canary" not in json.dumps(found)


def test_a_wrong_password_of_redis(system: System, redis_url: str) -> None:
    changes = {"NYXTER_REDIS_USERNAME": "nobody", "NYXTER_REDIS_PASSWORD": "canary"}
    status, wrong = examine(system, redis_url, **changes)
    (found,) = wrong.values()
    assert status == 1
    assert found["name"].endswith(": login")
    assert "NYXTER_REDIS_PASSWORD" in found["mend"]
    assert "canary" not in json.dumps(found)


def test_a_redis_that_evicts(system: System, redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.config_set("maxmemory-policy", "allkeys-lru")
        try:
            status, wrong = examine(system, redis_url)
        finally:
            redis.config_set("maxmemory-policy", "noeviction")
    assert (status, list(wrong)) == (1, ["Redis eviction"])
    assert "allkeys-lru" in wrong["Redis eviction"]["told"]
    assert "CONFIG SET maxmemory-policy noeviction" in wrong["Redis eviction"]["mend"]


def test_nothing_of_ours_in_redis(system: System, redis_url: str) -> None:
    status, wrong = examine(system, f"{redis_url.removesuffix('0')}1")
    assert (status, list(wrong)) == (1, ["cache"])
    assert wrong["cache"]["mend"] == "start `nyxter cache`"


def test_a_broker_that_is_away(system: System, redis_url: str) -> None:
    status, wrong = examine(system, redis_url, NYXTER_BROKER="127.0.0.1:1")
    assert (status, list(wrong)) == (1, ["broker 127.0.0.1:1: connect"])


def test_one_server_of_two_that_is_away_is_worth_a_look(system: System, redis_url: str) -> None:
    servers = f"127.0.0.1:1,{system.settings.broker}"
    status, wrong = examine(system, redis_url, NYXTER_BROKER=servers)
    assert (status, [one["state"] for one in wrong.values()]) == (0, ["warn"])


def test_another_application_has_no_workers(system: System, redis_url: str) -> None:
    settings = system.settings.model_copy(update={"app_id": "idle"})
    admin = AdminClient({"bootstrap.servers": settings.broker})
    changelog = [t for t in topics.every_topic(settings) if t.name == topics.changelog(settings)]
    topics.create(admin, changelog)
    try:
        status, wrong = examine(system, redis_url, NYXTER_APP_ID="idle")
        assert (status, list(wrong)) == (1, ["group idle", "group idle-cache"])
        say(system, changelog[0].name, Position({topics.PURCHASES: 10**9}, 2, None))
        assert (
            "made anew"
            in examine(system, redis_url, NYXTER_APP_ID="idle")[1]["partition 0"]["told"]
        )
        say(system, changelog[0].name, Position({}, 5, None))
        assert (
            "NYXTER_PARTITIONS=5"
            in examine(system, redis_url, NYXTER_APP_ID="idle")[1]["partition 0"]["mend"]
        )
    finally:
        for answer in admin.delete_topics([changelog[0].name]).values():
            answer.result(30)


def say(system: System, changelog: str, position: Position) -> None:
    """Write a position of partition 0."""
    producer = TransactionalProducer(client_config(system.settings), "idle-test", 0)
    producer.write([Record(changelog, POSITION_KEY, position.value())])
    producer.close()


def test_a_clock_that_is_ahead(system: System, redis_url: str) -> None:
    system.produce(topics.JOURNAL, b"later", None, timestamp=now_ms() + 3_600_000, partition=1)
    status, wrong = examine(system, redis_url)
    assert (status, list(wrong)) == (1, ["clock of workers"])
    assert "ahead of this machine" in wrong["clock of workers"]["told"]


def test_topics_that_are_missing(own_kafka: KafkaBroker, redis_url: str) -> None:
    ours = {"NYXTER_BROKER": own_kafka.bootstrap, "NYXTER_REDIS_URL": redis_url}
    result = nyxter("doctor", **ours)
    assert result.exit_code == 1
    page = told_out(result.stdout)
    assert page.count("run `nyxter topics create`") == len(topics.every_topic(Settings()))
    assert "fail topics nyxter.purchases.v1: is missing" in page


def test_settings_that_cannot_be(redis_url: str) -> None:
    result = nyxter("doctor", NYXTER_BROKER="kafka:9092", NYXTER_REDIS_URL=redis_url)
    assert result.exit_code == 2
    assert "NYXTER_ALLOW_PLAINTEXT=true" in told(result)
