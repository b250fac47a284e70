"""Profiles beside what a plain replay of the input topics gives."""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from confluent_kafka import Message as KafkaMessage

from nyxter_online.intake import Message
from nyxter_online.replay import Replay
from schemas.envelope import Headers, dumps, loads
from schemas.rules import Rules
from streams import topics
from streams.place import Place
from streams.reader import records
from streams.reconcile.findings import Findings
from streams.topics import PROFILES

Profile = Mapping[str, Any]
Profiles = Mapping[str, Profile]
IsSkipped = Callable[[str, int, int], bool]

NOT_IN_REPLAY: Final = "not in replay"
NOT_THERE: Final = "only in replay"
_OF_HISTORY: Final = {"snapshot", "consumption", "journey"}


def differing(live: Profiles, expected: Profiles) -> dict[str, list[str]]:
    """Return what differs by customer; the number of the snapshot may, and what the mixture says.

    Its epochs depend on when they came about: the journal's replay tells them, not the events'.

    >>> differing({"A": {"V": 1, "snapshot": 9}, "B": {}}, {"A": {"V": 2, "snapshot": 1}, "C": {}})
    {'A': ['V'], 'B': ['not in replay'], 'C': ['only in replay']}
    """
    found: dict[str, list[str]] = {}
    for name in sorted(live.keys() | expected.keys()):
        if name not in expected:
            found[name] = [NOT_IN_REPLAY]
        elif name not in live:
            found[name] = [NOT_THERE]
        elif fields := differing_fields(live[name], expected[name]):
            found[name] = fields
    return found


def differing_fields(live: Profile, expected: Profile) -> list[str]:
    """Return the names of fields that differ, but for those that depend on history."""
    names = sorted((live.keys() | expected.keys()) - _OF_HISTORY)
    missing = object()
    return [name for name in names if live.get(name, missing) != expected.get(name, missing)]


class _Read:
    """A message of a topic as the intake takes it."""

    __slots__ = ("headers", "key", "offset", "timestamp", "topic", "value")

    def __init__(self, message: KafkaMessage) -> None:
        self.topic: str = message.topic()
        self.offset: int = message.offset()
        self.timestamp: int = message.timestamp()[1]
        self.key: bytes | None = message.key()
        self.value: bytes | None = message.value()
        self.headers: Headers | None = message.headers()


def replayed(
    client: Mapping[str, Any],
    partitions: int,
    rules: Rules,
    day: date,
    is_skipped: IsSkipped = lambda *_: False,
) -> Iterator[Sequence[Profile]]:
    """Yield what a plain replay of all input gives, thousands of profiles at a time.

    Memory holds every customer's registers. Messages of which `is_skipped` says so (by topic,
    partition and offset) are left out. Raises as `records` does.
    """
    places = {Place(topic, number): 0 for topic in topics.INPUTS for number in range(partitions)}
    replay = Replay(rules, day)
    gc.disable()  # registers hold no cycles, and looking for some would take most of the time
    try:
        for piece in records(client, places):
            messages: list[Message] = [
                _Read(message)
                for message in piece
                if not is_skipped(message.topic(), message.partition(), message.offset())
            ]
            replay.take(messages)
        for profiles, _ in replay.score():
            yield [loads(dumps(profile)) for profile in profiles]
    finally:
        gc.enable()


def latest(client: Mapping[str, Any], partitions: int) -> dict[str, bytes]:
    """Return the latest profile of every customer who has one, as published."""
    found: dict[str, bytes] = {}
    for piece in records(client, {Place(PROFILES, n): 0 for n in range(partitions)}):
        for message in piece:
            name, value = message.key().decode(), message.value()
            if value is None:
                found.pop(name, None)
            else:
                found[name] = value
    return found


def compare_profiles(
    client: Mapping[str, Any],
    partitions: int,
    rules: Rules,
    day: date,
    findings: Findings,
    is_skipped: IsSkipped = lambda *_: False,
) -> None:
    """Compare the profiles topic with a plain replay; everything must have settled."""
    live = latest(client, partitions)
    for profiles in replayed(client, partitions, rules, day, is_skipped):
        for expected in profiles:
            findings.compared += 1
            name = expected["customer_id"]
            if (value := live.pop(name, None)) is None:
                findings.add("replay knows a customer whom the profiles topic does not", name)
                continue
            for field in differing_fields(_read(value), expected):
                findings.add("profile is not replay's", name, field)
    for name in live:
        findings.compared += 1
        findings.add("the profiles topic knows a customer whom replay does not", name)


def _read(value: bytes) -> Profile:
    """Return a profile; what is none has no field right."""
    try:
        profile: Any = loads(value)
    except ValueError:
        return {}
    return profile if isinstance(profile, dict) else {}
