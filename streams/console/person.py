"""What a customer's page tells beside the scores: segments, profile, journey, where it is from."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from schemas.outputs import UNASSIGNED
from streams.console.gauges import group_name
from streams.console.markup import Markup, joined, tag
from streams.console.words import Words
from streams.console.words import customer as texts
from streams.console.words.domain import label
from streams.tabular import Column, Table
from streams.telling.formats import NOTHING
from streams.telling.whys import KINDS

Json = dict[str, Any]

_COLUMNS: Final = (
    ("time", texts.WHEN, "instant"),
    ("kind", texts.KIND, "text"),
    ("old", texts.OLD, "text"),
    ("new", texts.NEW, "text"),
    ("told", texts.WHAT, "text"),
    ("why", texts.WHY, "text"),
    ("id", texts.EVENT, "text"),
)


def chips(words: Words, card: Json) -> Markup:
    """Return the names of the segments at the top of the page."""
    profile = card["consumption"]["segment"]
    names = [
        (label(words, "tier", card["tier"]), "accent"),
        (card["rfm"] and card["rfm"]["segment"], ""),
        (None if profile == UNASSIGNED else profile, ""),
        *((label(words, "campaign", name), "") for name in card["campaigns"]),
    ]
    shown = (tag("span", name, class_=f"chip {kind}".strip()) for name, kind in names if name)
    return tag("p", *shown, class_="chips")


def standing(words: Words, card: Json) -> Markup:
    """Return the segments with what places the customer there."""
    campaigns = [label(words, "campaign", name) for name in card["campaigns"]]
    return _pairs(
        (words(texts.TIER), label(words, "tier", card["tier"])),
        (words(texts.CHANNEL), label(words, "channel", card["channel"])),
        (words(texts.CAMPAIGNS), ", ".join(campaigns) or words(texts.NONE)),
        (words(texts.RFM), _marks(words, card["rfm"])),
        (words(texts.GROUP), group_name(words, card["group"])),
        (words(texts.FIRST_SALE), words.day(card["raw"]["first_sale"])),
    )


def _marks(words: Words, rfm: Json | None) -> str:
    if rfm is None:
        return words(texts.NO_SALE)
    return f"{rfm['segment']} (R {rfm['r']} + F {rfm['f']} + V {rfm['v']} = {rfm['total']})"


def profile(words: Words, card: Json) -> Markup:
    """Return how probable which profile is, and what it follows from."""
    return joined(_chances(words, card["consumption"]), _portfolio(words, card))


def _chances(words: Words, consumption: Json) -> Markup:
    first = consumption["probability"]
    if first is None:
        return tag("p", words(texts.NO_PROFILE), class_="muted")
    listed = [(consumption["segment"], first)]
    if second := consumption["runner_up"]:
        listed.append((second["segment"], second["probability"]))
    rest = max(0.0, 1 - sum(chance for _, chance in listed))
    rows = (_chance(words, *one) for one in [*listed, (words(texts.OTHERS), rest)])
    caption = tag("caption", words(texts.PROFILE), class_="seen-not")
    return tag("table", caption, tag("tbody", *rows), class_="data bars")


def _chance(words: Words, name: str, chance: float) -> Markup:
    bar = tag("span", tag("i", style=f"--share:{chance:.4f}"))
    return tag(
        "tr",
        tag("th", name, scope="row"),
        tag("td", bar, class_="bar", aria_hidden="true"),
        tag("td", words.share(chance), class_="num"),
    )


def _portfolio(words: Words, card: Json) -> Markup:
    features, portfolio = card["features"], card["portfolio"]
    told = [] if features is None else list(_features(words, features))
    return _pairs(
        *told,
        (words(texts.ACTIVE), words.count(portfolio["active_contracts"])),
        (words(texts.HIRED), words.count(portfolio["hired_last_12_months"])),
        (words(texts.HOSTING), ", ".join(portfolio["hosting"]) or NOTHING),
        (words(texts.CATEGORIES), ", ".join(portfolio["product_categories"]) or NOTHING),
    )


def _features(words: Words, features: Json) -> Iterator[tuple[str, str]]:
    band = features["revenue_band"]
    yield words(texts.CONTRACTS), words.count(features["contracts"])
    yield words(texts.BRANDS), words.count(features["brands"])
    yield words(texts.TENURE), words.count(features["tenure_months"])
    yield words(texts.BAND), words(texts.UNKNOWN_BAND) if band is None else str(band)


def journey(words: Words, place: Json) -> Markup:
    """Return phase, stages and suggested actions."""
    if place["phase"] is None:
        return tag("p", words(texts.NO_PLACE), class_="muted")
    stages = (tag("span", stage, class_="chip") for stage in place["stages"])
    actions = (tag("li", action) for action in place["actions"])
    return joined(
        tag("p", place["phase"], class_="phase"),
        tag("div", tag("h3", words(texts.STAGES)), tag("p", *stages, class_="chips")),
        tag("div", tag("h3", words(texts.ACTIONS)), tag("ul", *actions, class_="actions")),
    )


def source(words: Words, card: Json) -> Markup:
    """Return what the card was computed from, and when."""
    told = words(
        texts.SOURCE,
        words.moment(card["updated_at"]),
        words.day(card["day"]),
        words.count(card["snapshot"]),
        card["rules"],
    )
    return tag("p", told, class_="muted small")


def history_table(words: Words, customer_id: str, history: Iterable[Json]) -> Table:
    """Return all changes and triggers kept of a customer, newest first, as a file has them."""
    columns = [Column(name, words(title), kind) for name, title, kind in _COLUMNS]  # type: ignore[arg-type]
    rows = (
        (
            datetime.fromisoformat(it["time"]),
            words(KINDS[it["kind"]]),
            it.get("old"),
            it.get("new"),
            words.whys.told(it),
            words.whys.reason(it["why"]),
            it["id"],
        )
        for it in history
    )
    return Table(customer_id, columns, rows)


def _pairs(*told: tuple[str, str]) -> Markup:
    rows = (tag("div", tag("dt", name), tag("dd", value)) for name, value in told)
    return tag("dl", *rows, class_="pairs")
