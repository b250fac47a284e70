"""JSON and TOML text of what is drawn, every decimal digit kept."""

import json
from datetime import date
from decimal import Decimal
from typing import Any


def as_json(value: Any) -> str:
    """JSON text of an event, its decimals written out to the last digit."""
    if isinstance(value, dict):
        members = (f"{json.dumps(name)}: {as_json(inner)}" for name, inner in value.items())
        return "{" + ", ".join(members) + "}"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def as_toml(rules: dict[str, Any]) -> str:
    """TOML text of a rules file given as a dict."""
    lines: list[str] = []
    for section, content in rules.items():
        tables = content if isinstance(content, list) else [content]
        for table in tables:
            lines.append(f"[[{section}]]" if isinstance(content, list) else f"[{section}]")
            lines += [f"{json.dumps(name)} = {_inline(value)}" for name, value in table.items()]
    return "\n".join(lines) + "\n"


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        members = (f"{json.dumps(name)} = {_inline(inner)}" for name, inner in value.items())
        return "{ " + ", ".join(members) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_inline(inner) for inner in value) + "]"
    if isinstance(value, date):
        return value.isoformat()
    return as_json(value)
