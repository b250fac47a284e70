"""`nyxter tail` on Apache Kafka: what is committed, from the start and as it comes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cache_at_work import Segmenter
from cache_samples import transition
from kafka_broker import KafkaBroker
from running import System
from test_cli import nyxter
from test_cli_tail import ENTERED, FIRED, HELD, PROFILE, TIER, line_of

from schemas.envelope import loads

pytestmark = pytest.mark.kafka


@pytest.fixture
def system(kafka: KafkaBroker, tmp_path: Path) -> Iterator[System]:
    """Topics; nobody works."""
    running = System(kafka.bootstrap, tmp_path, partitions=2)
    yield running
    running.close()


@pytest.fixture
def told(system: System) -> list[dict[str, Any]]:
    """Events that are on the topic, one partition, and one that was never committed."""
    segmenter, events = Segmenter(system.settings.broker), [TIER, ENTERED, PROFILE, FIRED, HELD]
    segmenter.begin()
    segmenter.tell("K1", transition("tier", "vip", "pequeno"))
    segmenter.abort()
    segmenter.begin()
    for event in events:
        segmenter.tell("K1", event)
    segmenter.commit()
    return events


def follow(system: System, *options: str) -> list[str]:
    result = nyxter("tail", "--from-start", *options, NYXTER_BROKER=system.settings.broker)
    assert result.exit_code == 0
    return result.stdout.splitlines()


def test_all_that_is_committed_in_words(system: System, told: list[dict[str, Any]]) -> None:
    assert follow(system, "--limit", "5") == [line_of(event) for event in told]


def test_events_as_published(system: System, told: list[dict[str, Any]]) -> None:
    assert [loads(line) for line in follow(system, "--limit", "5", "--json")] == told


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (("--kind", "tier", "--kind", "profile", "--limit", "2"), [TIER, PROFILE]),
        (("--suppressed", "--limit", "1"), [HELD]),
        (("--fired", "--customer", "K1", "--limit", "1"), [FIRED]),
        (("--segment", "retencao", "--limit", "1"), [ENTERED]),
    ],
)
def test_what_is_asked_for(
    system: System,
    options: tuple[str, ...],
    shown: list[dict[str, Any]],
) -> None:
    assert follow(system, *options) == [line_of(event) for event in shown]


def test_what_comes_until_it_is_told_to_end(system: System, told: list[dict[str, Any]]) -> None:
    """From a pipe, line by line; Ctrl-C is the ordinary end."""
    command = [sys.executable, "-m", "streams.cli", "tail", "--from-start"]
    environment = os.environ | {"NYXTER_BROKER": system.settings.broker}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as tail:
        assert tail.stdout is not None
        lines = [tail.stdout.readline().rstrip("\n") for _ in told]
        assert lines == [line_of(event) for event in told]
        segmenter = Segmenter(system.settings.broker)
        segmenter.begin()
        segmenter.tell("K1", TIER, partition=1)
        segmenter.commit()
        assert tail.stdout.readline().rstrip("\n") == line_of(TIER)
        tail.send_signal(signal.SIGINT)
        assert tail.wait(30) == 0
