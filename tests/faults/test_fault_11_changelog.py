"""The changelog compacted under way, cut, put back from an older copy, and emptied.

Compaction takes nothing that counts. For the rest a worker refuses to go on, and `nyxter rebuild`
computes the state anew, in silence, from the journal and the inputs.
"""

import random
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Message, TopicPartition
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, asked, wait_until
from storm import RULES, arriving, orders, today

from schemas.envelope import loads
from streams import topics
from streams.client import client_config
from streams.ends import Ends
from streams.journal_replay import OUTPUTS
from streams.lane.changelog import POSITION_KEY
from streams.lane.state import MemoryStates
from streams.lane.unusable import StateUnusable
from streams.place import Place
from streams.rebuild import Application, Rebuild
from streams.segmenter.journal_end import vouch

pytestmark = pytest.mark.kafka

EAGER = {
    "segment.ms": "500",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "1000",
}
State = dict[int, dict[bytes, Any]]


def alter(system: System, topic: str, **values: str) -> None:
    """Set configuration of a topic."""
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in values.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    for answer in system._admin.incremental_alter_configs([resource]).values():
        answer.result(30)


def changelog(system: System) -> str:
    return topics.changelog(system.settings)


def latest(records: Iterable[Message]) -> State:
    """Return the last value of each key, read, by partition."""
    last: dict[tuple[int, bytes], bytes | None] = {
        (m.partition(), m.key()): m.value() for m in records
    }
    state: State = {}
    for (partition, key), value in last.items():
        if value is not None:
            state.setdefault(partition, {})[key] = loads(value)
    for held in state.values():
        held[POSITION_KEY].pop("since")
    return state


def anew(system: System, records: Iterable[Message] = ()) -> None:
    """Delete the changelog and create it anew, with records of a copy of it."""
    name = changelog(system)
    for answer in system._admin.delete_topics([name]).values():
        answer.result(30)
    wait_until(lambda: name not in system._admin.list_topics(timeout=10).topics, "it is gone")
    topics.create(system._admin, topics.every_topic(system.settings))
    producer = system.producer()
    for message in records:
        producer.produce(name, message.value(), message.key(), message.partition())
        producer.poll(0)
    producer.flush()


