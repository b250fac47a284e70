"""The scores of a customer as gauges: colour, limits of the tiers, what is behind and ahead."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from schemas.rules import INDICATORS
from streams.console.desk import Desk
from streams.console.markup import Markup, tag
from streams.console.standing import Limit, Missing, limits, missing, nearest, rank
from streams.console.words import Words
from streams.console.words import customer as texts
from streams.console.words.domain import INDICATORS as NAMES
from streams.console.words.domain import label

Card = dict[str, Any]

_AZUL: Final = 33.5  # below it a score, rounded half up, is azul
_VERDE: Final = 67.5
_WHOLE: Final = Decimal(100)


def gauges(words: Words, desk: Desk, card: Card) -> Markup:
    """Return the four scores and their mean."""
    shown = (_gauge(words, desk, card, indicator) for indicator in INDICATORS)
    return tag("div", _mean(words, card), *shown, class_="gauges")


def _gauge(words: Words, desk: Desk, card: Card, indicator: str) -> Markup:
    return _shell(
        words,
        f"{indicator} · {words(NAMES[indicator])}",
        card[indicator],
        limits(indicator, card[indicator], desk.rules),
        tag("p", _fact(words, indicator, card["raw"]), class_="fact"),
        tag("p", _rank(words, desk, card, indicator), class_="muted small"),
        *_ahead(words, desk, card, indicator),
    )


def _mean(words: Words, card: Card) -> Markup:
    note = tag("p", words(texts.MEAN), class_="muted small")
    return _shell(words, words(NAMES["prfv"]), card["prfv"], [], note)


def _shell(
    words: Words, name: str, score: float | None, ticks: list[Limit], *facts: Markup
) -> Markup:
    colour = colour_of(score)
    told = label(words, "colour", colour)
    heading = tag(
        "header",
        tag("h3", name),
        tag("span", told, class_=f"chip {colour}".strip()),
    )
    number = tag("p", words.number(score), class_=f"score {colour}".strip())
    return tag(
        "section", heading, number, _track(words, name, score, told, ticks), *facts, class_="gauge"
    )


def colour_of(score: float | None) -> str:
    """Return the colour of a score: of the score rounded half up to an integer; "" for none.

    >>> [colour_of(score) for score in (33.49, 33.5, 67.5, None)]
    ['azul', 'verde', 'vermelho', '']
    """
    if score is None:
        return ""
    return "azul" if score < _AZUL else "verde" if score < _VERDE else "vermelho"


def _track(words: Words, name: str, score: float | None, told: str, ticks: list[Limit]) -> Markup:
    """Return the gauge itself: three grounds, the score, the limits of the tiers."""
    said = (
        words(texts.NO_SCORE, name)
        if score is None
        else words(texts.GAUGE, name, words.number(score), told.lower())
    )
    hand = None if score is None else tag("i", class_=colour_of(score), style=f"--at:{score}")
    marks = (tag("b", style=f"--at:{limit.score}", title=_named(words, limit)) for limit in ticks)
    grounds = (tag("span", class_=name) for name in ("azul", "verde", "vermelho"))
    return tag("div", *grounds, *marks, hand, class_="track", role="img", aria_label=said)


def _named(words: Words, limit: Limit) -> str:
    return f"{label(words, 'tier', limit.tier)}: {words.whys.short(float(limit.score))}"


def _fact(words: Words, indicator: str, raw: dict[str, Any]) -> str:
    """Return the raw figure behind a score."""
    if indicator == "P":
        points = raw["potential"]
        return (
            words(texts.NO_POTENTIAL)
            if points is None
            else words(texts.POINTS, _plain(words, Decimal(points)))
        )
    if raw["last_sale"] is None:
        return words(texts.NO_SALE)
    if indicator == "R":
        return words(texts.LAST_SALE, words.day(raw["last_sale"]))
    return _frequency(words, raw) if indicator == "F" else _value(words, raw)


def _frequency(words: Words, raw: dict[str, Any]) -> str:
    frequency = words.number(raw["frequency"], 3)
    if raw["orders"] == 1:
        return words(texts.ONE_ORDER, frequency)
    return words(texts.ORDERS, words.count(raw["orders"]), frequency)


def _value(words: Words, raw: dict[str, Any]) -> str:
    return words(texts.VALUE, words.money(raw["value"]))


def _plain(words: Words, points: Decimal) -> str:
    return words.number(points, max(0, -int(points.normalize().as_tuple().exponent)))


def _rank(words: Words, desk: Desk, card: Card, indicator: str) -> str:
    snapshot = desk.board.snapshot
    found = None if snapshot is None else rank(indicator, card, snapshot)
    if found is None:
        return words(texts.NOT_RANKED)
    place, of = words.count(found.place), words.count(found.of)
    if not card["group"]:
        return words(texts.RANK_ALL, place, of)
    return words(texts.RANK, place, of, group_name(words, card["group"]))


def group_name(words: Words, group: list[str]) -> str:
    """Return how a comparison group is called."""
    if not group:
        return words(texts.EVERYONE)
    return " · ".join(value or words(texts.GROUP_EMPTY) for value in group)


def _ahead(words: Words, desk: Desk, card: Card, indicator: str) -> Iterator[Markup]:
    """Yield how far the nearest limit is, and what is missing to it where that can be told."""
    limit = nearest(indicator, card[indicator], desk.rules)
    if limit is None:
        return
    points = words.number(abs(limit.distance))
    text = texts.LACKS if limit.distance < 0 else texts.HAS
    tier = label(words, "tier", limit.tier)
    told = words(text, points, tier, words.whys.short(float(limit.score)))
    snapshot = desk.board.snapshot
    lack = None if snapshot is None else missing(indicator, card, limit, snapshot, desk.rules)
    if lack is not None:
        yield tag("p", _lack(words, lack), class_="lack")
    yield tag("p", told, class_="muted small")


def _lack(words: Words, lack: Missing) -> str:
    """Return what is missing, as one says it; amounts of three digits and more without cents."""
    if lack.money is not None:
        return _capital(words(texts.MONEY, _amount(words, lack.money)))
    if lack.orders is not None:
        one = lack.orders == 1
        return _capital(
            words(texts.MORE_ORDER) if one else words(texts.MORE_ORDERS, words.count(lack.orders))
        )
    if lack.since is not None:
        return _capital(words(texts.SINCE, words.day(lack.since)))
    assert lack.points is not None
    return _capital(words(texts.MORE_POINTS, _plain(words, lack.points)))


def _amount(words: Words, amount: Decimal) -> str:
    if amount < _WHOLE:
        return words.money(amount.quantize(Decimal("0.01")))
    return f"R$ {words.count(int(amount.to_integral_value('ROUND_CEILING')))}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def explained(words: Words) -> Markup:
    """Return what the amounts missing rest on."""
    return tag("p", words(texts.ABOUT), class_="muted small")
