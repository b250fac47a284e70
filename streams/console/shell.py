"""What surrounds a page, as HTML: the skip link, the side with its pages, theme and language.

It is part of the document itself, so it is there before any script has run.
"""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final, NamedTuple
from urllib.parse import urlencode

from streams.console.markup import Markup, joined, tag
from streams.console.words import Words
from streams.console.words import frame as texts
from streams.telling.language import LANGUAGES, Both

_LOOK = files("streams.console") / "look"


class Page(NamedTuple):
    """A page of the side: where it is, what it is called, the strokes of its icon (24 × 24)."""

    path: str
    title: Both
    icon: str


PAGES: Final = {
    "visao-geral": Page("/", texts.OVERVIEW, "M4 20V10M10 20V4M16 20v-7M21 20H3"),
    "cliente": Page(
        "/cliente", texts.CUSTOMER, "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 21c1-4 4-6 8-6s7 2 8 6"
    ),
    "jornada": Page(
        "/jornada",
        texts.JOURNEY,
        "M5 21a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7 19h8a3.5 3.5 0 0 0 0-7H9a3.5 3.5 0 0 1 0-7h10",
    ),
    "rfm": Page("/rfm", texts.RFM, "M4 4h7v7H4ZM13 4h7v7h-7ZM4 13h7v7H4ZM13 13h7v7h-7Z"),
    "perfis": Page(
        "/perfis",
        texts.PROFILES,
        "M8 13a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM16 21a5 5 0 1 0 0-10 5 5 0 0 0 0 10Z",
    ),
    "regras": Page("/regras", texts.RULES, "M6 3h9l4 4v14H6ZM9 11h7M9 15h7M9 7h3"),
    "operacao": Page("/operacao", texts.OPERATIONS, "M3 12h4l3-8 4 16 3-8h4"),
}
"""The pages by their names, in the order of the side."""


def head() -> str:
    """Return style and script, to stand in the head of every page."""
    style, script = ((_LOOK / name).read_text("utf-8") for name in ("console.css", "console.js"))
    return f"<style>{style}</style><script>{script}</script>"


def shell(words: Words, current: str, target: str, address: str) -> Markup:
    """Return the side of a page.

    Parameters
    ----------
    words
        The reader's language.
    current
        Name of the page in `PAGES`.
    target
        The id of the content.
    address
        Path of this view, for the other language.

    """
    return joined(
        tag("a", words(texts.SKIP), href=f"#{target}", class_="skip"),
        tag(
            "header",
            brand(),
            tag(
                "button",
                _icon("M4 7h16M4 12h16M4 17h16"),
                words(texts.MENU),
                type="button",
                class_="menu",
                aria_expanded="false",
                aria_controls="pages",
            ),
            tag(
                "nav", tag("ul", *_pages(words, current)), aria_label=words(texts.PAGES), id="pages"
            ),
            tag("div", _themes(words), _languages(words, address), class_="choices"),
            class_="side",
        ),
    )


def brand() -> Markup:
    """Return the name with its sign."""
    rings = tag(
        "svg",
        Markup(
            '<circle cx="10" cy="16" r="8" fill="var(--azul)" opacity=".85"/>'
            '<circle cx="18" cy="10" r="7" fill="var(--verde)" opacity=".8"/>'
            '<circle cx="20" cy="20" r="6" fill="var(--vermelho)" opacity=".8"/>'
        ),
        viewBox="0 0 28 28",
        aria_hidden="true",
    )
    return tag("a", rings, tag("span", "Nyxter", tag("small", "Online")), href="/", class_="brand")


def _pages(words: Words, current: str) -> Iterator[Markup]:
    for name, page in PAGES.items():
        here = "page" if name == current else None
        link = tag("a", _icon(page.icon), words(page.title), href=page.path, aria_current=here)
        yield tag("li", link)


def _icon(strokes: str) -> Markup:
    return tag("svg", tag("path", d=strokes), viewBox="0 0 24 24", aria_hidden="true")


def _themes(words: Words) -> Markup:
    buttons = (
        tag("button", words(text), type="button", data_theme_choice=name, aria_pressed="false")
        for name, text in texts.THEMES.items()
    )
    return _choice(words(texts.THEME), *buttons)


def _languages(words: Words, address: str) -> Markup:
    names = {"pt": "Português", "en": "English"}
    links = (
        tag(
            "a",
            names[language],
            href=f"{address}?{urlencode({'lang': language})}",
            lang=language,
            aria_current="true" if language == words.language else None,
        )
        for language in LANGUAGES
    )
    return _choice(words(texts.LANGUAGE), *links)


def _choice(name: str, *choices: Markup) -> Markup:
    group = tag("div", *choices, class_="segmented", role="group", aria_label=name)
    return tag("div", tag("span", name), group)
