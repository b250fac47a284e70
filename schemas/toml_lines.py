"""The line on which a key of a TOML text stands: what an error message points at."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")

Path = tuple[str | int, ...]


def line_of(text: str, where: Sequence[str | int]) -> int | None:
    r"""Return the line (from 1) of the deepest part of a path that the text names.

    >>> line_of("[tiers.vip]\nP = 80\nQ = 1", ("tiers", "vip", "Q"))
    3
    """
    wanted = tuple(where)
    best: tuple[int, int] | None = None
    for path, line in _places(text):
        depth = len(path)
        if path == wanted[:depth] and (best is None or depth > best[0]):
            best = depth, line
    return best[1] if best else None


def _places(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    arrays: Counter[Path] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = _parts(header[2])
            if header[1] == "[[":
                arrays[table] += 1
                yield table, number
                table = (*table, arrays[table] - 1)
            yield table, number
        elif key := _KEY.match(line):
            path = (*table, *_parts(key[1]))
            yield path, number
            for inner in _KEY.finditer(line, key.end()):
                yield (*path, *_parts(inner[1])), number


def _parts(key: str) -> Path:
    return tuple(next(filter(None, match.groups()), "") for match in _PART.finditer(key))
