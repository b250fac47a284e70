"""`nyxter erase` on Apache Kafka, with compaction forced: a canary is looked for everywhere."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from command import replay_command
from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from driving import heads_in, plain
from kafka_broker import KafkaBroker
from own_redis import own_redis
from redis import Redis, ResponseError
from running import System, wait_until
from test_cli import nyxter, told

from nyxter_online.figures import four_digits
from nyxter_online.gmm import Statistics
from nyxter_online.population import merge_populations
from nyxter_online.replay import Replay
from schemas.envelope import loads
from schemas.instant import business_today
from streams import topics
from streams.clock import now_ms
from streams.erasure.receipt import Receipt
from streams.lane.changelog import read_changelog
from streams.lane.groupless import COMMITTED, some
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY, read_chunks

pytestmark = pytest.mark.kafka

PARTITIONS = 2
WHOM = "CLIENTE-QUOKKA-3"  # at home on another partition by murmur2 than by CRC32: see `strays`
CANARY = "Zebrafinch"
AMOUNT = "31337.77"
RULES = """
[analysis]
compare_by = ["customer_type", "segment", "state", "city"]
[[potential]]
attribute = "filiais"
points_per_unit = 1
"""
SECRET = {"NYXTER_SECRET": "only the workers and the operator know"}
LAG_MS = 1_000
COMPACTING = {
    "max.compaction.lag.ms": str(LAG_MS),
    "delete.retention.ms": "100",
    "min.cleanable.dirty.ratio": "0.0001",
    "segment.ms": "500",
    "file.delete.delay.ms": "100",
}
ENVIRONMENT = SECRET | {"NYXTER_COMPACTION_DAYS": str(LAG_MS / topics.DAY_MS)}
MAY_HOLD = {
    topics.PURCHASES,
    topics.CONTRACTS,
    topics.CUSTOMERS,
    topics.REPARTITION,
    topics.DEAD_LETTERS,
}

Event = dict[str, Any]


@cache
def beginning() -> datetime:
    """When this test began: after others, which may have taken long."""
    return datetime.now(UTC)


def event(kind: str, subject: str, *, minutes: float = 60, number: str = "", **data: Any) -> Event:
    """An event of some minutes before this test began."""
    return {
        "specversion": "1.0",
        "id": f"e{minutes}{number}",
        "source": "/erp",
        "type": f"nyxter.{kind}.v1",
        "subject": subject,
        "time": (beginning() - timedelta(minutes=minutes)).isoformat(),
        "data": data,
    }


def purchase(subject: str, order: str, *, minutes: float = 60, **changes: Any) -> Event:
    data = {"ordered_on": str(business_today(now_ms())), "operation_nature": "5102", "value": "10"}
    whole = data | {"order_id": order} | changes
    return event("purchase.recorded", subject, minutes=minutes, number=order, **whole)


def contract(subject: str, number: str, **changes: Any) -> Event:
    data = {"product": "RH", "brand": "RM", "status": "ATIVO", "signed_on": "2020-01-01"}
    return event("contract.recorded", subject, contract_id=number, **(data | changes))


def crowd() -> list[Event]:
    """Customers of both partitions who stay."""
    return [
        one
        for n in range(12)
        for one in (
            purchase(f"C{n}", "o1", value=str(10 + n)),
            contract(f"C{n}", "k1"),
            event("customer.recorded", f"C{n}", city="Joinville", attributes={"filiais": n}),
        )
    ]


def canary() -> list[Event]:
    """Everything that can be said of a customer, each in words that nobody else has."""
    fields = ("customer_type", "segment", "state", "city")
    said = {name: f"{CANARY} {name}" for name in fields} | {"revenue_band": 7}
    attributes = {"filiais": 31337, f"{CANARY} lojas": 7}
    labels = {name: f"{CANARY} {name}" for name in ("product", "brand", "status", "hosting")}
    return [
        purchase(WHOM, f"{CANARY} 1", value=AMOUNT),
        purchase(WHOM, f"{CANARY} ahead", minutes=-5, value="0"),  # by a clock that is
        purchase(WHOM, f"{CANARY} 2", operation_nature=f"{CANARY} nature", value="0"),
        contract(WHOM, f"{CANARY} k1", **labels),
        event("customer.recorded", WHOM, **said, attributes=attributes),
    ]


def strays() -> list[Event]:
    """What a client with another partitioner sends."""
    return [purchase(WHOM, f"{CANARY} stray", value="0")]


class Place(NamedTuple):
    """A running system, where Redis is, and whose files there are."""

    system: System
    redis: str
    files: dict[str, Path]

    def run(self, *arguments: str, **environment: str) -> Result:
        ours = {
            "NYXTER_BROKER": self.system.settings.broker,
            "NYXTER_PARTITIONS": str(PARTITIONS),
            "NYXTER_REDIS_URL": self.redis,
        }
        return nyxter("erase", *arguments, **(ours | ENVIRONMENT | environment))

    def start(self) -> None:
        """Start the worker, with its state on disk."""
        on_disk = {"NYXTER_STORE": "disk", "NYXTER_DATA_DIR": str(self.files["state"])}
        self.system.start("a", **(ENVIRONMENT | on_disk))


@pytest.fixture
def place(own_kafka: KafkaBroker, tmp_path: Path) -> Iterator[Place]:
    """Worker and cache at work, on topics that are compacted all the time."""
    files = {name: tmp_path / name for name in ("logs", "state", "redis")}
    for directory in files.values():
        directory.mkdir()
    with (
        own_redis(files["redis"]) as redis,
        closing(System(own_kafka.bootstrap, files["logs"], RULES, PARTITIONS)) as system,
    ):
        compact_always(system)
        running = Place(system, redis.url, files | {"broker": own_kafka.directory / "data"})
        running.start()
        system.start_cache("cache", redis.url, **ENVIRONMENT)
        yield running


def compact_always(system: System) -> None:
    compacted = [t for t in topics.every_topic(system.settings) if t.cleanup == "compact"]
    wanted = [
        *(altered(ResourceType.TOPIC, topic.name, COMPACTING) for topic in compacted),
        altered(ResourceType.BROKER, "1", {"log.cleaner.backoff.ms": "200"}),
    ]
    admin = AdminClient(system._client)  # answers come only as long as it is there
    for answer in admin.incremental_alter_configs(wanted).values():
        answer.result(10)


def altered(sort: ResourceType, name: str, config: dict[str, str]) -> ConfigResource:
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in config.items()
    ]
    return ConfigResource(sort, name, incremental_configs=entries)


def test_a_canary_is_found_in_inputs_and_dead_letters_alone(place: Place, tmp_path: Path) -> None:
    system = place.system
    system.send(crowd())
    system.send(canary())
    system.send(strays(), partitioner="consistent")
    system.send([purchase(WHOM, "broken", ordered_on=CANARY)])
    wait_until(lambda: is_held_everywhere(place), "the search finds the canary everywhere")

    held = place.run(WHOM, "--dry-run")
    assert held.stdout.startswith(f"{WHOM}: orders 4, contracts 1, records 1, standings 1")
    receipt = erased(place, tmp_path / "receipts.jsonl")
    assert receipt.removed["orders"] == 4
    assert receipt.removed["cards"] == receipt.removed["profiles"] == 1
    assert receipt.keyed

    told_late(system)
    system.kill("a")
    waiting = place.run("nobody", "--yes", "--patience", "0")
    assert (waiting.exit_code, waiting.stdout) == (1, "")
    assert "nobody: the erasure is not applied yet" in told(waiting)
    told_late(system)
    place.start()
    wait_until(system.is_applied, "all that came late is applied")
    assert_is_gone(place, tmp_path / "receipts.jsonl")
    assert_canary_goes(place)
    assert_never_here(system)
    assert_nobody_can_be_erased(place)
    assert_replay_brings_nobody_back(system, tmp_path)

    system.send([event("customer.recorded", WHOM, minutes=-10, attributes={"filiais": 1})])
    wait_until(lambda: WHOM in system.profiles(), "a new life begins")
    assert system.profiles()[WHOM]["raw"]["orders"] == 0
    wait_until(lambda: place.run(WHOM, "--verify").exit_code == 0, "it is told from what was left")
    assert system.alive("a")
    assert system.alive("cache")


def assert_canary_goes(place: Place, patience_s: float = 180) -> None:
    """Compaction takes its time; what stays is named."""
    limit = time.monotonic() + patience_s
    while places := traces(place):
        assert time.monotonic() < limit, f"after {patience_s:.0f} s still in {sorted(places)}"
        chatter(place)


def erased(place: Place, file: Path) -> Receipt:
    done = place.run(WHOM, "--yes", "--receipt", str(file))
    assert done.exit_code == 0, done.stderr
    (line,) = file.read_bytes().splitlines()
    assert CANARY.encode() not in line
    assert b"QUOKKA" not in line
    return Receipt.model_validate_json(line)


def told_late(system: System) -> None:
    """The old events once more, and others as old that nobody knew of."""
    system.send(canary())
    system.send(strays(), partitioner="consistent")
    system.send([purchase(WHOM, f"{CANARY} late", minutes=45, value="7")])


def chatter(place: Place) -> None:
    """Something new of everybody else: segments are closed by what is written after them.

    Redis writes its file anew, as docs/erasure.md says.
    """
    ago = (beginning() - datetime.now(UTC)) / timedelta(minutes=1)
    place.system.send([purchase(f"C{n}", "o1", minutes=ago, value=str(5 - ago)) for n in range(12)])
    with Redis.from_url(place.redis) as redis, suppress(ResponseError):  # one is under way
        redis.bgrewriteaof()
    time.sleep(0.5)


def assert_is_gone(place: Place, receipts: Path) -> None:
    again = place.run(WHOM, "--verify")
    assert (again.exit_code, again.stdout) == (0, f"{WHOM}: gone\n"), again.stderr
    assert place.run("--check", str(receipts)).exit_code == 0
    assert place.run("C1", "--verify").exit_code == 1


def assert_nobody_can_be_erased(place: Place) -> None:
    unknown = place.run("nobody", "--yes")
    assert unknown.exit_code == 0, unknown.stderr
    assert "nobody: nothing was held" in told(unknown)
    assert not any(Receipt.model_validate_json(unknown.stdout).removed.values())
    other = place.run("somebody", "--yes", **dict.fromkeys(SECRET, "another"))
    assert other.exit_code == 2
    assert "the NYXTER_SECRET that the workers have" in told(other)


def assert_never_here(system: System) -> None:
    """Counts and sums are exactly those of a system that was told of everybody else."""
    replay = Replay(system.rules, business_today(now_ms()))
    lines = [
        m.value()
        for topic in (topics.PURCHASES, topics.CONTRACTS, topics.CUSTOMERS)
        for m in system.read(topic)
        if m.key() != WHOM.encode()
    ]
    for _ in replay.feed(lines):
        pass
    system.settle()
    snapshot = read_changelog(system._client, topics.SNAPSHOTS, 0)
    header = SnapshotHeader(**loads(snapshot[HEADER_KEY]))
    assert plain(read_chunks(snapshot, header.chunks)) == heads_in(replay.customers)
    told_of = [read_changelog(system._client, topics.SUMMARIES, n) for n in range(PARTITIONS)]
    headers = [loads(stored[HEADER_KEY]) for stored in told_of]
    parts = [read_chunks(s, h["chunks"]) for s, h in zip(told_of, headers, strict=True)]
    assert plain(merge_populations(parts)) == heads_in(replay.customers)
    sums = Statistics.merged(Statistics.from_json(header["statistics"]) for header in headers)
    assert sums == replay.customers.mixture.statistics


def assert_replay_brings_nobody_back(system: System, folder: Path) -> None:
    """From a file of all inputs, the erasure's event among them, whatever comes last."""
    inputs = (topics.CUSTOMERS, topics.PURCHASES, topics.CONTRACTS)
    lines = [m.value() for topic in inputs for m in system.read(topic)]
    own = folder / "replay"
    own.mkdir()
    today = str(business_today(now_ms()))
    replayed = replay_command(own, b"\n".join(lines), rules=RULES, as_of=today)
    names = {profile["customer_id"] for profile in replayed.profiles or []}
    assert names == {f"C{n}" for n in range(12)}
    assert any(WHOM.encode() in line and b"erased" in line for line in lines)


