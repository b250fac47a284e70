"""Counts and moves made anew beside those that are read, which they then replace at once."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from redis import Redis

from streams.cache import held
from streams.cache.counted import Move
from streams.cache.lease import REBUILD, Lease, LeaseLost
from streams.cache.positions import POSITIONS
from streams.cache.scripts import Argument, Script, answers
from streams.cards import PREFIX, card_key
from streams.counts import COUNTS, MOVES, MOVES_KEPT_S, moves_key
from streams.place import Place
from streams.topics import SEGMENT_EVENTS

RECOUNT: Final = PREFIX + b"recount:"
_KEPT_S: Final = 86_400
_SOME: Final = 1_000
_SCAN: Final = 5_000


class Recount:
    """Part of a rebuild: caches go on writing, and readers read the old counts until the end.

    Between `begin` and `end` whoever writes a card adds it to the new counts (``card.lua``), and a
    card says of which recount it is part, so each is added once whoever comes to it first. Events
    that are counted meanwhile go to the new moves as well (``moves.lua``); those before are told
    here (`add`), as the topic has them.

    Parameters
    ----------
    redis
        The client; it must not decode.
    lease
        Permits us to rebuild; the recount bears its holder's name.

    """

    def __init__(self, redis: Redis, lease: Lease) -> None:
        self._redis = redis
        self._lease = lease
        self._name = lease.permit(0).value
        self._counts = RECOUNT + self._name.encode() + b":counts"
        self._moves = RECOUNT + self._name.encode() + b":moves"
        self._partly = ""
        self._firsts: list[int] = []

    def begin(self, partitions: int) -> None:
        """Have everything that is written from now on counted anew (LeaseLost)."""
        args: list[Argument] = [self._name, _KEPT_S]
        for number in range(partitions):
            args += (number, Place(SEGMENT_EVENTS, number).name)
        keys = [REBUILD, MOVES, POSITIONS, self._counts, self._moves]
        self._firsts = self._loaded("recount_begin").run(keys, args)
        self._check(bool(self._firsts))

    def first(self, partition: int) -> int:
        """Return the offset of the partition's first event that need not be told."""
        return self._firsts[partition]

    def add(self, moves: Mapping[Move, int], partly: str) -> None:
        """Take what a partition's events before `first` are counted as.

        `partly` is the last day of which its topic does not hold all any more, "" if there is none:
        such days stay as they are.
        """
        pipe = self._redis.pipeline(transaction=False)
        for move, count in moves.items():
            pipe.hincrby(self._moves, move.day + move.field, count)
        answers(pipe)
        self._partly = max(self._partly, partly)

    def end(self, *, is_whole: bool = False) -> list[bytes]:
        """Add the cards that nobody wrote meanwhile, and put all in its place (LeaseLost).

        Days of which the topic does not hold all stay, unless what it holds `is_whole` what there
        is to say. Returned are keys in whose place nothing can be put, as they hold what is not
        ours: once they are gone it can be ended.
        """
        self._add_cards()
        partly = "" if is_whole else self._partly
        days = [key for key in held.days(self._redis) if key > moves_key(partly)]
        keys = [REBUILD, COUNTS, self._counts, self._moves, *days]
        args: list[Argument] = [self._name, partly, moves_key(""), MOVES_KEPT_S]
        answer = self._loaded("recount_end").run(keys, args)
        self._check(bool(answer))
        return answer if isinstance(answer, list) else []

    def drop(self) -> None:
        """Leave nothing of a recount that came to no end."""
        self._redis.delete(self._counts, self._moves)

    def clear(self) -> None:
        """Remove what others left of theirs; nobody recounts now but us."""
        self._redis.hdel(REBUILD, "recount")
        for key in self._redis.scan_iter(RECOUNT + b"*", count=_SCAN):
            self._redis.delete(key)

    def _add_cards(self) -> None:
        script = self._loaded("recount_card")
        for customers in held.some(self._left_out(), _SOME):
            pipe = self._redis.pipeline(transaction=False)
            for customer in customers:
                script.queue(pipe, (card_key(customer), REBUILD, self._counts), (self._name,))
            self._check(all(answers(pipe)))

    def _left_out(self) -> Iterator[bytes]:
        for customers in held.some(held.cards(self._redis), _SOME):
            self._lease.renew()
            pipe = self._redis.pipeline(transaction=False)
            for customer in customers:
                pipe.hget(card_key(customer), "recount")
            marks: list[Any] = answers(pipe)
            ours = self._name.encode()
            yield from (c for c, mark in zip(customers, marks, strict=True) if mark != ours)

    def _loaded(self, name: str) -> Script:
        script = Script(self._redis, name)
        script.load()
        return script

    def _check(self, is_ours: bool) -> None:
        if not is_ours:
            raise LeaseLost("this rebuild was held up, or Redis lost data: run it again")
