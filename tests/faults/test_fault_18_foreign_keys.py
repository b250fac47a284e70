"""Fault 18: keys of ours in Redis are somebody else's: each is named, and nobody else waits."""

import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cache_at_work import Segmenter
from cache_samples import profile, transition
from kafka_broker import KafkaBroker
from own_redis import OwnRedis, own_redis
from redis import Redis
from redis_and_topics import differences
from running import System, wait_until
from typer.testing import CliRunner

from streams.cache.foreign import ASIDE
from streams.cache.lease import REBUILD
from streams.cache.positions import POSITIONS
from streams.cards import META, SEGMENTS, card_key, history_key, members_key, read_card
from streams.cli import app
from streams.counts import COUNTS, MOVES, moves_key, sizes_key
from streams.embedded import HOST, free_port
from streams.lane.partitioner import partition_of

pytestmark = pytest.mark.kafka

PARTITIONS = 2
NAMED_S = 15.0
CUSTOMERS = [f"K{n}" for n in range(30)]
OF_ONE = [card_key(b"K1"), history_key(b"K2")]
OF_ALL = [
    *(COUNTS, SEGMENTS, MOVES, META, REBUILD, POSITIONS),
    *(members_key(b"vip"), moves_key("2026-11-22"), sizes_key("2026-11-22")),
]
STOPS_ALL = {POSITIONS}  # without it nobody knows how far Redis is filled, nor who writes
TIERS = ("pequeno", "medio", "vip")


class Watched:
    """A cache's own port."""

    def __init__(self) -> None:
        self.address = f"{HOST}:{free_port()}"

    def ready(self) -> str | None:
        """What it says is in the way; "" for nothing, None without an answer."""
        try:
            with urllib.request.urlopen(f"http://{self.address}/ready", timeout=5) as answer:
                said = answer.read()
        except urllib.error.HTTPError as refusal:
            said = refusal.read()
        except OSError:
            return None
        return "; ".join(json.loads(said)["problems"])

    def reasons(self) -> str:
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return "\n".join(line for line in lines if line.startswith("nyxter_standstill{"))


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[OwnRedis]:
    with own_redis(tmp_path / "valkey") as made:
        yield made


def put(client: Redis, key: bytes, chance: random.Random) -> bytes:
    """Put what is not ours in the place of a key; return it whole."""
    kinds = [
        lambda: client.set(key, "theirs"),
        lambda: client.rpush(key, "a", "b"),
        lambda: client.xadd(key, {"theirs": 1}) if b"history" not in key else client.sadd(key, 1),
        lambda: client.sadd(key, "theirs") if key != SEGMENTS else client.set(key, "theirs"),
    ]
    client.delete(key)
    chance.choice(kinds)()
    return client.dump(key)


def publish(segmenter: Segmenter, chance: random.Random, tiers: dict[str, str]) -> None:
    """Write everybody once more."""
    segmenter.begin()
    for customer in CUSTOMERS:
        home, tier = partition_of(customer.encode(), PARTITIONS), chance.choice(TIERS)
        segmenter.write(customer, profile(customer, tier=tier), partition=home)
        event = transition("tier", tiers.get(customer), tier)
        segmenter.tell(customer, event, partition=home)
        tiers[customer] = tier
    segmenter.commit()


def test_a_foreign_key_is_named_and_nobody_else_waits(
    own_kafka: KafkaBroker, redis: OwnRedis, tmp_path: Path, chance: random.Random, whole: bool
) -> None:
    watched, tiers = Watched(), dict[str, str]()
    rounds = [*OF_ONE, *OF_ALL] * 3 if whole else [*OF_ONE, *chance.sample(OF_ALL, 2)]
    with (
        closing(System(own_kafka.bootstrap, tmp_path, partitions=PARTITIONS)) as system,
        Redis.from_url(redis.url) as client,
    ):
        segmenter = Segmenter(own_kafka.bootstrap)
        publish(segmenter, chance, tiers)
        system.start_cache("cache", redis.url, NYXTER_MONITOR=watched.address)
        for key in rounds:
            wait_until(lambda: watched.ready() == "", "all is well before")
            theirs = put(client, key, chance)
            publish(segmenter, chance, tiers)
            assert_named(watched, key)
            if key not in STOPS_ALL:
                assert_others_are_written(client, tiers, key)
            assert "Redis is away" not in (watched.ready() or "")
            assert client.dump(key) == theirs, f"{key!r} was touched"
            mend(system, redis, client, watched, key, chance)
            assert differences(client, own_kafka.bootstrap, PARTITIONS) == [], f"after {key!r}"
        assert system.alive("cache")
        said = system.log("cache").read_text("utf-8")
    assert "redis_away" not in said
    assert said.count('"event": "standstill"') <= 4 * len(rounds), "each is logged once"


def assert_named(watched: Watched, key: bytes) -> None:
    """`/ready` and the metric name it in time."""
    began, name = time.monotonic(), key.decode()
    wait_until(lambda: name in (watched.ready() or ""), f"/ready names {name}", 120)
    print(f"{name}: named after {time.monotonic() - began:.1f} s")  # noqa: T201
    assert time.monotonic() - began < NAMED_S
    assert 'reason="foreign_key"' in watched.reasons()


def assert_others_are_written(client: Redis, tiers: dict[str, str], key: bytes) -> None:
    others = [c for c in CUSTOMERS if key not in (card_key(c.encode()), history_key(c.encode()))]

    def are_written() -> bool:
        return all((read_card(client, c) or {}).get("tier") == tiers[c] for c in others)

    wait_until(are_written, f"everybody else is written beside {key!r}")


def mend(
    system: System,
    redis: OwnRedis,
    client: Redis,
    watched: Watched,
    key: bytes,
    chance: random.Random,
) -> None:
    """Remove a customer's key by hand, or run the command, as the messages say."""
    environment = {
        "NYXTER_BROKER": system.settings.broker,
        "NYXTER_REDIS_URL": redis.url,
        "NYXTER_PARTITIONS": str(PARTITIONS),
    }
    doctor = CliRunner(env=environment).invoke(app, ["doctor", "--json"])
    named = [check for check in json.loads(doctor.stdout) if key.decode() in check["told"]]
    assert [check["state"] for check in named] == ["fail"] * len(named)
    assert named, doctor.stdout
    theirs = client.dump(key)
    if key in {*OF_ONE, POSITIONS} and chance.randrange(2):
        client.delete(key)
        wait_until(lambda: client.exists(key), "what can be written is")
        theirs = b""
    rebuilt = CliRunner(env=environment).invoke(app, ["cache", "rebuild", "--quiet"])
    assert rebuilt.exit_code == 0, rebuilt.output
    if theirs:
        assert f"{key.decode()} held what is not ours" in rebuilt.output
        assert theirs in [client.dump(name) for name in client.scan_iter(ASIDE + key + b":*")]
    wait_until(lambda: watched.ready() == "", "nothing is in the way after the rebuild")
