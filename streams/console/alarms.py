"""What is wrong just now, as the console sees it, and what to do (docs/operations.md)."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from streams.console.desk import Desk
from streams.console.examination import Examined
from streams.console.freshness import BAD_S, MUCH
from streams.console.markup import Markup, coded, tag
from streams.console.pulse import Reading
from streams.console.words import Words, overview
from streams.console.words import operations as texts
from streams.lane.standstills import EVERY, Reason, Standstill

SNAPSHOT_OLD_S: Final = 120.0
FAR_BEHIND: Final = 10_000


class Alarm(NamedTuple):
    """One thing that is wrong, and what to do, in the reader's words."""

    told: str
    do: str


def alarms(
    words: Words, desk: Desk, reading: Reading, examined: Examined | None = None
) -> list[Alarm]:
    """Return what is wrong; `examined` is what the broker says, where it was asked."""
    found = [*_of_redis(words, reading), *_of_events(words, desk), *_of_rules(words, desk, reading)]
    return found if examined is None else [*found, *_of_broker(words, examined)]


def _of_redis(words: Words, reading: Reading) -> Iterator[Alarm]:
    if reading.is_away:
        yield Alarm(words(texts.REDIS_AWAY), words(texts.REDIS_DO))
        return
    for key in reading.foreign:
        yield Alarm(words(texts.FOREIGN_KEY, key), words(texts.FOREIGN_DO))
    for reason, detail, remedy in reading.standstills:
        if reason == Reason.FOREIGN_KEY:
            yield Alarm(words(texts.FOREIGN_KEYS, detail), words(texts.FOREIGN_DO))
        else:
            yield Alarm(words(texts.CACHE_SAYS, detail), remedy)
    age = reading.age_s
    if age is None:
        yield Alarm(words(texts.CACHE_NEVER), words(texts.CACHE_DO))
    elif age > BAD_S:
        written = words.moment(int(reading.meta["updated_at"]))
        yield Alarm(words(texts.CACHE_SILENT, written), words(texts.CACHE_DO))
    if reading.lag > MUCH:
        told = words(texts.CACHE_BEHIND, words.count(reading.lag))
        yield Alarm(told, words(texts.BEHIND_DO))


def _of_events(words: Words, desk: Desk) -> Iterator[Alarm]:
    if not desk.live.is_up:
        yield Alarm(words(texts.KAFKA_AWAY), words(texts.KAFKA_DO))
        return
    seen, newest = desk.board.seen_at, desk.live.newest(1)
    if seen is None or not newest:
        return
    event = datetime.fromisoformat(newest[0].event["time"]).timestamp()
    if event - seen / 1000 > SNAPSHOT_OLD_S:
        age = words.span(time.time() - seen / 1000)
        yield Alarm(words(texts.SNAPSHOT_OLD, age), words(texts.SNAPSHOT_DO))


def _of_rules(words: Words, desk: Desk, reading: Reading) -> Iterator[Alarm]:
    in_force = reading.meta.get("rules")
    if in_force and in_force != desk.rules.version:
        told = words(texts.RULES_DIFFER, desk.rules.version, in_force)
        yield Alarm(told, words(texts.RULES_DO))


def _of_broker(words: Words, examined: Examined) -> Iterator[Alarm]:
    if examined.members == 0:
        yield Alarm(words(texts.NOBODY), words(texts.NOBODY_DO))
    yield from (_of_standstill(words, each) for each in examined.standstills)
    if examined.lags is not None and (behind := sum(examined.lags.values())) > FAR_BEHIND:
        told = words(texts.SEGMENTER_BEHIND, words.count(behind))
        yield Alarm(told, words(texts.SEGMENTER_DO))
    if examined.open_letters:
        told = words(texts.LETTERS, words.count(examined.open_letters))
        yield Alarm(told, words(texts.LETTERS_DO))


def _of_standstill(words: Words, standstill: Standstill) -> Alarm:
    """Return a standstill in the reader's words; what was found is as the log has it."""
    why = words(texts.WHY_IT_STANDS[standstill.reason])
    named = (standstill.partition, why) if standstill.partition != EVERY else (why,)
    told = words(texts.STANDS if standstill.partition != EVERY else texts.ALL_STAND, *named)
    return Alarm(f"{told} ({standstill.detail})", words(texts.STANDS_DO[standstill.reason]))


def listed(words: Words, found: list[Alarm]) -> Markup:
    """Return alarms as a list; where there are none, that there are none."""
    if not found:
        return tag("p", tag("span", words(overview.ALL_WELL), class_="chip verde"))
    return tag("ul", *(_item(words, alarm) for alarm in found), class_="alarms")


def _item(words: Words, alarm: Alarm) -> Markup:
    do = tag("p", coded(words(texts.DO, alarm.do)), class_="muted small")
    return tag("li", tag("strong", alarm.told), do)