# Where it is looked for


def is_held_everywhere(place: Place) -> bool:
    """Whether the search sees: it finds the canary in each place that ever holds it."""
    changelog = topics.changelog(place.system.settings)
    state = {changelog, topics.PROFILES, topics.SUMMARIES, topics.SNAPSHOTS, "Redis"}
    state |= {"broker", "state", "redis"}
    inputs = {name for name, whole in everything_in(place.system) if CANARY.encode() in whole}
    return inputs >= MAY_HOLD and {name for name, _ in traces(place)} >= state


def traces(place: Place) -> set[tuple[str, str]]:
    """Places where something of the canary is that must not hold it, and what."""
    system = place.system
    found = {
        (name, clue.decode())
        for name, whole in everything_in(system)
        if name not in MAY_HOLD
        for clue in clues(name)
        if clue in whole
    }
    if key := found_in_redis(place.redis):
        found.add(("Redis", key))
    return found | {
        (whose, clue)
        for whose, directory in place.files.items()
        for file in directory.rglob("*")
        for clue in in_file(file)
    }


def clues(topic: str) -> Iterable[bytes]:
    """What tells of the canary; segment events bear the id and figures, which is decided so.

    V's figure and P's points are those of nobody else (docs/decisions/0013).
    """
    if topic == topics.SEGMENT_EVENTS:
        return (CANARY.encode(),)
    figure = str(four_digits(Decimal(AMOUNT)))
    return tuple(map(str.encode, (CANARY, WHOM, AMOUNT, figure, "31337000")))


