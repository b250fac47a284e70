"""The consumers to copy: killed at any moment, they act once on each trigger that fired."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Message, TopicPartition
from confluent_kafka.admin import AdminClient
from conftest import need_kafka
from example_consumers import LANGUAGES, Language, Processes, Receiver
from kafka_broker import KafkaBroker
from running import wait_until
from trigger_publisher import PARTITIONS, Publisher

from streams.topics import SEGMENT_EVENTS, Topic, create

pytestmark = pytest.mark.kafka

TOPIC = Topic(SEGMENT_EVENTS, PARTITIONS, "delete", -1)
BEGINNING = "1970-01-01T00:00:00Z"
KILLS, MANY_KILLS = 3, 20  # the many with --whole
SETTLE_S = 180.0


@pytest.fixture
def topic(kafka: KafkaBroker) -> Iterator[AdminClient]:
    """The topic, empty; it is gone afterwards."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    assert create(admin, [TOPIC]) == [SEGMENT_EVENTS], "another test has left the topic"
    yield admin
    remove(admin)


def remove(admin: AdminClient) -> None:
    admin.delete_topics([SEGMENT_EVENTS])[SEGMENT_EVENTS].result(30)
    wait_until(lambda: SEGMENT_EVENTS not in admin.list_topics(timeout=10).topics, "it is gone")


def need(language: Language) -> None:
    """Leave the test out where a language cannot run; in CI that is a failure."""
    need_kafka()
    missing = [tool for tool in language.tools if shutil.which(tool) is None]
    if not missing:
        return
    reason = f"the example in {language.name} does not run here: no {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; CI leaves nothing out (scripts/setup-system.sh installs them)")
    pytest.skip(reason)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_killed_at_any_moment_it_acts_once(
    language: Language,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    whole: bool,
) -> None:
    need(language)
    kafka: KafkaBroker = request.getfixturevalue("kafka")
    admin: AdminClient = request.getfixturevalue("topic")
    seed = request.config.getoption("--fault-seed")
    print(f"again: {request.node.nodeid} --fault-seed={seed}")  # noqa: T201
    chance = random.Random(f"{language.name} {seed}")
    publisher = Publisher(kafka.bootstrap, chance)
    with Receiver(chance) as receiver:
        settings = {"NYXTER_BROKER": kafka.bootstrap, "CONSUMER_TARGET": receiver.url}
        group = Processes(language, tmp_path, settings)
        (tmp_path / "later").mkdir()
        later = Processes(language, tmp_path / "later", settings)
        story = Story(group, publisher, receiver, chance)
        try:
            story.is_asked_where_to_begin()
            story.writes_all_or_nothing(kafka.bootstrap)
            story.is_killed(MANY_KILLS if whole else KILLS)
            story.is_paused_while_another_takes_over()
            story.ends_in_order(kafka.bootstrap)
            story.begins_at_an_instant(later)
            remove(admin)
            create(admin, [TOPIC])
            story.stops_at_a_topic_made_anew()
        finally:
            group.kill(*group.running)
            later.kill(*later.running)


