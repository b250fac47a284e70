"""The data of a Redis, and the commands that the cache and its scripts use."""

from collections.abc import Callable
from typing import Any

from redis.exceptions import ResponseError

from simulation.threads import Time

Value = dict[bytes, Any] | set[bytes] | list[Any]


def text(value: Any) -> bytes:
    """Return an argument as Redis gets it."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value)).encode()
    return (f"{value:.17g}" if isinstance(value, float) else str(value)).encode()


class Data:
    """Keys and values; streams are lists of id and fields.

    Parameters
    ----------
    clock
        Tells when keys expire.

    """

    def __init__(self, clock: Time) -> None:
        self.keys: dict[bytes, Value] = {}
        self.expires: dict[bytes, float] = {}
        self._clock = clock

    def call(self, command: Any, *args: Any) -> Any:
        """Do a command and return its reply."""
        name = text(command).decode().lower()
        handle: Callable[..., Any] | None = getattr(self, f"do_{name}", None)
        if handle is None:
            raise ResponseError(f"unknown command {name}")
        self._expire()
        return handle(*map(text, args))

    def _expire(self) -> None:
        now = self._clock.time()
        for key in [key for key, at in self.expires.items() if at <= now]:
            self.do_del(key)

    def _of(self, key: bytes, kind: type) -> Any:
        held = self.keys.get(key)
        if held is None:
            return kind()
        if not isinstance(held, kind):
            raise ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
        return held

    def _made(self, key: bytes, kind: type) -> Any:
        held = self._of(key, kind)
        self.keys[key] = held
        return held

    # Keys

    def do_del(self, *keys: bytes) -> int:
        found = 0
        for key in keys:
            found += self.keys.pop(key, None) is not None
            self.expires.pop(key, None)
        return found

    def do_type(self, key: bytes) -> bytes:
        held = self.keys.get(key)
        if held is None:
            return b"none"
        if isinstance(held, dict):
            return b"zset" if key.endswith(b":members") else b"hash"
        return b"set" if isinstance(held, set) else b"stream"

    def do_exists(self, key: bytes) -> int:
        return int(key in self.keys)

    def do_expire(self, key: bytes, seconds: bytes, *options: bytes) -> int:
        if key not in self.keys or (options == (b"NX",) and key in self.expires):
            return 0
        self.expires[key] = self._clock.time() + float(seconds)
        return 1

    def do_persist(self, key: bytes) -> int:
        return int(self.expires.pop(key, None) is not None)

    def do_rename(self, key: bytes, other: bytes) -> bytes:
        self.keys[other] = self.keys.pop(key)
        self.expires.pop(other, None)
        if (at := self.expires.pop(key, None)) is not None:
            self.expires[other] = at
        return b"OK"

    def do_time(self) -> list[bytes]:
        now = self._clock.time_ns() // 1_000
        return [str(now // 1_000_000).encode(), str(now % 1_000_000).encode()]

    # Hashes

    def do_hget(self, key: bytes, field: bytes) -> bytes | None:
        return self._of(key, dict).get(field)

    def do_hmget(self, key: bytes, *fields: bytes) -> list[bytes | None]:
        held = self._of(key, dict)
        return [held.get(field) for field in fields]

    def do_hgetall(self, key: bytes) -> list[bytes]:
        return [part for pair in sorted(self._of(key, dict).items()) for part in pair]

    def do_hset(self, key: bytes, *pairs: bytes) -> int:
        held = self._made(key, dict)
        before = len(held)
        held.update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(held) - before

    def do_hsetnx(self, key: bytes, field: bytes, value: bytes) -> int:
        if field in self._of(key, dict):
            return 0
        return self.do_hset(key, field, value)

    def do_hlen(self, key: bytes) -> int:
        return len(self._of(key, dict))

    def do_hdel(self, key: bytes, *fields: bytes) -> int:
        held = self._of(key, dict)
        found = sum(held.pop(field, None) is not None for field in fields)
        if not held:
            self.do_del(key)
        return found

    def do_hincrby(self, key: bytes, field: bytes, step: bytes) -> int:
        held = self._made(key, dict)
        value = int(held.get(field, 0)) + int(step)
        held[field] = str(value).encode()
        return value

    # Sets and sorted sets (a dict of scores under a name of its own kind)

    def do_sadd(self, key: bytes, *members: bytes) -> int:
        held = self._made(key, set)
        before = len(held)
        held.update(members)
        return len(held) - before

    def do_smembers(self, key: bytes) -> list[bytes]:
        return sorted(self._of(key, set))

    def do_zadd(self, key: bytes, score: bytes, member: bytes) -> int:
        held = self._made(key, dict)
        fresh = member not in held
        held[member] = float(score)
        return int(fresh)

    def do_zrem(self, key: bytes, member: bytes) -> int:
        held = self._of(key, dict)
        found = held.pop(member, None) is not None
        if not held:
            self.do_del(key)
        return int(found)

    # Streams

    def do_xadd(self, key: bytes, *rest: bytes) -> bytes:
        arguments, most = list(rest), None
        if arguments[0] == b"MAXLEN":
            most, arguments = int(arguments[2]), arguments[3:]
        entry, fields = arguments[0], arguments[1:]
        held = self._made(key, list)
        if held and _rank(held[-1][0]) >= _rank(entry):
            raise ResponseError("The ID specified in XADD is equal or smaller than the target's")
        held.append([entry, fields])
        if most is not None:
            del held[:-most]
        return entry

    def do_xrange(self, key: bytes, *_: bytes) -> list[Any]:
        return [list(entry) for entry in self._of(key, list)]

    def do_xrevrange(self, key: bytes, _: bytes, __: bytes, *options: bytes) -> list[Any]:
        found = [list(entry) for entry in reversed(self._of(key, list))]
        return found[: int(options[1])] if options else found


def _rank(entry: bytes) -> tuple[int, int]:
    first, _, second = entry.partition(b"-")
    return int(first), int(second)
