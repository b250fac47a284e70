"""What moves, as lists of what happened, to whom, when and why: live, and of one customer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from streams.console.follower import Told
from streams.console.markup import Markup, tag
from streams.console.words import Words

_SHORT: Final = 48


def customer_path(customer_id: str) -> str:
    """Return where a customer's page is.

    >>> customer_path("A/1 ç")
    '/cliente/A%2F1%20%C3%A7'
    """
    return f"/cliente/{quote(customer_id, safe='')}"


def changes(told: Iterable[Told]) -> list[dict[str, Any]]:
    """Return the events of changes, not those of the triggers they pulled, newest first."""
    events = [it.event for it in told if it.event["data"].get("trigger") is None]
    return sorted(events, key=lambda event: event["time"], reverse=True)


def live_list(words: Words, events: Iterable[Mapping[str, Any]]) -> Markup:
    """Return events of customers (CloudEvents of segment events) as a list."""
    return tag("ul", *(_live(words, event) for event in events), class_="moves")


def timeline(words: Words, history: Sequence[Mapping[str, Any]]) -> Markup:
    """Return a customer's changes and triggers as a list, with day and time."""
    items = (_item(words, it, words.stamp(it["time"]), None) for it in history)
    return tag("ol", *items, class_="moves long")


def _live(words: Words, event: Mapping[str, Any]) -> Markup:
    subject = event["subject"]
    link = tag("a", _shortened(subject), href=customer_path(subject))
    return _item(words, event["data"], words.clock(event["time"]), link, event["time"])


def _item(
    words: Words,
    data: Mapping[str, Any],
    when: str,
    who: Markup | None,
    time: str | None = None,
) -> Markup:
    what = tag("span", who, " · " if who else None, tag("b", words.whys.told(data)), class_="what")
    why = tag("span", words.whys.reason(data["why"]), class_="why")
    moment = tag("time", when, datetime=time or data["time"])
    held = data.get("suppressed") is not None
    return tag("li", moment, what, why, class_="held" if held else None)


def _shortened(name: str) -> str:
    return name if len(name) <= _SHORT else f"{name[:_SHORT]}…"
