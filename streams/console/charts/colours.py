"""Colours of charts, by the names that the page's style gives them for light and dark."""

from collections.abc import Mapping
from typing import Any, Final

INK: Final = "var(--ink)"
MUTED: Final = "var(--ink-2)"
LINE: Final = "var(--line)"
SURFACE: Final = "var(--surface)"
ACCENT: Final = "var(--series)"
SHADES: Final = tuple(f"var(--shade-{number})" for number in range(1, 7))
"""Hues that are told apart, of `look/views.css`."""

FONT: Final = 12

_BY_NAME: Final[Mapping[str, int]] = {
    "Novos Clientes": 0,
    "Clientes em Expansão": 1,
    "Clientes Leais": 2,
    "Clientes Estratégicos": 3,
    "vip": 3,
    "medio": 1,
    "pequeno": 0,
    "Em Atenção": 4,
    "Em Ascensão": 1,
    "Leais": 2,
    "Campeões": 3,
    "fidelizacao": 2,
    "retencao": 3,
    "recuperacao": 1,
    "reativacao": 0,
}
NOBODY: Final = frozenset({"", "unassigned"})


def shade(name: str, place: int) -> str:
    """Return the colour of a segment: always the same; of one that rules named, by its place.

    >>> shade("Clientes Leais", 7), shade("black friday", 7), shade("", 0)
    ('var(--shade-3)', 'var(--shade-2)', 'var(--ink-2)')
    """
    return MUTED if name in NOBODY else SHADES[_BY_NAME.get(name, place % len(SHADES))]


def tooltip(formatter: str | None = None) -> dict[str, Any]:
    """Return a tooltip that draws text, never HTML; `formatter` is JavaScript of ours."""
    base: dict[str, Any] = {
        "renderMode": "richText",
        "confine": True,
        "backgroundColor": SURFACE,
        "borderColor": LINE,
        "textStyle": {"color": INK, "fontSize": FONT},
    }
    return base if formatter is None else base | {":formatter": formatter}


def axis(name: str = "", *, grid: bool) -> dict[str, Any]:
    """Return what an axis looks like; `grid` draws its lines through the chart."""
    return {
        "name": name,
        "nameTextStyle": {"color": MUTED, "fontSize": FONT},
        "axisLabel": {"color": MUTED, "fontSize": FONT, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": LINE}},
        "axisTick": {"lineStyle": {"color": LINE}},
        "splitLine": {"show": grid, "lineStyle": {"color": LINE}},
    }


def in_locale(value: str, locale: str) -> str:
    """Return JavaScript that writes a number as the reader's language does.

    `value` is JavaScript as well, `locale` one of ours ("pt-BR", "en").
    """
    return f"{value}.toLocaleString('{locale}')"
