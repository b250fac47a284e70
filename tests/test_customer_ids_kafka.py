"""Odd customer ids through Kafka and Valkey to the commands: a card, or a dead letter."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from bad_input import purchase
from kafka_broker import KafkaBroker
from redis import Redis
from running import System, wait_until
from test_cli import nyxter

from streams import topics
from streams.cards import read_card, read_history

pytestmark = pytest.mark.kafka

TAKEN = [
    "a:b:history",
    "a/b/../c",
    "{a}",
    "a}b{c",
    "{",
    "[/red][bold]x :smile:",
    "--json",
    'say "hi" & $(id) `id` \\n %s',
    " a ",
    "*?[a-z]",
    "👩‍👩‍👧‍👦",
    "é",
    "e\u0301",
    "\u2028line",
    "x" * 512,
    "é" * 256,
]
REFUSED = ["a\nb", "a\0b", "\x1b[2J", "}a", "x" * 513]


@pytest.fixture
def system(kafka: KafkaBroker, valkey: str, tmp_path: Path) -> Iterator[System]:
    with closing(System(kafka.bootstrap, tmp_path, partitions=2)) as running:
        running.start("a")
        running.start_cache("c", valkey)
        yield running


def test_each_has_its_card_or_its_dead_letter(system: System, valkey: str) -> None:
    names = [*TAKEN, *REFUSED]
    system.send(purchase(name, id=f"[/x]\x1b{n}") for n, name in enumerate(names))
    with Redis.from_url(valkey) as redis:
        wait_until(lambda: all(read_history(redis, name) for name in TAKEN), "cards are filled")
        assert [name for name in REFUSED if read_card(redis, name)] == []
    letters = [message.key().decode() for message in system.read(topics.DEAD_LETTERS)]
    assert sorted(letters) == sorted(REFUSED)
    assert set(system.profiles()) == set(TAKEN)
    for name in TAKEN:
        shown = nyxter("card", "--redis", valkey, "--json", "--", name)
        assert json.loads(shown.stdout)["customer_id"] == name
        for command in ("card", "explain"):
            page = nyxter(command, "--redis", valkey, "--", name)
            assert page.exit_code == 0, name
            assert "\x1b" not in page.stdout
    command = [sys.executable, "-m", "streams.cli", "card", "--redis", valkey, "--json", "--"]
    told = subprocess.run([*command, TAKEN[7]], capture_output=True, check=True, timeout=60)
    assert json.loads(told.stdout)["customer_id"] == TAKEN[7]
    for name in (TAKEN[6], TAKEN[11]):
        tail = ("tail", "--from-start", "--limit", "1", "--json", f"--customer={name}")
        line = nyxter(*tail, NYXTER_BROKER=system.settings.broker).stdout
        assert json.loads(line)["subject"] == name
    assert all(name not in system.log(log).read_text("utf-8") for log in "ac" for name in REFUSED)