def cut(system: System) -> None:
    """Delete the first half of the changelog."""
    name = changelog(system)
    places = [TopicPartition(name, p, end // 2) for p, end in enumerate(ends(system, name))]
    alter(system, name, **{"cleanup.policy": "delete"})

    def deleted() -> bool:
        for answer in system._admin.delete_records(places).values():
            answer.result(30)
        return True

    wait_until(deleted, "the broker deletes")
    alter(system, name, **{"cleanup.policy": "compact"})


def rebuild(system: System, *options: str) -> tuple[int, str]:
    """Run `nyxter rebuild`; return its exit status and what it said."""
    system._run("rebuild", "rebuild", "--rules", str(system._rules_file), *options)
    status = system.ended("rebuild")
    return status, system.log("rebuild").read_text("utf-8")


def published(system: System) -> dict[Any, Any]:
    """Return how many journal entries and outputs each partition has."""
    entries, _ = system.journal()
    return {topic: ends(system, topic) for topic in OUTPUTS} | {
        partition: len(listed) for partition, listed in entries.items()
    }


def assert_refused(system: System, reason: str) -> None:
    """A worker ends by itself, says why and what to do, and writes nothing."""
    before = published(system)
    system.start("refusing")
    assert system.ended("refusing") == 2
    told = system.log("refusing").read_text("utf-8")
    system.log("refusing").unlink()
    assert reason in told
    assert "nyxter rebuild" in told
    assert "Traceback" not in told
    assert published(system) == before


def ends(system: System, topic: str) -> list[int]:
    """Return the offset after the last record or marker of each partition."""
    places = [Place(topic, number) for number in range(system.settings.partitions)]
    told = asked(lambda: Ends(system._admin).committed(places))
    return [told[place] for place in places]


def refusal(system: System) -> str:
    """Return why nobody may go on from the state of a partition, "" where one may."""
    client, name = client_config(system.settings), changelog(system)
    try:
        for number in range(system.settings.partitions):
            position = asked(lambda n=number: MemoryStates(client, name).open(n)).position
            vouch(client, name, number, position and position.memo)
    except StateUnusable as reason:
        return str(reason)
    return ""


def erased(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the erasure of an event's customer."""
    named = {name: event[name] for name in ("specversion", "source", "subject")}
    last = {"id": "erasure", "type": "nyxter.customer.erased.v1", "time": event["time"]}
    return named | last


def worked(system: System, events: Iterable[Mapping[str, Any]]) -> list[Message]:
    """Let a worker take in events; return the changelog."""
    system.start("a")
    system.send(events)
    system.settle()
    assert system.stop("a") == 0
    return system.read(changelog(system))


def interrupted_rebuild(system: System) -> None:
    """Rebuild up to the middle of what there is to write."""
    told: list[int] = []

    def break_off(what: str, done: int, total: int) -> None:
        told.append(done)
        if what == "writing" and done > total // 3:
            raise KeyboardInterrupt

    client, settings = client_config(system.settings), system.settings
    whose = Application(
        client, settings.app_id, changelog(system), settings.partitions, system.rules, b""
    )
    work = Rebuild(whose, break_off)
    with pytest.raises(KeyboardInterrupt):
        work.run()
    work.close()
    assert told


def test_changelog_cut_older_emptied(kafka: KafkaBroker, tmp_path: Path, *, whole: bool) -> None:
    count = 60_000 if whole else 6_000
    events = orders(11, count // 20, count)
    third = count // 3
    with System(kafka.bootstrap, tmp_path, RULES, partitions=2) as system:
        system.start("a")
        system.send(events[:third])
        wait_until(lambda: len(system.progress()) == 2, "both partitions have state")
        older = system.read(changelog(system))
        system.produce(topics.CUSTOMERS, None, b"no event", partition=1)
        system.send([*events[third : 2 * third], erased(events[0])])
        system.settle()
        assert system.stop("a") == 0
        before = system.read(changelog(system))
        assert refusal(system) == ""
        silent = published(system)

        cut(system)
        assert_refused(system, "records were deleted")
        anew(system, older)
        assert "is an older copy" in refusal(system)
        anew(system)
        assert_refused(system, "ends at journal entry 0, but the journal goes on to")

        interrupted_rebuild(system)
        assert "ends at journal entry 0" in refusal(system)
        status, told = rebuild(system)
        assert (status, "records of state written" in told) == (0, True), told
        assert latest(system.read(changelog(system))) == latest(before)
        assert published(system) == silent

        worked(system, events[2 * third :])
        assert_nothing_lost_nothing_twice(system, today())


def test_rebuild_of_a_cut_changelog_and_what_it_refuses(kafka: KafkaBroker, tmp_path: Path) -> None:
    events = orders(12, 40, 800)
    with System(kafka.bootstrap, tmp_path, partitions=2) as system:
        system.start("a")
        system.send(events[:600])
        system.settle()
        status, told = rebuild(system)
        assert status == 2
        assert "stop all workers" in told
        assert system.stop("a") == 0
        before = latest(system.read(changelog(system)))
        stray = b'["order","nobody","o1"]'
        cut(system)
        system.produce(changelog(system), stray, b"[]", partition=0)
        status, told = rebuild(system)
        assert status == 0, told
        assert latest(system.read(changelog(system))) == before
        worked(system, events[600:])
        assert_nothing_lost_nothing_twice(system, today())

        for topic, reason in (
            (topics.CONTRACTS, "messages that the journal tells of were deleted"),
            (topics.JOURNAL, "the journal begins with entry"),
        ):
            place = TopicPartition(topic, 0, 5)
            system._admin.delete_records([place])[place].result(30)
            status, told = rebuild(system)
            assert status == 2
            assert reason in told
            assert "Traceback" not in told


def offsets(system: System, topic: str) -> set[tuple[int, int]]:
    return {(m.partition(), m.offset()) for m in asked(lambda: system.read(topic))}


def test_changelog_compacted_while_running(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count, rate, times = (60_000, 1_500, 8) if whole else (6_000, 700, 2)
    with System(kafka.bootstrap, tmp_path, RULES, partitions=2) as system:
        compacted = (changelog(system), topics.SUMMARIES, topics.SNAPSHOTS, topics.PROFILES)
        for topic in compacted:
            alter(system, topic, **EAGER)
        system.start("a")
        seen: dict[str, set[tuple[int, int]]] = {topic: set() for topic in compacted}
        events = orders(13, count // 20, count + 1_000)
        trickle = iter(events[count:])

        def taken(topic: str) -> set[tuple[int, int]]:
            system.send(islice(trickle, 20))  # what comes later lets the broker begin a new segment
            return seen[topic] - offsets(system, topic)

        with arriving(system, events[:count], rate):
            for _ in range(times):
                for topic in compacted:
                    wait_until(lambda topic=topic: offsets(system, topic), f"{topic} has records")
                    seen[topic] |= offsets(system, topic)
                time.sleep(chance.uniform(0.3, 0.8) * count / rate / times)
                system.kill("a")
                system.start("a")
        for topic in compacted:
            wait_until(lambda topic=topic: taken(topic), f"something of {topic} is compacted away")
        system.kill("a")
        system.start("a")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today(), compacted=True)
