"""What must hold of a system whatever happened to it: both oracles, nothing twice, no gap."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from redis import Redis
from running import System, same_profiles

from streams import topics
from streams.journal_replay import check_joined

_SAO_PAULO = ZoneInfo("America/Sao_Paulo")
_TRIES = 5
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

    def check() -> None:
        entries, _ = system.journal()
        for partition, listed in entries.items():
            check_joined(partition, listed)
        ids = Counter(event["id"] for event in system.events())
        assert [name for name, count in ids.items() if count > 1] == []
        profiles = system.replayed(as_of) if expected is None else expected
        assert same_profiles(system.profiles(), profiles) == []
        _check_journal(system, compacted=compacted)

    _assert_at_rest(system, check)


def assert_events_equal_journal(system: System) -> None:
    """The segment events are those that the journal's replay gives."""

    def check() -> None:
        live = sorted(message.value() or b"" for message in system.read(topics.SEGMENT_EVENTS))
        replayed = system.journal_replayed()[topics.SEGMENT_EVENTS]
        assert live == sorted(value or b"" for _, _, value in replayed)

    _assert_at_rest(system, check)


def _assert_at_rest(system: System, check: Callable[[], None]) -> None:
    """Make a check of a settled system; again should it have moved on meanwhile.

    The mixture learns for a minute after the last event, and labels then follow it.
    """
    for _ in range(_TRIES):
        ends = system.ends_at_rest()
        try:
            return check()
        except AssertionError:
            if system.ends_at_rest() == ends:
                raise
        system.settle()
    raise AssertionError("the system moves on and on")


def _check_journal(system: System, *, compacted: bool = False) -> None:
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


def miscounted(
    redis: Redis, profiles: Iterable[Mapping[str, Any]], events: Iterable[Mapping[str, Any]]
) -> list[str]:
    """What Redis's counts and moves say that a plain count of profiles and events does not."""
    fields = (_name(field) for profile in profiles for field in _counted_as(profile))
    found = _unlike(redis, "nyxter:v1:counts", Counter(fields))
    days: dict[str, Counter[str]] = {}
    for event in events:
        moment = datetime.fromisoformat(event["time"]).astimezone(_SAO_PAULO)
        days.setdefault(moment.date().isoformat(), Counter())[_name(_move_of(event))] += 1
    start = "nyxter:v1:moves:"
    held = {key.decode().removeprefix(start) for key in redis.scan_iter(start + "*")}
    for day in sorted(held | days.keys()):
        found += _unlike(redis, start + day, days.get(day, Counter()))
    return found


def _unlike(redis: Redis, key: str, due: Mapping[str, int]) -> list[str]:
    held = {name.decode(): int(count) for name, count in redis.hgetall(key).items()}
    names = sorted(held.keys() | due.keys())
    return [
        f"{key} {name}: {held.get(name)} for {due.get(name)}"
        for name in names
        if held.get(name) != due.get(name)
    ]


def _name(field: Iterable[str]) -> str:
    return json.dumps(list(field), ensure_ascii=False, separators=(",", ":"))


def _counted_as(profile: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    group, rfm, journey = _name(profile["group"]), profile["rfm"], profile["journey"]
    yield ("base",)
    yield "tier", profile["tier"]
    yield "channel", profile["channel"]
    yield "profile", profile["consumption"]["segment"]
    yield "phase", journey["phase"] or ""
    yield "rfm", rfm["segment"] if rfm else ""
    yield "group", group
    yield from (("campaign", name) for name in profile["campaigns"])
    yield from (("stage", journey["phase"], name) for name in journey["stages"])
    if rfm:
        yield "cell", str(rfm["r"]), str(rfm["f"]), str(rfm["v"])
    bands = profile["bands"] | {"prfv": _colour_of(profile["prfv"])}
    for indicator, colour in bands.items():
        score = profile[indicator] or 0
        yield "colour", indicator, colour or ""
        yield "score", indicator, str(next(n for n in range(21) if score <= 5 * n)), group


def _colour_of(score: float | None) -> str | None:
    if score is None:
        return None
    whole = math.floor(round(score, 2) + 0.5)
    return "azul" if whole <= 33 else "verde" if whole <= 67 else "vermelho"


def _move_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    says = event["data"]
    if event["type"] == "nyxter.journey.triggered.v1":
        return "trigger", says["kind"], says["segment"], says["stage"], says["suppressed"] or ""
    return "change", says["kind"], says["old"] or "", says["new"] or ""
