"""Every event comes one to five times, in any order, some of them from clients that hash
otherwise.
"""

import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from running import System, same_profiles
from storm import RULES, orders, today

from nyxter_online.replay import Replay
from schemas.envelope import dumps, loads

pytestmark = pytest.mark.kafka

MOST = 5


def test_events_again_and_shuffled(
    kafka: KafkaBroker, tmp_path: Path, chance: random.Random, *, whole: bool
) -> None:
    count = 60_000 if whole else 5_000
    events = orders(17, count // 20, count)
    sent = [event for event in events for _ in range(chance.randint(1, MOST))]
    chance.shuffle(sent)
    late = sum(event["time"] < str(today().replace(year=today().year - 2)) for event in sent)
    assert late > len(sent) / 10
    middle = len(sent) * 2 // 3
    with System(kafka.bootstrap, tmp_path, RULES) as system:
        for name in ("a", "b"):
            system.start(name)
        system.send(sent[:middle])
        system.send(sent[middle:], partitioner="consistent_random")
        system.settle()
        assert_nothing_lost_nothing_twice(system, today())
        assert same_profiles(system.profiles(), scored(system, events)) == []


def scored(system: System, events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what each event once, in the order of its time, comes to."""
    replay = Replay(system.rules, today())
    for _ in replay.feed([dumps(event) for event in events]):
        pass
    listed = (loads(dumps(p)) for profiles, _ in replay.score() for p in profiles)
    return {profile["customer_id"]: profile for profile in listed}