class Story:
    """What happens to two processes of a group."""

    def __init__(
        self, group: Processes, publisher: Publisher, receiver: Receiver, chance: random.Random
    ) -> None:
        self.group = group
        self.publisher = publisher
        self.receiver = receiver
        self.chance = chance
        self.interruptions = 0  # each may leave an action sent and not marked, by two, twice

    def is_asked_where_to_begin(self) -> None:
        self.group.start("unasked")
        assert self.group.ended("unasked") != 0
        assert "CONSUMER_START=2026-11-22T00:00:00Z" in self.group.said("unasked")
        assert self.group.ask("SELECT * FROM positions") == []

    def writes_all_or_nothing(self, broker: str) -> None:
        """A batch that the database refuses in the midst leaves neither actions nor a position."""
        self.publisher.publish(10)
        bad = list(self.publisher.fired)[-1]
        refuse = (
            "BEFORE INSERT ON actions WHEN NEW.id = '{}' BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
        self.group.ask(f"CREATE TRIGGER refuses {refuse.format(bad)}")
        self.group.ask("CREATE TABLE moves (partition, old, new)")
        moved = "INSERT INTO moves VALUES (NEW.partition, OLD.next, NEW.next)"
        self.group.ask(f"CREATE TRIGGER moves AFTER UPDATE ON positions BEGIN {moved}; END")
        self.group.start("refused", CONSUMER_START=BEGINNING)
        assert self.group.ended("refused") != 0
        at = next(m for m in committed(broker) if json.loads(m.value())["id"] == bad)
        where = "SELECT next FROM positions WHERE partition = ?"
        assert self.group.ask(where, at.partition())[0][0] <= at.offset()
        self.group.ask("DROP TRIGGER refuses")
        self.interruptions += 1

    def is_killed(self, times: int) -> None:
        for name in ("one", "other"):
            self.group.start(name)
        for _ in range(times):
            self.interrupts(self.chance.choice((["one"], ["other"], ["one", "other"])))
        self.settle()

    def interrupts(self, names: list[str]) -> None:
        """Kill processes that have much to do, in the midst of it or while they wait to write."""
        with self.group.locked():
            self.publisher.publish(20)
        before = self.receiver.calls
        wait_until(lambda: self.receiver.calls > before, "they are at work", SETTLE_S)
        time.sleep(self.chance.uniform(0.0, 0.2))
        self.group.still_run()
        with self.group.locked() if self.chance.random() < 0.5 else nullcontext():
            time.sleep(self.chance.uniform(0.0, 0.1))
            self.group.kill(*names)
        self.interruptions += 1
        for name in names:
            self.group.start(name)

    def is_paused_while_another_takes_over(self) -> None:
        with self.group.locked():
            self.publisher.publish(20)
            time.sleep(0.5)
            self.group.signal("one", signal.SIGSTOP)
        self.settle()
        self.group.signal("one", signal.SIGCONT)
        self.publisher.publish(20)
        self.interruptions += 2
        self.settle()

    def settle(self) -> None:
        """Wait until all that was published is acted on and marked."""
        waiting = "SELECT count(*) FROM actions WHERE status IS NULL"

        def is_settled() -> bool:
            self.group.still_run()
            missing = self.publisher.fired.keys() - self.receiver.acted.keys()
            return not missing and self.group.ask(waiting) == [(0,)]

        wait_until(is_settled, "every trigger is acted on", SETTLE_S)

    def ends_in_order(self, broker: str) -> None:
        ends = {m.partition(): m.offset() + 1 for m in committed(broker)}
        wait_until(lambda: self.positions_reach(ends), "the positions are at the end", SETTLE_S)
        for name in ("one", "other"):
            self.group.signal(name, signal.SIGTERM)
        for name in ("one", "other"):
            assert self.group.ended(name) in (0, 128 + signal.SIGTERM), self.group.said(name)
        self.acted_once()
        self.positions_went_on()

    def positions_reach(self, ends: dict[int, int]) -> bool:
        at = dict(self.group.ask("SELECT partition, next FROM positions"))
        return all(at[partition] >= end for partition, end in ends.items())

    def acted_once(self) -> None:
        fired, acted = self.publisher.fired, self.receiver.acted
        assert acted == fired
        for customer in {event["subject"] for event in fired.values()}:
            in_order = [key for key, event in fired.items() if event["subject"] == customer]
            assert [key for key in acted if acted[key]["subject"] == customer] == in_order
        kept = self.group.ask("SELECT id, event, status FROM actions ORDER BY id")
        assert kept == [(key, None, 200) for key in sorted(fired)]
        sent_again = self.receiver.calls - self.receiver.failures - len(fired)
        assert sent_again <= 4 * self.interruptions, "actions are sent again without need"

    def positions_went_on(self) -> None:
        assert self.group.ask("SELECT * FROM moves WHERE new <= old") == []
        seen = self.group.ask("SELECT count(*) FROM moves")
        assert seen[0][0] > KILLS

    def begins_at_an_instant(self, later: Processes) -> None:
        """A first start reads from an instant on, what is not yet committed then included."""
        instant = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        there = "SELECT 1 FROM sqlite_master WHERE name = 'positions'"
        begun = "SELECT 1 FROM positions WHERE partition = ?"
        with self.publisher.in_transaction() as event:
            later.start("later", CONSUMER_GROUP="later", CONSUMER_START=instant)
            wait_until(
                lambda: later.ask(there) and later.ask(begun, PARTITIONS - 1), "it has begun"
            )
        wait_until(lambda: event["id"] in self.receiver.acted, "it is acted on", SETTLE_S)
        assert later.ask("SELECT id FROM actions") == [(event["id"],)]

    def stops_at_a_topic_made_anew(self) -> None:
        self.group.start("anew")
        assert self.group.ended("anew") != 0
        assert "the topic was made anew" in self.group.said("anew")


def committed(broker: str) -> list[Message]:
    """Return what a reader of committed records sees, each partition in its order."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": "none",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(SEGMENT_EVENTS, n, 0) for n in range(PARTITIONS)])
    found: list[Message] = []
    ended = 0
    while ended < PARTITIONS:
        messages = consumer.consume(1000, 0.2)
        ended += sum(message.error() is not None for message in messages)
        found += [message for message in messages if message.error() is None]
    consumer.close()
    return found
