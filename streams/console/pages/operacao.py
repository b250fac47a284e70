"""Operação: what is wrong and what to do, partitions with their lag, refused messages."""

import time
from collections.abc import Iterator, Mapping
from typing import Final

from nicegui import ui

from nyxter_online.refusals import Kind
from streams import topics
from streams.cli.dead_letters.letter import State
from streams.console.alarms import alarms, listed
from streams.console.desk import Desk
from streams.console.downloads import download_buttons
from streams.console.examination import MOST_LETTERS, Examination, Examined
from streams.console.frame import card, frame, kept_fresh
from streams.console.markup import Markup, coded, joined, tag
from streams.console.pulse import Reading
from streams.console.sections import PATIENCE_S, scrolled
from streams.console.words import Words
from streams.console.words import operations as texts
from streams.place import Place
from streams.tabular import Column, Table
from streams.telling.formats import NOTHING

_STATES: Final = {
    State.OPEN: texts.OPEN,
    State.RETRIED: texts.RETRIED,
    State.FAILED_AGAIN: texts.FAILED_AGAIN,
}

Lags = tuple[int, int | None, int | None, int | None]
"""A partition, and how far behind are the workers, the cache with profiles and with changes."""


def add(desk: Desk) -> None:
    """Register the page."""
    examination = Examination(desk.settings)

    @ui.page("/operacao", response_timeout=PATIENCE_S)
    async def page() -> None:
        with frame(desk, "operacao") as words:
            ui.timer(1.0, examination.look)
            await kept_fresh(words, lambda: _state(words, desk, examination.last))
            with card(words(texts.ALARMS)):
                await kept_fresh(words, lambda: _alarms(words, desk, examination.last))
            with ui.element("div").classes("grid"):
                with card(words(texts.PARTITIONS), "span-6"):
                    await _partitions(words, desk, examination)
                with card(words(texts.DEAD_LETTERS), "span-6"):
                    await _letters(words, examination)


async def _state(words: Words, desk: Desk, examined: Examined | None) -> Markup:
    reading = await desk.pulse.reading()
    meta, seen = reading.meta, desk.board.seen_at
    snapshot = desk.board.snapshot
    age = None if seen is None else words.ago(max(0.0, time.time() - seen / 1000))
    members = None if examined is None else examined.members
    facts = (
        (texts.SNAPSHOT, NOTHING if snapshot is None else words.count(snapshot.number),
         age and words(texts.PUBLISHED, age)),
        (texts.DAY, words.day(meta.get("day")), None),
        (texts.MEMBERS, NOTHING if members is None else words.count(members), None),
        (texts.BEHIND, words.count(reading.lag), words(texts.RECORDS)),
    )  # fmt: skip
    stats = (
        tag("div", tag("dt", words(name)), tag("dd", value, " ", note and tag("small", note)),
            class_="stat")
        for name, value, note in facts
    )  # fmt: skip
    rules = tag("p", f"{words(texts.RULES)}: ", tag("code", meta.get("rules", NOTHING)),
                class_="muted small")  # fmt: skip
    return joined(tag("dl", *stats, class_="stats"), rules)


async def _alarms(words: Words, desk: Desk, examined: Examined | None) -> Markup:
    found = alarms(words, desk, await desk.pulse.reading(), examined)
    return joined(listed(words, found), tag("p", coded(words(texts.GUIDE)), class_="muted small"))


async def _partitions(words: Words, desk: Desk, examination: Examination) -> None:
    def rows(reading: Reading) -> list[Lags]:
        return list(_lags(desk.settings.partitions, reading, examination.last))

    async def show() -> Markup:
        return _lag_table(words, rows(await desk.pulse.reading()))

    async def table() -> Table:
        await examination.look()
        names = ("partition", "workers_behind", "cache_behind_profiles", "cache_behind_changes")
        heads = (texts.PARTITION, texts.WORKERS_BEHIND, texts.CACHE_PROFILES, texts.CACHE_EVENTS)
        columns = [Column(n, words(t), "integer") for n, t in zip(names, heads, strict=True)]
        return Table(words(texts.PARTITIONS), columns, rows(await desk.pulse.reading()))

    with scrolled(words(texts.PARTITIONS)):
        await kept_fresh(words, show)
    download_buttons(table, words(texts.PARTITIONS))


