"""The right to rebuild, which ends by itself when its holder is held up."""

import secrets
from typing import Any, Final

from redis import Redis

from streams.cache.permit import Permit
from streams.cards import PREFIX

REBUILD: Final = PREFIX + b"rebuild"
LEASE_S: Final = 60
_FIELD: Final = "owner"


class LeaseLost(RuntimeError):  # noqa: N818 - it names what is the case
    """Somebody else rebuilds, or Redis was emptied, or we did nothing for too long."""


class Lease:
    """One process at a time rebuilds, and one that was away too long writes no more.

    Caches go on meanwhile: what they write is newer, and versions tell.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._us = secrets.token_hex(8)

    def take(self) -> None:
        """Make it ours (LeaseLost where somebody else has it)."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.hsetnx(REBUILD, _FIELD, self._us)
        pipe.expire(REBUILD, LEASE_S, nx=True)
        if not pipe.execute()[0]:
            raise LeaseLost(
                "another rebuild is under way, or ended badly within the last minute: wait for it"
            )

    def renew(self) -> None:
        """Keep it for another while (LeaseLost where it is not ours any more)."""
        held: Any = self._redis.hget(REBUILD, _FIELD)
        if held != self._us.encode():
            raise LeaseLost(
                f"this rebuild stood still for {LEASE_S} s, or Redis lost data: run it again"
            )
        self._redis.expire(REBUILD, LEASE_S)

    def give_back(self) -> None:
        """Let others rebuild."""
        held: Any = self._redis.hget(REBUILD, _FIELD)
        if held == self._us.encode():
            self._redis.delete(REBUILD)

    def permit(self, partition: int) -> Permit:  # noqa: ARG002 - the same for all partitions
        """Return what permits us to write a partition's customers."""
        return Permit(REBUILD, _FIELD, self._us)
