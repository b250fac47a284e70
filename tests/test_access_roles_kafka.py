"""Each role of docs/access.md does its work with exactly its rights, and nothing beyond them."""

import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from conftest import need_kafka
from console_process import ConsoleProcess
from oracles import assert_nothing_lost_nothing_twice
from redis import Redis
from redis.exceptions import NoPermissionError
from running import System, wait_until
from secure_kafka import PASSWORD, SecureKafka, secure_kafka
from test_cli import nyxter, told

from nyxter_online.simulate import base
from schemas.instant import business_today
from streams import topics
from streams.access.kafka import kafka_access
from streams.access.roles import (
    KAFKA_ROLES,
    REDIS_KEYS,
    Grant,
    kafka_grants,
    redis_rules,
    user_of,
)
from streams.clock import now_ms
from streams.embedded import HOST
from streams.lane.transaction import Fenced, TransactionalProducer
from streams.settings import Settings

pytestmark = pytest.mark.kafka

PARTITIONS = 2
EXPORT = ("--format", "parquet", "--to")
STRANGER = "stranger"  # logs in, and may do nothing


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    need_kafka()
    users = [user_of(role) for role in KAFKA_ROLES]
    with secure_kafka(tmp_path_factory.mktemp("secure"), *users, STRANGER) as running:
        admin = AdminClient({"bootstrap.servers": running.broker.bootstrap})
        wanted = [one for grant in kafka_grants(Settings()) for one in bindings(grant)]
        for answer in admin.create_acls(wanted).values():
            answer.result(30)
        yield running


@pytest.fixture
def system(secure: SecureKafka, tmp_path: Path) -> Iterator[System]:
    """A system whose topics the operator has created; tests look at it as they like."""
    made = nyxter("topics", "create", **variables(secure, "operator"))
    assert made.exit_code == 0, told(made)
    with closing(System(secure.broker.bootstrap, tmp_path, partitions=PARTITIONS)) as running:
        yield running


@pytest.fixture
def keeper(valkey: str) -> Iterator[dict[str, str]]:
    """The environment of a cache that Redis allows what its role needs."""
    with Redis.from_url(valkey) as redis:
        give_roles(redis)
        yield {
            "NYXTER_REDIS_USERNAME": user_of("cache"),
            "NYXTER_REDIS_PASSWORD": PASSWORD,
        }
        redis.acl_deluser(*(user_of(keys.role) for keys in REDIS_KEYS))


def test_everything_runs_with_these_rights(
    secure: SecureKafka,
    system: System,
    valkey: str,
    keeper: dict[str, str],
    tmp_path: Path,
) -> None:
    day = business_today(now_ms())
    system.start("worker", **variables(secure, "worker"))
    system.start_cache("cache", valkey, **variables(secure, "cache"), **keeper)
    source = Producer(client(secure, "source") | {"partitioner": "murmur2_random"})
    system.producer = lambda *_: source  # type: ignore[method-assign]

    system.send(base(7, 200, day))
    source_at_work(secure, tmp_path)
    system.settle()

    assert "C-1" in system.profiles()
    assert_nothing_lost_nothing_twice(system, day)
    with Redis.from_url(valkey) as redis:
        wait_until(lambda: cards_in(redis) == set(system.profiles()), "Redis holds every card")
        some = min(system.profiles())
        support = keeper | {"NYXTER_REDIS_USERNAME": user_of("support")}
        assert nyxter("card", some, NYXTER_REDIS_URL=valkey, **support).exit_code == 0
        doctor = keeper | {"NYXTER_REDIS_USERNAME": user_of("operator")}
        well = nyxter("doctor", NYXTER_REDIS_URL=valkey, **doctor, **variables(secure, "operator"))
        assert (well.exit_code, PASSWORD in well.output) == (0, False), well.output
        look = nyxter(
            "top", "--once", NYXTER_REDIS_URL=valkey, **doctor, **variables(secure, "operator")
        )
        assert (look.exit_code, PASSWORD in look.output) == (0, False), look.output
        console_at_work(secure, system, valkey, some)
    people_at_work(secure, tmp_path / "export")
    assert_secret_and_closed(system)
    everything_beside_its_oracle(secure, system, valkey, keeper)
    steward_at_work(secure, system, valkey, keeper)


