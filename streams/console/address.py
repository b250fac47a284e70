"""Where a view is: what is chosen stands in the query, so that its address can be shared."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from streams.console.markup import Markup, tag


def address(path: str, chosen: Mapping[str, Any], anchor: str = "", **changed: Any) -> str:
    """Return the address of a view, with some choices changed; None and "" are left out.

    >>> address("/rfm", {"grupo": "A & B", "celula": "413"}, "notas", celula=None)
    '/rfm?grupo=A+%26+B#notas'
    """
    query = {
        name: value for name, value in {**chosen, **changed}.items() if value not in (None, "")
    }
    asked = f"?{urlencode(query)}" if query else ""
    return f"{path}{asked}{anchor and '#'}{anchor}"


def one_of(choices: Iterable[str], asked: str | None) -> str:
    """Return what is asked for where it is a choice, else the first.

    >>> one_of(("7", "30"), "30"), one_of(("7", "30"), "x")
    ('30', '7')
    """
    known = tuple(choices)
    return asked if asked is not None and asked in known else known[0]


def links(name: str, choices: Mapping[str, str], current: str, to: Mapping[str, str]) -> Markup:
    """Return choices as links, side by side.

    Parameters
    ----------
    name
        What is chosen.
    choices
        By key, what each is called.
    current
        The key of the one that is shown.
    to
        By key, its address.

    """
    made = (
        tag("a", text, href=to[key], aria_current="true" if key == current else None)
        for key, text in choices.items()
    )
    group = tag("span", *made, class_="segmented", role="group", aria_label=name)
    return tag("span", tag("span", name, class_="muted small"), group, class_="choice")
