"""`nyxter top` beside a system at work on Apache Kafka and Valkey; its outputs by their schemas."""

import importlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from jsonschema import Draft202012Validator
from kafka_broker import KafkaBroker
from redis import Redis
from running import System, wait_until
from test_cli import nyxter

from nyxter_online.simulate import base
from schemas.documents import documents
from schemas.envelope import loads
from schemas.instant import business_today
from schemas.limits import EventLimits
from streams import topics
from streams.cards import count_cards
from streams.clock import now_ms

pytestmark = pytest.mark.kafka

CUSTOMERS = 60
LAG = re.compile(r"(\d+): ([\d,]+)")


class Running(NamedTuple):
    """A system with cards in Redis, and the environment that leads there."""

    system: System
    environment: dict[str, str]


@pytest.fixture(scope="module")
def running(
    kafka: KafkaBroker, valkey_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    with Redis.from_url(valkey_server) as redis:
        redis.flushall()
        with System(kafka.bootstrap, tmp_path_factory.mktemp("top"), partitions=2) as system:
            system.start("worker")
            system.start_cache("cache", valkey_server)
            system.send(base(7, CUSTOMERS, business_today(now_ms())))
            system.produce(topics.PURCHASES, b"K1", b"poison")
            system.settle()
            wait_until(lambda: count_cards(redis) == CUSTOMERS, "Redis has every card")
            yield Running(
                system,
                {"NYXTER_BROKER": kafka.bootstrap, "NYXTER_REDIS_URL": valkey_server},
            )


def look(running: Running, **environment: str) -> tuple[int, str]:
    """The exit status of one look, and what it shows, in one line."""
    result = nyxter("top", "--once", COLUMNS="140", **running.environment, **environment)
    return result.exit_code, " ".join(result.stdout.split())


def test_one_look_at_a_system_at_work(running: Running) -> None:
    status, shown = look(running)
    assert status == 0, shown
    row = shown.split("╮")[1].split("in/s")[0].replace("│", " ").split()
    arriving, applying, lag, snapshot, age, second, letters, cards, behind, *_ = row
    assert (arriving, applying, lag, letters) == ("0", "0", "0", "1"), shown
    assert (cards, behind, second) == (str(CUSTOMERS), "0", "s"), shown
    assert int(snapshot) >= 1
    assert 0 <= float(age) < 120
    assert dict(LAG.findall(shown.split("lag by partition:")[1].split("last minute")[0])) == {
        "0": "0",
        "1": "0",
    }
    kinds = [event["data"]["kind"] for event in running.system.events() if is_change(event)]
    for kind in ("tier", "rfm", "campaign"):
        assert f"{kind} {kinds.count(kind):,} " in shown
    held = len(running.system.events()) - len(kinds)
    assert f"fired 0 suppressed {held:,} " in shown, "a first score fires nothing"
    assert re.search(r"newest dead letter: \d\d/\d\d [\d:]{8} not JSON", shown)
    assert "primeira avaliação" in shown


def is_change(event: dict[str, object]) -> bool:
    return event["type"] == "nyxter.segment.changed.v1"


def test_its_outputs_are_valid_by_their_schemas(running: Running) -> None:
    schemas = {document.name: document.schema for document in documents(EventLimits())}
    events, profiles = running.system.events(), list(running.system.profiles().values())
    assert len(profiles) == CUSTOMERS
    assert {event["type"] for event in events} < {*schemas}
    for output in (*events, *profiles):
        name = output.get("type", "nyxter.profile.v1")
        Draft202012Validator(schemas[name]).validate(output)
    for letter in running.system.read(topics.DEAD_LETTERS):
        headers = {name: value.decode() for name, value in letter.headers() or ()}
        Draft202012Validator(schemas["nyxter.dead-letter.headers.v1"]).validate(headers)
    control = [loads(message.value() or b"") for message in running.system.read(topics.CONTROL)]
    assert control
    for event in control:
        Draft202012Validator(schemas[event["type"]]).validate(event)


def test_what_a_worker_has_not_applied_is_its_lag(running: Running) -> None:
    worker = running.system.pid("worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        count = running.system.send(base(8, 5, business_today(now_ms())))
        status, shown = look(running)
    finally:
        os.kill(worker, signal.SIGCONT)
    assert status == 0
    lags = LAG.findall(shown.split("lag by partition:")[1].split("last minute")[0])
    assert sum(int(lag.replace(",", "")) for _, lag in lags) == count


def test_what_comes_while_one_looks(running: Running) -> None:
    watched_topics = importlib.import_module("streams.cli.top.topics").watched_topics
    with watched_topics(running.system.settings) as look:
        before = look()
        count = running.system.send(base(9, 5, business_today(now_ms())))
        fastest = {"in": 0.0, "applied": 0.0}

        def is_applied() -> bool:
            now = look()
            fastest["in"] = max(fastest["in"], now.arriving)
            fastest["applied"] = max(fastest["applied"], now.applying)
            return fastest["applied"] > 0 and not sum(now.lags.values())

        wait_until(is_applied, "what came is applied")
        wait_until(lambda: look().snapshot > before.snapshot, "there is a newer snapshot")
        wait_until(lambda: look().newest[0] != before.newest[0], "a newer transition is shown")
    assert count > 0 < fastest["in"]


def test_lines_in_a_log_and_redis_away(running: Running, tmp_path: Path) -> None:
    """From a pipe: what comes is counted; what is away is said in its place."""
    away = {"NYXTER_REDIS_URL": "redis://127.0.0.1:1/0"}
    command = [sys.executable, "-m", "streams.cli", "top"]
    environment = os.environ | running.environment | away
    with (tmp_path / "errors").open("w+") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment, text=True
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.communicate()
        assert not (tmp_path / "errors").read_text()
    assert re.match(r"\d\d:\d\d:\d\d in/s [\d,]+ · applied/s [\d,]+ · lag [\d,]+ · snapshot ", line)
    assert "Redis: the Redis at 127.0.0.1:1: connect: " in line
    assert "cards" not in line
