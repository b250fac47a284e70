"""A look at a system laid out: a page for a terminal, a line for a log."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.text import Text

from streams.cli.live.transitions import FIRED, HELD
from streams.cli.live.view import SORTS, fitting, happened, numbers
from streams.cli.top.look import Look, Stream
from streams.cli.words import NOTHING

_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600
_AWAY: Final = "bold red"
_ROWS: Final = 20  # transitions of a page without a screen


def page(look: Look, console: Console, title: str, rows: int | None = None) -> RenderableType:
    """Return a look as wide as the console; of so many rows, or as many as it takes."""
    parts: list[RenderableType] = [numbers(title, _figures(look), console.width)]
    parts += [
        Text(f"{side}: {problem}", _AWAY)
        for side, problem in (("broker", look.broker_problem), ("Redis", look.redis_problem))
        if problem
    ]
    if (stream := look.stream) is None:
        return Group(*parts)
    parts += [_lags(stream), happened(stream.minute), *_letter(stream), Text()]
    if not stream.newest:
        return Group(*parts, Text("no transitions yet", "dim"))
    return Group(*parts, fitting(console, parts, stream.newest[:_ROWS], rows or 2 * _ROWS))


def line(look: Look) -> str:
    """Return a look in one line."""
    told = [f"{name} {value}" for name, value in _figures(look).items() if value != NOTHING]
    if look.stream is not None:
        minute = look.stream.minute
        counted = ", ".join(f"{sort} {minute.get(sort, 0):,}" for sort in SORTS[:-2])
        triggers = f"triggers {minute.get(FIRED, 0):,} fired {minute.get(HELD, 0):,} suppressed"
        told.append(f"last minute: {counted}, {triggers}")
    told += [f"broker: {look.broker_problem}"] * bool(look.broker_problem)
    told += [f"Redis: {look.redis_problem}"] * bool(look.redis_problem)
    return " · ".join(told)


def _figures(look: Look) -> Mapping[str, str]:
    stream, copies = look.stream, look.copies
    names = ("in/s", "applied/s", "lag", "snapshot", "its age", "letters/min")
    of_topics = dict.fromkeys(names, NOTHING)
    if stream is not None:
        values = (
            f"{stream.arriving:,.0f}",
            f"{stream.applying:,.0f}",
            f"{sum(stream.lags.values()):,}",
            f"{stream.snapshot:,}",
            _age(stream.snapshot_age_s),
            f"{stream.letters:,}",
        )
        of_topics = dict(zip(names, values, strict=True))
    of_redis = dict.fromkeys(("cards", "cache lag", "cache told"), NOTHING)
    if copies is not None:
        told = (f"{copies.cards:,}", f"{copies.lag:,}", _age(copies.age_s))
        of_redis = dict(zip(of_redis, told, strict=True))
    return {**of_topics, **of_redis}


def _age(seconds: float | None) -> str:
    """Return how long something is ago.

    >>> _age(0.84), _age(119.0), _age(7300.0), _age(None)
    ('0.8 s', '119.0 s', '2 h', '—')
    """
    if seconds is None:
        return NOTHING
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.1f} s"
    if seconds < 2 * _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:.0f} h"


def _lags(stream: Stream) -> Text:
    told = Text("lag by partition: ", "dim")
    for number, lag in sorted(stream.lags.items()):
        told.append(f"{number}: ", "dim").append(f"{lag:,}  ", "bold yellow" if lag else "")
    return told


def _letter(stream: Stream) -> list[Text]:
    if not stream.newest_letter:
        return []
    return [Text(f"newest dead letter: {stream.newest_letter}", "yellow")]
