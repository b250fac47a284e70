"""Which encoding a file's bytes are text in."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_CHUNK: Final = 1 << 20
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT: Final = 4096
_CP1252_ONLY: Final = bytes(range(0x80, 0xA0))
_NOT_CP1252: Final = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))


def encoding_of(path: Path) -> str:
    """Return the encoding of a file: by its mark, its zeros, or by what its bytes can be.

    UTF-8 with a few broken characters is UTF-8. Among the encodings of one byte a character,
    Windows-1252 is told from Latin-1 by the characters that only it has. Raises ``OSError``.
    """
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    return _without_bom(start) or _by_bytes(path)


def _without_bom(start: bytes) -> str | None:
    """Return which UTF-16 it is, where every other byte is zero."""
    even, odd = start[::2].count(0), start[1::2].count(0)
    most = len(start) // 4
    if odd > most and even <= odd // 4:
        return "utf-16-le"
    return "utf-16-be" if even > most and odd <= even // 4 else None


def _by_bytes(path: Path) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    good = bad = 0
    seen: set[int] = set()
    for chunk in _chunks(path):
        text = decoder.decode(chunk)
        if text.isascii():
            continue
        others = len(text) - len(text.encode("ascii", "ignore"))
        wrong = len(text) - len(text.encode("utf-8", "ignore").decode())
        good, bad = good + others - wrong, bad + wrong
        seen.update(chunk)
    if good >= bad:
        return "utf-8"
    is_windows = seen.intersection(_CP1252_ONLY) and not seen.intersection(_NOT_CP1252)
    return "cp1252" if is_windows else "latin-1"


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
