"""HTML from values: what is put in is escaped, so nothing of a customer is taken for markup."""

from typing import Any

from markupsafe import Markup, escape

__all__ = ["Markup", "coded", "escape", "joined", "tag"]

_VOID = frozenset({"br", "hr", "img", "input", "col"})


def tag(name: str, /, *children: Any, **attributes: Any) -> Markup:
    """Return an element.

    Children that are not Markup are escaped, and None is left out. An attribute that is None or
    False is left out, one that is True has no value; underscores stand for hyphens, but one at the
    end, as in ``class_``, for nothing.

    >>> tag("p", "a < b", tag("br"), class_="note", hidden=False, aria_label='"')
    Markup('<p class="note" aria-label="&#34;">a &lt; b<br></p>')
    """
    told = Markup().join(
        Markup(" {}").format(_name(key))
        if value is True
        else Markup(' {}="{}"').format(_name(key), value)
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    opened = Markup("<{}{}>").format(name, told)
    if name in _VOID:
        return opened
    return opened + joined(*children) + Markup("</{}>").format(name)


def coded(text: str) -> Markup:
    """Return a text in which what stands between backticks is code.

    >>> coded("run `nyxter doctor` <now>")
    Markup('run <code>nyxter doctor</code> &lt;now&gt;')
    """
    parts = text.split("`")
    return joined(*(tag("code", part) if at % 2 else part for at, part in enumerate(parts)))


def joined(*children: Any) -> Markup:
    """Return children one after the other, escaped where they are no Markup, None left out."""
    return Markup().join(child for child in children if child is not None)


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