def source_at_work(secure: SecureKafka, directory: Path) -> None:
    """A file goes in as a source may send it."""
    file = directory / "orders.csv"
    file.write_text(
        "customer_id;order_id;ordered_on;operation_nature;value\nC-1;O-1;2026-11-02;5102;10,50\n",
        "utf-8",
    )
    done = nyxter("import", "purchases", str(file), **variables(secure, "source"))
    assert (done.exit_code, PASSWORD in done.output) == (0, False), told(done)
    assert "1 of 1 events acknowledged" in done.stdout


def console_at_work(secure: SecureKafka, system: System, valkey: str, somebody: str) -> None:
    """Every look-up, and what is published as it comes."""
    directory = system.directory / "console"
    directory.mkdir()
    there = {"NYXTER_REDIS_USERNAME": user_of("console"), "NYXTER_REDIS_PASSWORD": PASSWORD}
    there |= {"NYXTER_REDIS_URL": valkey, **variables(secure, "console")}
    with ConsoleProcess(directory, **there) as console:
        console.wait_for_events()
        paths = [f"/v1/customers/{somebody}{further}" for further in ("", "/history", "/explain")]
        for path in (*paths, "/v1/segments/pequeno/members?limit=1"):
            assert console.get(path).status_code == 200, path
        page = console.get("/v1/segments/pequeno/members?limit=1").json()["next"]
        next_page = console.get(f"/v1/segments/pequeno/members?cursor={page}")
        assert next_page.status_code == 200
    assert PASSWORD not in console.log.read_text("utf-8")


def people_at_work(secure: SecureKafka, place: Path) -> None:
    """What operator, analyst and marketing do."""
    followed = nyxter("tail", "--from-start", "--limit", "3", **variables(secure, "analyst"))
    assert (followed.exit_code, len(followed.stdout.splitlines())) == (0, 3), told(followed)
    assert "no model yet" in told(nyxter("model", "show", **variables(secure, "analyst")))
    exported = nyxter("export", *EXPORT, str(place), **variables(secure, "analyst"))
    assert exported.exit_code == 0, told(exported)
    assert any(place.glob("fact_transitions/*/*.parquet"))
    for command in (
        ("topics", "create"),
        ("triggers", "release", "--yes"),
        ("replay", "--journal"),
    ):
        done = nyxter(*command, **variables(secure, "operator"))
        assert done.exit_code == 0, told(done)
        assert PASSWORD not in done.output
    assert read(secure, "marketing", topics.SEGMENT_EVENTS, "marketing-crm").error() is None


def everything_beside_its_oracle(
    secure: SecureKafka, system: System, valkey: str, keeper: dict[str, str]
) -> None:
    system.produce(topics.PURCHASES, b"K1", b"poison")
    system.settle()
    operator = keeper | {"NYXTER_REDIS_USERNAME": user_of("operator"), "NYXTER_REDIS_URL": valkey}
    done = nyxter("reconcile", "--json", **operator, **variables(secure, "operator"))
    assert done.exit_code == 0, told(done)


def steward_at_work(
    secure: SecureKafka, system: System, valkey: str, keeper: dict[str, str]
) -> None:
    """What mends a system, while it runs and while it stands."""
    steward = variables(secure, "steward") | keeper
    steward |= {"NYXTER_REDIS_USERNAME": user_of("steward"), "NYXTER_REDIS_URL": valkey}
    somebody = min(system.profiles())
    for command in (
        ("dead-letters", "retry", "--all", "--yes"),
        ("cache", "rebuild", "--quiet"),
        ("erase", somebody, "--yes"),
    ):
        done = nyxter(*command, **steward)
        assert done.exit_code == 0, told(done)
    assert len(system.read(topics.RETRIED)) == 1
    assert [system.stop(name) for name in ("worker", "cache")] == [0, 0]
    done = nyxter("rebuild", **steward)
    assert done.exit_code == 0, told(done)