def _lags(partitions: int, reading: Reading, examined: Examined | None) -> Iterator[Lags]:
    workers: Mapping[int, int] = (examined.lags if examined is not None else None) or {}
    for number in range(partitions):
        cache = (
            reading.meta.get(f"lag:{Place(topic, number).name}")
            for topic in (topics.PROFILES, topics.SEGMENT_EVENTS)
        )
        profiles, events = (None if lag is None else int(lag) for lag in cache)
        yield number, workers.get(number), profiles, events


def _lag_table(words: Words, rows: list[Lags]) -> Markup:
    heads = (texts.PARTITION, texts.WORKERS_BEHIND, texts.CACHE_PROFILES, texts.CACHE_EVENTS)
    sums = [sum(filter(None, column)) for column in list(zip(*rows, strict=True))[1:]]
    body = (
        tag("tr", tag("th", number, scope="row"), *(_cell(words, lag) for lag in lags))
        for number, *lags in rows
    )
    total = tag("tr", tag("th", words(texts.TOTAL), scope="row"), *(_cell(words, n) for n in sums))
    return tag(
        "table",
        tag("caption", words(texts.PARTITIONS), class_="seen-not"),
        tag("thead", tag("tr", *(_head(words(h), first=h is heads[0]) for h in heads))),
        tag("tbody", *body, total),
        class_="data",
    )


def _head(name: str, *, first: bool) -> Markup:
    return tag("th", name, scope="col", class_=None if first else "num")


def _cell(words: Words, figure: int | None) -> Markup:
    return tag("td", NOTHING if figure is None else words.count(figure), class_="num")


async def _letters(words: Words, examination: Examination) -> None:
    async def show() -> Markup:
        return _letter_table(words, examination.last)

    async def table() -> Table:
        letters = (await examination.look()).letters or {}
        states = [
            Column(state.replace(" ", "_"), words(_STATES[state]), "integer") for state in State
        ]
        columns = [Column("kind", words(texts.REASON)), *states]
        return Table(words(texts.DEAD_LETTERS), columns, _by_kind(letters))

    with scrolled(words(texts.DEAD_LETTERS)):
        await kept_fresh(words, show)
    download_buttons(table, words(texts.DEAD_LETTERS))


def _by_kind(letters: Mapping[tuple[Kind, State], int]) -> list[tuple[str | int, ...]]:
    figures = {kind: [letters.get((kind, state), 0) for state in State] for kind in Kind}
    return [(str(kind), *of_kind) for kind, of_kind in figures.items() if any(of_kind)]


def _letter_table(words: Words, examined: Examined | None) -> Markup:
    if examined is None:
        return tag("p", words(texts.ASKING), class_="muted")
    if examined.letters is None:
        many = examined.all_letters
        too_many = many is not None and many > MOST_LETTERS
        told = words(texts.TOO_MANY, words.count(many or 0)) if too_many else words(texts.NOT_ASKED)
        return tag("p", coded(told), class_="muted")
    rows = _by_kind(examined.letters)
    if not rows:
        return tag("p", words(texts.NO_LETTERS), class_="muted")
    heads = (texts.REASON, *_STATES.values())
    body = (
        tag("tr", tag("th", kind, scope="row"), *(_cell(words, int(n)) for n in figures))
        for kind, *figures in rows
    )
    return tag(
        "table",
        tag("caption", words(texts.DEAD_LETTERS), class_="seen-not"),
        tag("thead", tag("tr", *(_head(words(h), first=h is texts.REASON) for h in heads))),
        tag("tbody", *body),
        class_="data",
    )
