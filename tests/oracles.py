"""What must hold of a system whatever happened to it: both oracles, nothing twice, no gap."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from running import System, same_profiles

from streams import topics
from streams.journal_replay import check_joined


def assert_nothing_lost_nothing_twice(
    system: System, as_of: date, expected: Mapping[str, Any] | None = None
) -> None:
    """Scores equal the replay of the inputs, outputs the journal's; no id twice; ranges join.

    The system must be settled (`System.settle`). `expected` are the profiles, where not all of the
    inputs count.
    """
    entries, _ = system.journal()
    for partition, listed in entries.items():
        check_joined(partition, listed)
    ids = Counter(event["id"] for event in system.events())
    assert [name for name, count in ids.items() if count > 1] == []
    profiles = system.replayed(as_of) if expected is None else expected
    assert same_profiles(system.profiles(), profiles) == []
    assert_equals_journal(system)


def assert_equals_journal(system: System) -> None:
    """Everything live published is what the journal's replay gives, in each customer's order."""
    replayed = system.journal_replayed()
    for topic in (topics.SEGMENT_EVENTS, topics.PROFILES, topics.DEAD_LETTERS):
        live = [(m.partition(), m.key(), m.value()) for m in system.read(topic)]
        assert Counter(live) == Counter(replayed[topic]), topic
        assert _by_customer(live) == _by_customer(replayed[topic]), topic


def _by_customer(
    written: list[tuple[int, bytes | None, bytes | None]],
) -> dict[tuple[int, bytes | None], list[bytes | None]]:
    told: dict[tuple[int, bytes | None], list[bytes | None]] = {}
    for partition, key, value in written:
        told.setdefault((partition, key), []).append(value)
    return told
