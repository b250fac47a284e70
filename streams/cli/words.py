"""Times as Brazilians write them, and texts of others made harmless for a terminal."""

import re
from typing import Any, Final

from streams.telling.formats import NOTHING, Formats

__all__ = ["NOTHING"]

_PORTUGUESE: Final = Formats("pt")

# Control characters, ends of lines and changes of direction: a terminal would obey them.
_OBEYED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    r"""Return a text as one line that no terminal takes for a command.

    >>> printable("Ação\x1b[2J\n🙂")
    'Ação\\x1b[2J\\n🙂'
    """
    return _OBEYED.sub(lambda found: repr(found[0])[1:-1], text)


def harmless(value: Any) -> Any:
    r"""Return JSON values with all texts printable, names of fields as they are.

    >>> harmless({"event": {"id": "a\x07"}, "group": ["b\n"], "V": 1.5})
    {'event': {'id': 'a\\x07'}, 'group': ['b\\n'], 'V': 1.5}
    """
    if isinstance(value, dict):
        return {name: harmless(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [harmless(inner) for inner in value]
    return printable(value) if isinstance(value, str) else value


clock = _PORTUGUESE.clock
stamp = _PORTUGUESE.stamp
