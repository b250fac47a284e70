"""How old what a page shows is: cards, snapshot, day, lag, the newest change."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final, Literal

from streams.console.live import Live
from streams.console.markup import Markup, tag
from streams.console.pulse import Reading
from streams.console.words import Words
from streams.console.words import frame as texts

Health = Literal["", "late", "bad"]

LATE_S: Final = 15.0
"""The cache writes what it is at every second or so: after this it is late, then it is bad."""
BAD_S: Final = 60.0
MUCH: Final = 1_000
"""Records behind that are worth a look."""


def freshness(words: Words, reading: Reading, live: Live) -> Markup:
    """Return the line of a page that tells how fresh it is."""
    facts = [
        tag("li", text, class_=health or None) for text, health in _facts(words, reading, live)
    ]
    return tag("ul", *facts, class_="fresh", aria_label=words(texts.FRESHNESS))


def health_of(age_s: float | None) -> Health:
    """Return how an age of the cache's last word is to be taken.

    >>> health_of(3), health_of(20), health_of(None)
    ('', 'late', 'bad')
    """
    if age_s is None or age_s > BAD_S:
        return "bad"
    return "late" if age_s > LATE_S else ""


def _facts(words: Words, reading: Reading, live: Live) -> Iterator[tuple[str, Health]]:
    meta, age = reading.meta, reading.age_s
    since = words(texts.NEVER) if age is None else words.ago(age)
    yield words(texts.CARDS, since), "bad" if reading.is_away else health_of(age)
    if "snapshot" in meta:
        yield words(texts.SNAPSHOT, words.count(int(meta["snapshot"]))), ""
        yield words(texts.DAY, words.day(meta.get("day"))), ""
    else:
        yield words(texts.NO_SNAPSHOT), "late"
    if reading.lag:
        late: Health = "late" if reading.lag > MUCH else ""
        yield words(texts.LAG, words.count(reading.lag)), late
    else:
        yield words(texts.NO_LAG), ""
    yield from _newest(words, live)


def _newest(words: Words, live: Live) -> Iterator[tuple[str, Health]]:
    if not live.is_up:
        yield words(texts.NO_EVENTS), "bad"
        return
    for told in live.newest(1):
        then = datetime.fromisoformat(told.event["time"])
        yield words(texts.NEWEST, words.ago(max(0.0, time.time() - then.timestamp()))), ""
