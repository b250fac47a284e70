"""What must hold of a system whatever happened to it: both oracles, nothing twice, no gap."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from running import System, same_profiles

from streams import topics
from streams.journal_replay import check_joined

_Written = tuple[int, bytes | None, bytes | None]  # partition, key, value


def assert_nothing_lost_nothing_twice(
    system: System,
    as_of: date,
    expected: Mapping[str, Any] | None = None,
    *,
    compacted: bool = False,
) -> None:
    """Scores equal the replay of the inputs, outputs the journal's; no id twice; ranges join.

    The system must be settled (`System.settle`). `expected` are the profiles, where not all of the
    inputs count. Where profiles were compacted meanwhile, only the last of each customer must be
    there.
    """
    entries, _ = system.journal()
    for partition, listed in entries.items():
        check_joined(partition, listed)
    ids = Counter(event["id"] for event in system.events())
    assert [name for name, count in ids.items() if count > 1] == []
    profiles = system.replayed(as_of) if expected is None else expected
    assert same_profiles(system.profiles(), profiles) == []
    assert_equals_journal(system, compacted=compacted)


def assert_equals_journal(system: System, *, compacted: bool = False) -> None:
    """Everything live published is what the journal's replay gives, in each customer's order."""
    replayed = system.journal_replayed()
    for topic in (topics.SEGMENT_EVENTS, topics.PROFILES, topics.DEAD_LETTERS):
        live = [(m.partition(), m.key(), m.value()) for m in system.read(topic)]
        if compacted and topic == topics.PROFILES:
            assert_is_compacted(live, replayed[topic])
            continue
        assert Counter(live) == Counter(replayed[topic]), topic
        assert _by_customer(live) == _by_customer(replayed[topic]), topic


def assert_is_compacted(live: list[_Written], whole: list[_Written]) -> None:
    """What is left was written, in that order, and the last of each key is there."""
    left, written = _by_customer(live), _by_customer(whole)
    for place, values in left.items():
        following = iter(written[place])
        assert all(value in following for value in values), place
    for place, values in written.items():
        assert left.get(place, [None])[-1] == values[-1], place


def _by_customer(written: list[_Written]) -> dict[tuple[int, bytes | None], list[bytes | None]]:
    told: dict[tuple[int, bytes | None], list[bytes | None]] = {}
    for partition, key, value in written:
        told.setdefault((partition, key), []).append(value)
    return told
