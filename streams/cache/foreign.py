"""Keys of ours in Redis that hold what is not ours: found, described, put aside."""

import secrets
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from redis import Redis
from redis.exceptions import NoPermissionError, ResponseError

from streams.cache.lease import REBUILD
from streams.cache.positions import POSITIONS
from streams.cards import META, PREFIX, SEGMENTS, card_key, history_key, members_key
from streams.counts import COUNTS, MOVES, moves_key, sizes_key

ASIDE: Final = b"nyxter:foreign:"
"""What the names begin with of keys that were put aside."""

FIXED: Final = (POSITIONS, META, REBUILD, SEGMENTS, COUNTS, MOVES)
_CARD, _, _CLOSE = card_key(b"\0").partition(b"\0")
_HISTORY: Final = history_key(b"\0").partition(b"\0")[2]
_MEMBERS, _, _AFTER = members_key(b"\0").partition(b"\0")
_ALL: Final = PREFIX + b"*"
_LOOKS: Final = (  # type, and a pattern of keys of which few or none have it: ours are not listed
    *((type_, _ALL) for type_ in ("string", "list", "set", "zset")),
    ("hash", _CARD + b"*" + _HISTORY),
    ("hash", _MEMBERS + b"*"),
    ("stream", _CARD + b"*" + _CLOSE),
    ("stream", PREFIX + b"[^c]*"),
)
_SCAN: Final = 10_000


class ForeignKey(NamedTuple):
    """A key that has another type than ours of that name have.

    Attributes
    ----------
    key, type
        What was found.
    due
        What ours are.

    """

    key: bytes
    type: bytes
    due: bytes

    @property
    def sentence(self) -> str:
        """What is wrong with it.

        >>> ForeignKey(b"nyxter:v1:counts", b"set", b"hash").sentence
        'nyxter:v1:counts is a set, not a hash'
        """
        name = self.key.decode("utf-8", "backslashreplace")
        if self.type == self.due:
            return f"{name} held what is not ours, and lacks what came meanwhile"
        return f"{name} is a {self.type.decode()}, not a {self.due.decode()}"


class CannotPutAside(Exception):  # noqa: N818 - it names what is the case
    """A foreign key stays where it is: which, and what to do."""


def due_type(key: bytes) -> bytes | None:
    """Return the type that a key of ours has by its name; None for a name that none of ours has.

    >>> due_type(b"nyxter:v1:customer:{K1}"), due_type(b"nyxter:v1:customer:{K1}:history")
    (b'hash', b'stream')
    """
    if key.startswith(_CARD):
        return b"hash" if key.endswith(_CLOSE) else b"stream" if key.endswith(_HISTORY) else None
    if key.startswith(_MEMBERS) and key.endswith(_AFTER):
        return b"zset"
    if key == SEGMENTS:
        return b"set"
    by_day = key.startswith((moves_key(""), sizes_key(""), PREFIX + b"recount:"))
    return b"hash" if by_day or key in FIXED else None


def examine(redis: Redis, keys: Iterable[bytes]) -> list[ForeignKey]:
    """Return those of the keys that are there and have another type than ours."""
    listed = list(keys)
    pipe = redis.pipeline(transaction=False)
    for key in listed:
        pipe.type(key)
    found: list[Any] = pipe.execute()
    return [
        ForeignKey(key, type_, due)
        for key, type_ in zip(listed, found, strict=True)
        if (due := due_type(key)) is not None and type_ not in (b"none", due)
    ]


def examine_if_allowed(redis: Redis, keys: Iterable[bytes]) -> list[ForeignKey]:
    """Return what `examine` does; nothing to a user who may not ask for types."""
    try:
        return examine(redis, keys)
    except NoPermissionError:
        return []


def describe(redis: Redis, keys: Iterable[bytes]) -> list[str]:
    """Say what is wrong with keys that a write was refused at; their types, if we may ask them."""
    listed = list(keys)
    found = {each.key: each for each in examine_if_allowed(redis, listed)}
    same = {key: ForeignKey(key, due_type(key) or b"", due_type(key) or b"") for key in listed}
    return [found.get(key, same[key]).sentence for key in listed]


def foreign_keys(redis: Redis) -> Iterator[ForeignKey]:
    """Yield all foreign keys under our prefix; ours stay in Redis, which looks through them."""
    yield from examine(redis, FIXED)
    for type_, pattern in _LOOKS:
        for key in redis.scan_iter(pattern, count=_SCAN, _type=type_):
            due = due_type(key)
            if key not in FIXED and due is not None and due != type_.encode():
                yield ForeignKey(key, type_.encode(), due)


def put_aside(redis: Redis, keys: Iterable[ForeignKey]) -> Iterator[tuple[ForeignKey, bytes]]:
    """Give foreign keys other names, and yield those; what they hold, and how long, stays.

    Raises
    ------
    CannotPutAside
        We may not, or somebody holds the key open.

    """
    for each in keys:
        name = ASIDE + each.key + b":" + secrets.token_hex(4).encode()
        try:
            redis.rename(each.key, name)
        except NoPermissionError:
            raise CannotPutAside(
                f"{each.sentence}, and this user may not rename it to {ASIDE.decode()}…: delete or "
                "rename it (`nyxter acl redis` prints what the user needs)"
            ) from None
        except ResponseError as error:
            if "no such key" not in str(error):
                raise
        else:
            yield each, name
