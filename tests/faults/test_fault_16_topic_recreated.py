"""An input topic deleted and made anew: its records are another topic's, whatever their offsets."""

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_events_equal_journal
from running import System, same_profiles, wait_until
from standing import Monitor, assert_stands, end_of, logged, make_anew, position_of, skip
from storm import RULES, orders, today

from nyxter_online.replay import Replay
from streams import topics
from streams.lane.standstills import Reason
from streams.segmenter.input_history import JournalBroken

pytestmark = pytest.mark.kafka

PARTITIONS = 2
PURCHASES = topics.PURCHASES
Event = Mapping[str, Any]


def are_purchases(event: Event) -> bool:
    return str(event["type"]).startswith("nyxter.purchase.")


def replayed(system: System, events: Iterable[Event]) -> dict[str, Any]:
    """Return what a plain replay of events gives, those of the former topic included."""
    replay = Replay(system.rules, today())
    for _ in replay.feed(json.dumps(event).encode() for event in events):
        pass
    listed = (json.loads(json.dumps(p)) for profiles, _ in replay.score() for p in profiles)
    return {profile["customer_id"]: profile for profile in listed}


@pytest.mark.parametrize(
    ("runs", "longer"),
    [
        (True, True),
        (False, False),
        pytest.param(True, False, marks=pytest.mark.whole_only),
        pytest.param(False, True, marks=pytest.mark.whole_only),
    ],
)
def test_topic_deleted_and_made_anew(
    kafka: KafkaBroker,
    tmp_path: Path,
    chance: random.Random,
    *,
    runs: bool,
    longer: bool,
    whole: bool,
) -> None:
    count = 20_000 if whole else 2_000
    events = sorted(orders(21, count // 20, count), key=are_purchases)
    purchases = [event for event in events if are_purchases(event)]
    at = len(purchases) // 4 if longer else len(purchases) * 3 // 4
    at += chance.randrange(-at // 10, at // 10)
    before, after = purchases[:at], purchases[at:]
    monitor = Monitor()
    with System(kafka.bootstrap, tmp_path, RULES, partitions=PARTITIONS) as system:
        system.start("a", NYXTER_MONITOR=monitor.address)
        system.send([event for event in events if not are_purchases(event)])
        system.send(before)
        system.settle()
        reached = [position_of(system, PURCHASES, number) for number in range(PARTITIONS)]
        if not runs:
            assert system.stop("a") == 0
        make_anew(system, PURCHASES)
        system.send(after)
        if not runs:
            system.start("a", NYXTER_MONITOR=monitor.address)
        for number in range(PARTITIONS):
            assert (end_of(system, PURCHASES, number) > reached[number]) is longer
            words = (f"{PURCHASES}, partition {number}: the topic was deleted and made anew",)
            assert_stands(system, "a", monitor, number, Reason.TOPIC_RECREATED, *words)
            assert position_of(system, PURCHASES, number) == reached[number]
        for number in range(PARTITIONS):
            status, told = skip(system, PURCHASES, number, "--yes")
            assert status == 0, told
            assert "begins the one that is there now at offset 0" in told
        wait_until(monitor.is_ready, "the worker goes on by itself")
        system.settle()
        assert same_profiles(system.profiles(), replayed(system, events)) == []
        names = [event["id"] for event in system.events()]
        assert len(set(names)) == len(names)
        stood = [line["partition"] for line in logged(system, "a") if line["partition"] >= 0]
        assert sorted(stood) == [0, 1]
        with pytest.raises(JournalBroken, match=r"applied offsets 0 to .* of the former one"):
            assert_events_equal_journal(system)
        assert system.stop("a") == 0
        system.start("a", NYXTER_MONITOR=monitor.address)
        wait_until(monitor.is_ready, "the new id is stored with the position")