def everything_in(system: System) -> Iterator[tuple[str, bytes]]:
    """Yield all records with their topics, aborted ones and those not yet compacted among them."""
    settings = {**COMMITTED, "isolation.level": "read_uncommitted"}
    every = topics.every_topic(system.settings)
    places = [TopicPartition(t.name, n, 0) for t in every for n in range(t.partitions)]
    ended = set()  # where something is still written, an end is come to more than once
    with closing(Consumer(system._client | settings)) as consumer:
        consumer.assign(places)
        while len(ended) < len(places):
            for message in some(consumer, 5_000, 0.2):
                error = message.error()
                if error is not None:
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    ended.add((message.topic(), message.partition()))
                    continue
                headers = b" ".join(v or b"" for _, v in message.headers() or ())
                whole = (message.key() or b"", message.value() or b"", headers)
                yield message.topic(), b" ".join(whole)


def in_file(file: Path) -> Iterator[str]:
    """Yield the clues that a file holds: the broker's, Redis's, the state's, or a log."""
    topic = file.parent.name.rpartition("-")[0]
    if topic in MAY_HOLD:
        return
    try:
        whole = file.read_bytes() if file.is_file() else b""
    except FileNotFoundError:
        return  # compaction was faster
    for clue in clues(topic):
        if clue in whole:
            yield clue.decode()


def found_in_redis(url: str) -> str:
    """Return the name of a key that tells of the canary, "" where none does."""
    with Redis.from_url(url) as redis:
        for key in redis.scan_iter(count=1_000):
            dumped = redis.dump(key) or b""
            whole = b" ".join((key, dumped, json.dumps(str(contents(redis, key))).encode()))
            if any(clue in whole for clue in clues("")):
                return key.decode()
    return ""


def contents(redis: Redis, key: bytes) -> Any:
    """All of a key (a dump may be compressed)."""
    readers = {
        b"hash": redis.hgetall,
        b"stream": redis.xrange,
        b"set": redis.smembers,
        b"zset": lambda name: redis.zrange(name, 0, -1),
        b"string": redis.get,
    }
    sort = redis.type(key)
    return readers[sort](key) if sort in readers else None
