"""Input records deleted before a worker that lags read them: named, never passed over in silence.

A partition stands where it is until the topic is there again, or a person says that it may go on;
the journal then tells which offsets nobody applied.
"""

import os
import random
import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_events_equal_journal, assert_nothing_lost_nothing_twice
from running import System, wait_until
from standing import (
    Monitor,
    assert_stands,
    delete_before,
    end_of,
    logged,
    position_of,
    skip,
)
from storm import RULES, arriving, orders, today

from streams import topics
from streams.lane.standstills import Reason
from streams.segmenter.input_history import JournalBroken

pytestmark = pytest.mark.kafka

PARTITIONS = 2
ANSWERED_S = 2.0  # by then the broker has answered the fetch that was under way: with nothing
PURCHASES = topics.PURCHASES
Event = Mapping[str, Any]


def are_purchases(event: Event) -> bool:
    return str(event["type"]).startswith("nyxter.purchase.")


def skipped_by(system: System, topic: str, partition: int) -> list[tuple[int, int]]:
    """Return the ranges that the journal says were passed over by a person."""
    entries, _ = system.journal()
    return [
        (start, end)
        for entry in entries[partition]
        if entry.skipped == "a test deleted it"
        for name, start, end in entry.spans
        if name == topic
    ]


def command(system: System, name: str, *arguments: str) -> tuple[int, str]:
    """Run a command of `nyxter`; return its exit status and what it said."""
    system._run(name, *arguments, "--rules", str(system._rules_file))
    return system.ended(name), system.log(name).read_text("utf-8")


@pytest.mark.parametrize("store", ["memory", "disk"])
def test_deleted_before_a_stopped_worker_read_any(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, store: str, *, whole: bool
) -> None:
    """Nothing of what is deleted was ever applied: the journal can be replayed, id by id."""
    count = 30_000 if whole else 3_000
    events = orders(15, count // 20, count)
    others = [event for event in events if not are_purchases(event)]
    purchases = [event for event in events if are_purchases(event)]
    monitor = Monitor()
    kept = {"NYXTER_STORE": store, "NYXTER_DATA_DIR": str(tmp_path / "a")}
    with System(kafka.bootstrap, tmp_path, RULES, partitions=PARTITIONS) as system:
        system.start("a", **kept)
        system.send(others)
        system.settle()
        assert system.stop("a") == 0
        assert position_of(system, PURCHASES, 0) == 0
        system.send(purchases)
        gone = {n: chance.randrange(1, end_of(system, PURCHASES, n)) for n in range(PARTITIONS)}
        for number, offset in gone.items():
            delete_before(system, PURCHASES, number, offset)
        system.start("a", NYXTER_MONITOR=monitor.address, **kept)
        for number, offset in gone.items():
            words = (f"{PURCHASES}, partition {number}: offsets 0 to {offset - 1}", "nyxter skip")
            assert_stands(system, "a", monitor, number, Reason.INPUT_DELETED, *words)
            assert position_of(system, PURCHASES, number) == 0
        status, told = command(system, "reconcile", "reconcile", "--no-redis", "--patience", "5")
        assert (status, "were deleted before they were applied" in told) == (2, True), told

        status, told = skip(system, PURCHASES, 0)  # nobody says yes
        assert status != 0, told
        assert f"passes over offsets 0 to {gone[0] - 1}" in told
        assert skipped_by(system, PURCHASES, 0) == []
        for number, offset in gone.items():
            status, told = skip(system, PURCHASES, number, "--yes")
            assert status == 0, told
            assert skipped_by(system, PURCHASES, number) == [(0, offset)]
        wait_until(monitor.is_ready, "the worker goes on by itself")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        status, told = command(system, "reconciled", "reconcile", "--no-redis", "--patience", "60")
        assert status == 0, told
        status, told = skip(system, PURCHASES, 0, "--yes")
        assert (status, "there is nothing to skip" in told) == (2, True), told
        assert len(logged(system, "a")) == PARTITIONS

        assert system.stop("a") == 0
        status, told = command(system, "rebuild", "rebuild")
        assert status == 0, told
        system.start("a", **kept)
        system.send(orders(16, 20, 200))
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())


def test_deleted_before_a_running_worker_read_them(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    """What was applied before is deleted, too, as retention does: the journal ends with it."""
    count = 60_000 if whole else 4_000
    events = orders(17, count // 20, count)
    purchases = [event for event in events if are_purchases(event)]
    later = purchases[len(purchases) // 2 :]
    names = {event["id"] for event in later}
    sooner = [event for event in events if event["id"] not in names]
    monitor = Monitor()
    with System(kafka.bootstrap, tmp_path, RULES, partitions=PARTITIONS) as system:
        pid = system.start("a", NYXTER_MONITOR=monitor.address)
        with arriving(system, sooner, 2_000 if whole else 1_000):
            wait_until(lambda: len(system.progress()) == PARTITIONS, "both partitions have state")
        end = end_of(system, PURCHASES, 0)
        wait_until(lambda: position_of(system, PURCHASES, 0) == end, "all of it is applied")
        lagging(pid, system, later)
        reached, end = end, end_of(system, PURCHASES, 0)
        start = chance.randrange(reached + 1, end)
        delete_before(system, PURCHASES, 0, start)
        os.kill(pid, signal.SIGCONT)
        words = (f"{PURCHASES}, partition 0: offsets ", f" to {start - 1} were deleted")
        assert_stands(system, "a", monitor, 0, Reason.INPUT_DELETED, *words)
        wait_until(
            lambda: position_of(system, PURCHASES, 1) == end_of(system, PURCHASES, 1),
            "the other partition goes on",
        )
        stands_at = position_of(system, PURCHASES, 0)
        assert reached <= stands_at < start
        system.send(orders(18, 20, 100))
        assert position_of(system, PURCHASES, 0) == stands_at
        status, told = skip(system, PURCHASES, 0, "--yes")
        assert status == 0, told
        assert f"passes over offsets {stands_at} to {start - 1}" in told
        wait_until(monitor.is_ready, "the worker goes on by itself")
        system.settle()
        assert position_of(system, PURCHASES, 0) == end_of(system, PURCHASES, 0)
        assert skipped_by(system, PURCHASES, 0) == [(stands_at, start)]
        with pytest.raises(JournalBroken, match=f"partition 0, starts at offset {start}"):
            assert_events_equal_journal(system)
        assert len({event["id"] for event in system.events()}) == len(system.events())
        assert len(logged(system, "a")) == 1


def lagging(pid: int, system: System, events: Iterable[Event]) -> None:
    """Hold a worker where it is while events come in; whoever calls lets it go on."""
    os.kill(pid, signal.SIGSTOP)
    time.sleep(ANSWERED_S)
    system.send(events)
