"""Lua in Redis, and what Redis answers."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.client import Pipeline

Argument = bytes | str | int | float


class Script:
    """One script of this package, known to Redis by its digest once it is loaded.

    Parameters
    ----------
    redis
        The client.
    name
        Name of the file in this package, without ``.lua``.

    """

    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._text = files(__package__).joinpath(f"{name}.lua").read_text("utf-8")
        self._digest = ""

    def load(self) -> None:
        """Make it known to Redis, which forgets it when it starts anew."""
        digest: Any = self._redis.script_load(self._text)
        self._digest = str(digest)

    def queue(self, pipe: Pipeline, keys: Sequence[bytes], args: Sequence[Argument]) -> None:
        """Have it run when `pipe` does."""
        pipe.evalsha(self._digest, len(keys), *keys, *args)

    def run(self, keys: Sequence[bytes], args: Sequence[Argument]) -> Any:
        """Run it now; NoScriptError where Redis does not know it."""
        return self._redis.evalsha(self._digest, len(keys), *keys, *args)


def answers(pipe: Pipeline) -> list[Any]:
    """Run what is queued and return the answers; raise the first error there is among them.

    The client's own way of raising puts the command in the message, and a customer's data with it.
    """
    replies = pipe.execute(raise_on_error=False)
    for reply in replies:
        if isinstance(reply, Exception):
            raise reply
    return replies
