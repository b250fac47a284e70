"""`nyxter dead-letters` on Apache Kafka: what is listed and what goes back, and that once."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bad_input import purchase, text
from confluent_kafka import Message
from kafka_broker import KafkaBroker
from running import System, wait_until
from test_cli import nyxter, told

from nyxter_online.intake import Line, Refusal
from streams import topics
from streams.cli.dead_letters.reading import read_marks
from streams.client import client_config
from streams.lane.transaction import TransactionalProducer
from streams.segmenter.told import Site, Told

pytestmark = pytest.mark.kafka

# The command, in portions of 100, each of which stands written and uncommitted for a while.
SLOW = """
import time
import streams.cli.dead_letters.retry as retry
from streams.cli import app
from streams.lane.transaction import TransactionalProducer

class Slow(TransactionalProducer):
    def _commit(self):
        self._producer.flush()
        time.sleep(0.3)
        super()._commit()

retry.TransactionalProducer, retry._MOST = Slow, 100
app()
"""
MISSING, LIMIT = "data.order_id: is missing", "data.city has more than 9 bytes (limits.text_bytes)"


class Letters:
    """Dead letters that lanes would have written, and the commands over them."""

    def __init__(self, system: System) -> None:
        self.system = system
        self._written = 0

    def write(self, reason: str, value: bytes | None = b"{}", **options: Any) -> str:
        """Write a letter; return its name."""
        partition = options.pop("partition", 0)
        topic = options.pop("topic", topics.PURCHASES)
        told = Told(Site(partition, 2, "changelog", self.system.rules, b""), None)  # type: ignore[arg-type]
        line = Line(self._written, 0, value, topic, **options)  # type: ignore[arg-type]
        self._written += 1
        record = told.dead_letter(Refusal(line, reason))
        places: list[Message] = []
        producer = self.system.producer()
        producer.produce(
            record.topic,
            record.value,
            record.key,
            partition,
            headers=list(record.headers or ()),
            on_delivery=lambda error, message: places.append(message) or error,
        )
        assert producer.flush(30) == 0
        return f"{places[0].partition()}:{places[0].offset()}"

    def run(self, *arguments: str, status: int = 0) -> list[str]:
        """Run a command; return the lines that it prints."""
        result = nyxter("dead-letters", *arguments, NYXTER_BROKER=self.system.settings.broker)
        assert result.exit_code == status, result.output
        if arguments[0] == "retry":
            self._fence()
        return result.stdout.splitlines() if status == 0 else told(result).splitlines()

    def _fence(self) -> None:
        """Wait until what was sent shows: a commit is answered before all readers see it."""
        client = client_config(self.system.settings)
        TransactionalProducer(client, "nyxter-retry", 0).close()

    def states(self) -> dict[str, str]:
        """Return the state of each letter."""
        rows = map(json.loads, self.run("list", "--json", "--limit", "9999"))
        return {row["name"]: row["state"] for row in rows}

    def sent(self, topic: str = topics.PURCHASES) -> list[Message]:
        """Return what lies on an input topic."""
        return self.system.read(topic)


@pytest.fixture
def letters(kafka: KafkaBroker, tmp_path: Path) -> Iterator[Letters]:
    """Letters on topics where nobody works."""
    with closing(System(kafka.bootstrap, tmp_path, partitions=2)) as system:
        client = client_config(system.settings)
        wait_until(lambda: read_marks(client, [0, 1]) == {}, "topics have leaders")
        yield Letters(system)


def test_list_shows_no_more_of_a_customer_than_the_id(letters: Letters) -> None:
    first = letters.write(MISSING, text(subject="K1", order_id=None))
    second = letters.write(LIMIT, b"SECRET", key="Ação\n7".encode(), partition=1)
    third = letters.write("the event is not JSON: SECRET is not in it", b"SECRET\xff", topic="t")
    newest_first = letters.run("list")
    assert [line.split("  ")[1] for line in newest_first] == [third, second, first]
    assert newest_first[2].split("  ")[2:] == ["open", "nyxter.purchases.v1 0:0", "K1", MISSING]
    assert newest_first[1].split("  ")[4] == r"Ação\n7"
    assert newest_first[0].split("  ")[4] == "—"
    assert letters.run("list", "--oldest", "--limit", "1") == [newest_first[2]]
    assert letters.run("list", "--customer", "K1") == [newest_first[2]]
    assert letters.run("list", "--reason", "ORDER_ID") == [newest_first[2]]
    assert letters.run("list", "--reason", "over a limit") == [newest_first[1]]
    assert letters.run("list", "--topic", "t") == [newest_first[0]]
    assert letters.run("list", "--since", "2099-01-01") == []
    assert len(letters.run("list", "--since", "2000-01-01T10:00")) == 3
    rows = [json.loads(line) for line in letters.run("list", "--json")]
    assert "2026-11-22" not in json.dumps(rows)
    assert rows[1]["customer"] == "Ação\n7"
    assert [row["kind"] for row in rows] == ["not JSON", "over a limit", "missing field"]
    assert [" ".join(line.split()) for line in letters.run("list", "--counts")] == [
        "not JSON 1 open",
        "over a limit 1 open",
        "missing field 1 open",
    ]


def test_show_tells_all_and_raw_gives_the_bytes(letters: Letters) -> None:
    raw = b'{"a":\x1b[2J "\xff"}'
    name = letters.write(MISSING, raw, key=b"K\x00", headers=[("ce_id", b"7"), ("n", None)])
    shown = letters.run("show", name)
    assert shown[0] == f"letter: {name}"
    assert f"reason: {MISSING}" in shown
    assert "from: nyxter.purchases.v1 0:0" in shown
    assert r"key: K\x00" in shown
    assert {"header ce_id: 7", "header n: null"} <= set(shown)
    assert shown[-1] == r'{"a":\x1b[2J "\xff"}'
    result = nyxter(
        "dead-letters", "show", name, "--raw", NYXTER_BROKER=letters.system.settings.broker
    )
    assert result.stdout_bytes == raw
    assert letters.run("show", "0:99", status=2) == ["nyxter: there is no dead letter 0:99"]
    (line,) = letters.run("show", "99", status=2)
    assert "is not PARTITION:OFFSET" in line


def test_a_letter_goes_back_once_as_it_was(letters: Letters) -> None:
    headers = [("content-type", b"application/json"), ("empty", None)]
    value = text(order_id=None)
    name = letters.write(MISSING, value, key=b"bad", headers=headers, partition=1)
    other = letters.write(LIMIT, None, topic=topics.CUSTOMERS)
    assert letters.run("retry", name, "--dry-run")[-1] == "1 would go back"
    assert letters.sent() == []
    assert letters.run("retry", name, "--yes") == [f"{name} went back", "1 went back"]
    assert letters.run("retry", name, "--yes") == ["1 went back before", "0 went back"]
    (message,) = letters.sent()
    assert (message.key(), message.value(), message.partition()) == (b"bad", value, 1)
    marks = [("nyxter-retry", b"1"), ("nyxter-letter", name.encode())]
    assert message.headers() == [*headers, *marks]
    assert letters.states() == {name: "retried", other: "open"}
    assert letters.run("retry", "--all", "--yes")[-1] == "1 went back"
    assert [m.value() for m in letters.sent(topics.CUSTOMERS)] == [None]


def test_one_that_is_refused_again_names_the_one_before(letters: Letters) -> None:
    name = letters.write(MISSING)
    letters.run("retry", name, "--yes")
    (message,) = letters.sent()
    second = letters.write(MISSING, message.value(), headers=message.headers())
    assert letters.states() == {name: "failed again", second: "open"}
    assert f"retries: 1, before it {name}" in letters.run("show", second)
    letters.run("retry", "--reason", "missing", "--yes")
    assert [m.headers() for m in letters.sent()[1:]] == [
        [("nyxter-retry", b"2"), ("nyxter-letter", second.encode())]
    ]


def test_a_mended_value_goes_back_under_its_own_key(letters: Letters, tmp_path: Path) -> None:
    name = letters.write(MISSING, text(order_id=None), key=b"somebody else")
    file = tmp_path / "mended.json"
    file.write_bytes(text(order_id=None))
    (line,) = letters.run("retry", name, "--value", str(file), "--yes", status=2)
    assert line == f"nyxter: {file}: would be refused again: {MISSING}"
    mended = text()
    file.write_bytes(mended)
    letters.run("retry", name, "--value", str(file), "--yes")
    assert [(m.key(), m.value()) for m in letters.sent()] == [(b"bad", mended)]
    (line,) = letters.run("retry", "--all", "--value", str(file), status=2)
    assert "one PARTITION:OFFSET" in line


def test_one_that_the_broker_does_not_take_holds_nobody_up(letters: Letters) -> None:
    large = letters.write("the event is not JSON: ?", random.Random(7).randbytes(1_048_560))
    small = letters.write(MISSING)
    lines = letters.run("retry", "--all", "--yes", status=1)
    assert any(f"the broker does not take {large}" in line for line in lines)
    assert letters.states() == {large: "open", small: "retried"}
    assert [m.value() for m in letters.sent()] == [b"{}"]


def test_what_is_not_said_is_asked_for(letters: Letters) -> None:
    (line,) = letters.run("retry", "--yes", status=2)
    assert line.startswith("nyxter: say which: PARTITION:OFFSET")
    name = letters.write(MISSING)
    letters.run("retry", name, status=1)  # nobody says yes
    assert letters.sent() == []
    assert letters.states() == {name: "open"}
    (line,) = letters.run("retry", "0:7", "--yes", status=2)
    assert "no dead letter 0:7" in line


def test_topics_made_anew_remember_no_marks(letters: Letters) -> None:
    """Marks outlive a dead letters topic that is deleted: its offsets begin again."""
    name = letters.write(MISSING)
    mark = json.dumps({"timestamp_ms": 17, "at": "2026-11-22T12:00:00Z"}).encode()
    letters.system.produce(topics.RETRIED, name.encode(), mark, partition=0)
    assert letters.states() == {name: "open"}


def test_killed_again_and_again_each_goes_back_once(letters: Letters) -> None:
    """A kill finds some letters sent, some in a transaction that is open, and some not begun."""
    count, system = 600, letters.system
    told = Told(Site(0, 2, "changelog", system.rules, b""), None)  # type: ignore[arg-type]
    producer = system.producer()
    for number in range(count):
        line = Line(number, 0, str(number).encode(), topics.PURCHASES)
        record = told.dead_letter(Refusal(line, MISSING))
        producer.produce(record.topic, record.value, None, 0, headers=list(record.headers or ()))
    assert producer.flush(30) == 0
    command = [sys.executable, "-c", SLOW, "dead-letters", "retry", "--all", "--yes"]
    environment = os.environ | {"NYXTER_BROKER": system.settings.broker}
    for _ in range(2):
        reached = system.ends()[topics.PURCHASES, 0] + 150
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as running:
            wait_until(lambda at=reached: system.ends()[topics.PURCHASES, 0] > at, "some go back")
            running.send_signal(signal.SIGKILL)
        assert running.returncode == -signal.SIGKILL
    letters.run("retry", "--all", "--yes")
    values = Counter(message.value() for message in letters.sent())
    assert values == Counter(str(number).encode() for number in range(count))


def test_a_worker_applies_what_is_mended_and_refuses_again_what_is_not(
    kafka: KafkaBroker, tmp_path: Path
) -> None:
    with closing(System(kafka.bootstrap, tmp_path, partitions=2)) as system:
        letters, file = Letters(system), tmp_path / "mended.json"
        system.start("a")
        for name in ("K1", "K2"):
            value = json.dumps(purchase(name, order_id=None)).encode()
            system.produce(topics.PURCHASES, name.encode(), value)
        wait_until(lambda: len(letters.states()) == 2, "both are refused")
        rows = {
            row["customer"]: row["name"] for row in map(json.loads, letters.run("list", "--json"))
        }
        file.write_text(json.dumps(purchase("K1")), "utf-8")
        letters.run("retry", rows["K1"], "--value", str(file), "--yes")
        letters.run("retry", rows["K2"], "--yes")
        wait_until(lambda: "K1" in system.profiles(), "the mended one is applied")
        wait_until(lambda: len(letters.states()) == 3, "the other one is refused again")
        states = letters.states()
        assert [states.pop(rows["K1"]), states.pop(rows["K2"])] == ["retried", "failed again"]
        assert list(states.values()) == ["open"]
        (line,) = letters.run("list", "--customer", "K2", "--limit", "1")
        assert "open after 1 retries" in line
