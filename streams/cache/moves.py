"""Segment changes and triggers counted by day in Redis, each event once."""

from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis

from schemas.envelope import dumps
from streams.cache.counted import Move
from streams.cache.lease import REBUILD
from streams.cache.permit import Permits
from streams.cache.recount import RECOUNT
from streams.cache.scripts import Script, answers
from streams.cache.written import Written
from streams.counts import MOVES, MOVES_KEPT_S, moves_key

_BEFORE = moves_key("")


class Moves:
    """Counts a partition's events, which come in their order, and some of them again.

    Parameters
    ----------
    redis
        The client; it must not decode.
    permits
        Tells who may write.

    """

    def __init__(self, redis: Redis, permits: Permits) -> None:
        self._redis = redis
        self._permits = permits
        self._script = Script(redis, "moves")

    def open(self) -> None:
        """Make Redis ready to be written to; needed again when it was started anew."""
        self._script.load()

    def write(self, moves: Mapping[int, Sequence[tuple[int, Move]]]) -> Written[int]:
        """Count events, given by partition with their offsets.

        False where somebody else may write some of them now: those were left alone.
        """
        pipe = self._redis.pipeline(transaction=False)
        for partition, listed in moves.items():
            permit = self._permits.permit(partition)
            events = dumps([(offset, *move) for offset, move in listed])
            told = (
                permit.field,
                permit.value,
                partition,
                events,
                _BEFORE,
                MOVES_KEPT_S,
                RECOUNT,
            )
            self._script.queue(pipe, (MOVES, permit.key, REBUILD), told)
        replies: list[Any] = answers(pipe)
        return Written.of(dict(zip(moves, replies, strict=True)))