def assert_secret_and_closed(system: System) -> None:
    """No process listens, and the password is neither among its arguments nor in its log."""
    for name in ("worker", "cache"):
        process = Path(f"/proc/{system.pid(name)}")
        assert listening(process) == []
        assert PASSWORD.encode() not in (process / "cmdline").read_bytes()
        assert PASSWORD not in system.log(name).read_text("utf-8")


@pytest.mark.parametrize(
    ("role", "topic"),
    [
        ("cache", topics.PURCHASES),
        ("cache", topics.PROFILES),
        ("worker", topics.PURCHASES),
        ("source", topics.CONTROL),
        ("source", topics.SEGMENT_EVENTS),
        ("marketing", topics.SEGMENT_EVENTS),
        ("analyst", topics.CONTROL),
        ("console", topics.CONTROL),
        ("console", topics.SEGMENT_EVENTS),
        ("operator", topics.PROFILES),
        ("operator", topics.PURCHASES),
        ("steward", topics.SEGMENT_EVENTS),
        ("steward", topics.PROFILES),
        ("steward", topics.SNAPSHOTS),
    ],
)
def test_what_is_not_granted_is_not_written(
    secure: SecureKafka, system: System, role: str, topic: str
) -> None:
    refusals: list[KafkaError | None] = []
    producer = Producer(client(secure, role) | {"message.timeout.ms": 10_000})
    producer.produce(topic, b"{}", b"K1", on_delivery=lambda error, _: refusals.append(error))
    producer.flush(15)
    (refusal,) = refusals
    assert refusal is not None
    assert refusal.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    assert system.read(topic) == []


@pytest.mark.parametrize(
    ("role", "topic", "group", "refusal"),
    [
        ("source", topics.PURCHASES, "marketing-x", KafkaError.GROUP_AUTHORIZATION_FAILED),
        ("marketing", topics.PROFILES, "marketing-x", KafkaError.TOPIC_AUTHORIZATION_FAILED),
        ("marketing", topics.SEGMENT_EVENTS, "nyxter", KafkaError.GROUP_AUTHORIZATION_FAILED),
        ("cache", topics.PURCHASES, "nyxter-cache", KafkaError.TOPIC_AUTHORIZATION_FAILED),
        ("analyst", topics.SEGMENT_EVENTS, "nyxter-cache", KafkaError.GROUP_AUTHORIZATION_FAILED),
        ("console", topics.SEGMENT_EVENTS, "nyxter", KafkaError.GROUP_AUTHORIZATION_FAILED),
    ],
)
def test_what_is_not_granted_is_not_read(
    secure: SecureKafka, system: System, role: str, topic: str, group: str, refusal: int
) -> None:
    assert system.read(topic) == []
    error = read(secure, role, topic, group).error()
    assert error is not None
    assert error.code() == refusal


def test_nobody_writes_in_a_workers_name(secure: SecureKafka, system: System) -> None:
    name = f"nyxter-{topics.changelog(system.settings)}-0"
    for role in ("cache", "operator", "source"):
        with pytest.raises(Fenced, match="TRANSACTIONAL_ID_AUTHORIZATION_FAILED"):
            TransactionalProducer(client(secure, role), name, 0)


def test_a_stranger_is_told_that_topics_are_missing(secure: SecureKafka, system: System) -> None:
    ours = secure.variables(STRANGER, partitions=str(system.settings.partitions))
    result = nyxter("worker", **ours)
    assert result.exit_code == 2
    assert f"{topics.PURCHASES}: is missing" in told(result)


def variables(secure: SecureKafka, role: str) -> dict[str, str]:
    """Return the environment of a role."""
    return secure.variables(user_of(role), partitions=str(PARTITIONS))


def client(secure: SecureKafka, role: str) -> dict[str, object]:
    """Return the librdkafka settings of a role."""
    ours = {n.removeprefix("NYXTER_").lower(): v for n, v in variables(secure, role).items()}
    return kafka_access(Settings(**ours)) | {"log_level": 0}


