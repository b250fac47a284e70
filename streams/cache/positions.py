"""How far Redis is filled, kept beside what it describes."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from redis import Redis

from streams.cache.permit import Permit
from streams.cache.scripts import Argument, Script, answers
from streams.cards import PREFIX
from streams.place import Place
from streams.topics import PROFILES

POSITIONS = PREFIX + b"positions"
_DIGITS = 19  # of the largest offset


class Positions:
    """Next offset of each place, in one hash, with the process that fills from there.

    Because they lie in Redis and are written after the data, they never promise what Redis does
    not hold: one that was emptied, or is back at an earlier state, says so by itself, and what is
    missing is read again. Whoever is given a place takes it over by writing its own name there;
    whoever had it before can neither move that position nor write a card any more (`permit`).
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = Script(redis, "positions")
        self._us = ""
        self._held: dict[Place, int] = {}

    def take_over(self, places: Sequence[Place]) -> dict[Place, int]:
        """Make these places ours, and return where to go on; 0 is the beginning."""
        self._script.load()
        self._us, self._held = secrets.token_hex(8), {}
        pipe = self._redis.pipeline(transaction=False)
        for place in places:
            pipe.hset(POSITIONS, _owner(place), self._us)
            pipe.hsetnx(POSITIONS, place.name, "0")
            pipe.hget(POSITIONS, place.name)
        held: list[Any] = answers(pipe)[2::3]
        self._held = {at: offset_of(held) for at, held in zip(places, held, strict=True)}
        self._mend(held, places)
        return dict(self._held)

    def _mend(self, held: Sequence[bytes | None], places: Sequence[Place]) -> None:
        """Begin anew where what is held is no offset; nobody could move it on."""
        for place, said in zip(places, held, strict=True):
            if said != str(self._held[place]).encode():
                self._redis.hset(POSITIONS, place.name, self._held[place])

    def keep(self, positions: Mapping[Place, int]) -> bool:
        """Move on to `positions`, after what lies before them was written.

        False where they are not ours any more, or Redis lost what was written.
        """
        args: list[Argument] = [self._us]
        for place, offset in positions.items():
            args += (place.name, self._held[place], offset)
        if not self._script.run([POSITIONS], args):
            return False
        self._held.update(positions)
        return True

    def permit(self, partition: int) -> Permit:
        """Return what permits us to write a partition's customers: that its place is ours."""
        return Permit(POSITIONS, _owner(Place(PROFILES, partition)), self._us)


def offset_of(held: bytes | None) -> int:
    """Return the offset that Redis holds; 0, the beginning, where what it holds is none.

    >>> offset_of(b"7"), offset_of(None), offset_of(b"junk"), offset_of(b"-2")
    (7, 0, 0, 0)
    """
    return int(held) if held is not None and held.isdigit() and len(held) <= _DIGITS else 0


def _owner(place: Place) -> str:
    return f"owner:{place.name}"
