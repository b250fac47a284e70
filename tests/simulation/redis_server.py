"""A Redis: its data, scripts in Lua as Redis runs them, and how data are lost and put back."""

import copy
import hashlib
from collections.abc import Sequence
from typing import Any

from lupa.lua51 import LuaRuntime, lua_type
from redis.exceptions import ConnectionError as Cut
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as Late

from schemas.envelope import loads
from simulation.kernel import Kernel, Violation
from simulation.redis_data import Data, text
from simulation.threads import Time

_WRAPPED = b"function(redis, cjson, KEYS, ARGV) "


class Server:
    """One Redis.

    Attributes
    ----------
    away_until
        Till then it answers nobody.
    fails
        How likely the connection is cut at a command: before it, after it, or within a pipeline.

    """

    def __init__(self, kernel: Kernel, clock: Time) -> None:
        self.data = Data(clock)
        self.away_until = 0.0
        self.fails = 0.0
        self.latency_s = 0.0005
        self._kernel = kernel
        self._lua = LuaRuntime(encoding=None, unpack_returned_tuples=True)
        self._functions: dict[str, Any] = {}
        self._kept: Data | None = None
        self._newest: dict[bytes, int] = {}  # version of each card, since data were last lost
        table = self._lua.table_from
        self._redis = table({b"call": self._call, b"pcall": self._try_call})
        self._cjson = table({b"decode": lambda value: self._to_lua(loads(value))})

    # What clients ask for

    def run(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Do commands one after the other; return replies and errors, or raise where it is cut."""
        kernel = self._kernel
        kernel.sleep(self.latency_s * kernel.random.random())
        if kernel.now < self.away_until:
            raise Cut("Redis is away")
        cut_at = None
        if kernel.random.random() < self.fails:
            cut_at = kernel.random.randint(0, len(commands))
        replies: list[Any] = []
        for index, command in enumerate(commands):
            if index == cut_at:
                break
            replies.append(self._do(command))
        kernel.sleep(self.latency_s * kernel.random.random())
        if cut_at is not None:
            kernel.trace("redis cut", cut_at, len(commands))
            raise (Cut if kernel.random.random() < 0.5 else Late)("cut")
        return replies

    def _do(self, command: tuple[Any, ...]) -> Any:
        name, *args = command
        try:
            if name == "script_load":
                return self._load(args[0])
            if name == "evalsha":
                return self._evaluate(*args)
            return self.data.call(name, *args)
        except RedisError as error:
            return error

    def _load(self, script: str) -> str:
        digest = hashlib.sha1(script.encode()).hexdigest()  # noqa: S324 - as Redis names scripts
        self._functions[digest] = self._lua.eval(_WRAPPED + script.encode() + b"\nend")
        return digest

    def _evaluate(self, digest: str, count: int, *rest: Any) -> Any:
        if digest not in self._functions:
            raise NoScriptError("No matching script")
        keys, args = list(map(text, rest[:count])), list(map(text, rest[count:]))
        lua = self._lua.table_from
        reply = self._functions[digest](self._redis, self._cjson, lua(keys), lua(args))
        self._check_card(keys[0])
        return self._from_lua(reply)

    def _check_card(self, key: bytes) -> None:
        """No card is ever older than it was."""
        held = self.data.keys.get(key)
        if not isinstance(held, dict) or b"version" not in held or b"customer:" not in key:
            return
        version = int(held[b"version"])
        if version < self._newest.get(key, -1):
            text_ = f"a card of version {version} over one of {self._newest[key]}"
            self._kernel.fail(Violation(text_))
        self._newest[key] = version

    # Lua

    def _call(self, command: bytes, *args: Any) -> Any:
        return self._to_lua(self.data.call(command, *args))

    def _try_call(self, command: bytes, *args: Any) -> Any:
        try:
            return self._call(command, *args)
        except RedisError as error:
            return self._lua.table_from({b"err": str(error).encode()})

    def _to_lua(self, value: Any) -> Any:
        if value is None:
            return False
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, list | tuple):
            return self._lua.table_from([self._to_lua(each) for each in value])
        if isinstance(value, dict):
            return self._lua.table_from({k.encode(): self._to_lua(v) for k, v in value.items()})
        return value

    def _from_lua(self, value: Any) -> Any:
        if lua_type(value) == "table":
            return [self._from_lua(value[index]) for index in range(1, len(value) + 1)]
        if isinstance(value, float):
            return int(value)
        return None if value is False else value

    # What happens to it

    def restart(self) -> None:
        """Forget scripts, as a Redis that starts anew does."""
        self._functions.clear()

    def empty(self) -> None:
        """Lose everything."""
        self.data.keys.clear()
        self.data.expires.clear()
        self._newest.clear()
        self.restart()

    def back_up(self) -> None:
        """Keep a copy of everything."""
        self._kept = _copy(self.data)

    def put_back(self) -> None:
        """Go back to the copy, where there is one."""
        if self._kept is not None:
            self.data, self._newest = _copy(self._kept), {}
            self.restart()


def _copy(data: Data) -> Data:
    made = Data(data._clock)
    made.keys, made.expires = copy.deepcopy(data.keys), dict(data.expires)
    return made
