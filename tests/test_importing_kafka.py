"""`nyxter import` on Apache Kafka: interrupted, cut off and done twice, it comes to the same."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from dirty_contracts import make_dirty
from import_command import import_command
from kafka_broker import KafkaBroker
from running import System, same_profiles, wait_until

from nyxter_online.replay import Replay
from schemas.instant import BUSINESS_ZONE
from schemas.rules import read_rules
from streams import topics

pytestmark = pytest.mark.kafka

# The command, so slow that one may interfere, and of little patience.
SLOW = """
import time
import streams.cli.importing_run as run
from streams.cli import app
from streams.importing.publishing import Publisher

class Slow(Publisher):
    def __init__(self, client):
        super().__init__(client, 2)
    def _is_sent(self, parcel, stop):
        time.sleep(0.004)
        return super()._is_sent(parcel, stop)

run.Publisher = Slow
app()
"""


class Imports:
    """One file, and the commands that import it."""

    def __init__(self, system: System, folder: Path) -> None:
        self.system = system
        self.file = folder / "base.csv"
        make_dirty(self.file, 1_200)
        written = import_command("contracts", self.file)
        self.events = {event["id"]: event for event in written.events}

    def start(self, *program: str) -> subprocess.Popen[str]:
        environment = os.environ | {"NYXTER_BROKER": self.system.settings.broker}
        return subprocess.Popen(
            [sys.executable, *program, "import", "contracts", str(self.file)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start_slowly(self) -> subprocess.Popen[str]:
        """Start the command, and return once more of its events are on the broker."""
        before = sum(self.system.ends().values())
        process = self.start("-c", SLOW)
        wait_until(lambda: sum(self.system.ends().values()) > before + 100, "some events are there")
        return process

    def whole(self) -> str:
        """Import the file to the end; return what was said."""
        said, errors = (process := self.start("-m", "streams.cli")).communicate(timeout=300)
        assert process.returncode == 3, errors
        assert f"{len(self.events):,} of {len(self.events):,} events acknowledged" in said
        return said

    def published(self) -> list[tuple[str, object]]:
        names = (topics.CONTRACTS, topics.CUSTOMERS)
        listed = [json.loads(m.value()) for name in names for m in self.system.read(name)]
        return [(event["id"], event) for event in listed]


def ended(process: subprocess.Popen[str], total: int) -> tuple[int, str]:
    """How many events an interrupted command says are acknowledged, and its error."""
    said, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    match = re.search(r"^([0-9,]+) of ([0-9,]+) events acknowledged$", said, re.MULTILINE)
    assert match, said
    assert int(match[2].replace(",", "")) == total
    return int(match[1].replace(",", "")), errors


def test_whatever_happens_twice_is_once(own_kafka: KafkaBroker, tmp_path: Path) -> None:
    with System(own_kafka.bootstrap, tmp_path) as system:
        imports = Imports(system, tmp_path)
        total = len(imports.events)

        process = imports.start_slowly()
        process.send_signal(signal.SIGINT)
        acknowledged, errors = ended(process, total)
        assert 0 < acknowledged <= len(imports.published()) < total
        assert "stopped. Do it again: what is there already changes nothing" in errors

        process = imports.start_slowly()
        own_kafka.kill()
        acknowledged, errors = ended(process, total)
        assert 0 < acknowledged < total
        assert f"not all events are at {own_kafka.bootstrap}" in errors
        assert "Traceback" not in errors
        own_kafka.start()

        imports.whole()
        assert dict(imports.published()) == imports.events

        system.start("worker")
        system.settle()
        once = system.profiles()
        before = len(imports.published())
        imports.whole()
        assert len(imports.published()) == before + total
        system.settle()
        assert same_profiles(system.profiles(), once) == []
        replay = Replay(read_rules(""), datetime.now(BUSINESS_ZONE).date())
        for _ in replay.feed([json.dumps(event).encode() for event in imports.events.values()]):
            pass
        listed = (json.loads(json.dumps(p)) for profiles, _ in replay.score() for p in profiles)
        assert same_profiles(once, {one["customer_id"]: one for one in listed}) == []


def test_nothing_is_published_where_a_topic_is_missing(
    own_kafka: KafkaBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NYXTER_BROKER", own_kafka.bootstrap)
    make_dirty(tmp_path / "base.csv", 100)
    result = import_command("contracts", tmp_path / "base.csv", out=False)
    assert result.status == 2
    assert "has no topic nyxter.contracts.v1: run `nyxter topics create`" in result.errors