def read(secure: SecureKafka, role: str, topic: str, group: str) -> Message:
    """Return the first message that a role gets as a member of a group, or why it gets none."""
    reading = {"group.id": group, "auto.offset.reset": "earliest", "session.timeout.ms": 6_000}
    consumer = Consumer(client(secure, role) | reading)
    try:
        consumer.subscribe([topic])
        message = consumer.poll(30)
    finally:
        consumer.close()
    assert message is not None, "neither a message nor a refusal"
    return message


def bindings(grant: Grant) -> Iterator[AclBinding]:
    """Yield what ``kafka-acls.sh`` makes of a grant."""
    pattern = ResourcePatternType.PREFIXED if grant.is_prefix else ResourcePatternType.LITERAL
    kind = ResourceType[grant.resource.upper().replace("-", "_")]
    for name in grant.names:
        for operation in grant.operations:
            spelled = re.sub("(?<!^)(?=[A-Z])", "_", operation).upper()
            yield AclBinding(
                kind,
                name,
                pattern,
                f"User:{user_of(grant.role)}",
                "*",
                AclOperation[spelled],
                AclPermissionType.ALLOW,
            )


def give_roles(redis: Redis) -> None:
    """Make Redis's users, as `nyxter acl redis` says."""
    for keys in REDIS_KEYS:
        words = ("on", f">{PASSWORD}", *redis_rules(keys))
        redis.execute_command("ACL", "SETUSER", user_of(keys.role), *words)


def cards_in(redis: Redis) -> set[str]:
    """Return the customers who have a card."""
    keys = redis.scan_iter("nyxter:v1:customer:{*}", count=1_000)
    return {key.decode().split("{")[1][:-1] for key in keys}


def listening(process: Path) -> list[str]:
    """Return the addresses on which a process listens, as Linux writes them."""
    own = {str(link.readlink()) for link in (process / "fd").iterdir() if link.is_symlink()}
    lines = [
        line.split()
        for family in ("tcp", "tcp6")
        for line in (process / "net" / family).read_text().splitlines()[1:]
    ]
    return [words[1] for words in lines if words[3] == "0A" and f"socket:[{words[9]}]" in own]


def test_who_listens_is_found() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = f":{server.getsockname()[1]:04X}"
        assert [address[-5:] for address in listening(Path("/proc/self"))] == [port]


@pytest.mark.parametrize(
    ("role", "command"),
    [
        ("support", ("HSET", "nyxter:v1:customer:{K1}", "tier", "vip")),
        ("support", ("DEL", "nyxter:v1:customer:{K1}")),
        ("support", ("HGETALL", "nyxter:v1:positions")),
        ("support", ("EVAL", "return redis.call('DEL', KEYS[1])", "1", "nyxter:v1:meta")),
        ("support", ("KEYS", "*")),
        ("cache", ("SET", "others", "1")),
        ("cache", ("HSET", "others:customer", "a", "1")),
        ("cache", ("FLUSHALL",)),
        ("cache", ("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")),
        ("operator", ("HSET", "nyxter:v1:meta", "lag", "0")),
        ("console", ("HSET", "nyxter:v1:customer:{K1}", "tier", "vip")),
        ("console", ("HGETALL", "nyxter:v1:positions")),
        ("console", ("SCAN", "0")),
    ],
)
@pytest.mark.usefixtures("keeper")
def test_redis_refuses_what_is_not_granted(
    valkey: str, role: str, command: tuple[str, ...]
) -> None:
    with (
        Redis.from_url(valkey, username=user_of(role), password=PASSWORD) as redis,
        pytest.raises(NoPermissionError),
    ):
        redis.execute_command(*command)


def test_a_card_that_may_not_be_read_is_told(valkey: str, keeper: dict[str, str]) -> None:
    with Redis.from_url(valkey) as redis:
        redis.acl_setuser("stranger", enabled=True, passwords=[f"+{PASSWORD}"])
        mine = keeper | {"NYXTER_REDIS_USERNAME": "stranger"}
        result = nyxter("card", "K1", NYXTER_REDIS_URL=valkey, **mine)
        redis.acl_deluser("stranger")
    assert result.exit_code == 2
    assert "no permissions to run" in told(result)
