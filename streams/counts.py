"""How many customers stand where, and how many moved: names of keys and fields, and the reading.

The cache keeps these hashes in Redis, so that a page over a million customers reads one key:

- ``nyxter:v1:counts``: how many cards say what, always as the cards of this moment say;
- ``nyxter:v1:moves:DAY``: segment changes and triggers of a business day, each event once;
- ``nyxter:v1:sizes:DAY``: the plainest of the counts as they were last seen that day.

A field's name is a compact JSON list of texts: what is counted, then what tells its cases apart.

===================================  ==============================================================
field                                counts
===================================  ==============================================================
``["base"]``                         customers
``["tier",NAME]``, ``["profile",…]``,  customers by tier, consumption profile, campaign, channel
``["campaign",…]``, ``["channel",…]``
``["rfm",NAME]``, ``["phase",NAME]``     by RFM segment and phase of the journey; "" where in none
``["stage",PHASE,STAGE]``            by stage of the journey
``["colour",INDICATOR,COLOUR]``      by colour of P, R, F, V and prfv; "" where it has none
``["cell",r,f,v]``                   by RFM marks
``["group",GROUP]``                  by comparison group, the JSON list of its values
``["score",INDICATOR,BIN,GROUP]``    by score in that group: "0" for zero or none, else "1" to "20"
``["change",KIND,OLD,NEW]``          segment changes; "" stands for no segment
``["trigger",KIND,SEGMENT,STAGE,R]``   triggers; R is why it was suppressed, "" where it fired
===================================  ==============================================================
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from redis.asyncio import Redis

from schemas.envelope import dumps, loads
from streams.cards import PREFIX

COUNTS: Final = PREFIX + b"counts"
MOVES: Final = PREFIX + b"moves"  # partition -> offset of the first event that is not counted yet
INDICATORS: Final = ("P", "R", "F", "V", "prfv")
SIZES: Final = ("base", "tier", "profile", "rfm", "campaign", "phase")
MOVES_KEPT_S: Final = 400 * 86_400  # after the last event of a day
SIZES_KEPT_S: Final = 800 * 86_400


def moves_key(day: str) -> bytes:
    """Key of what moved on a business day (ISO).

    >>> moves_key("2026-11-02")
    b'nyxter:v1:moves:2026-11-02'
    """
    return MOVES + b":" + day.encode()


def sizes_key(day: str) -> bytes:
    """Key of the sizes that segments had on a business day (ISO).

    >>> sizes_key("2026-11-02")
    b'nyxter:v1:sizes:2026-11-02'
    """
    return PREFIX + b"sizes:" + day.encode()


def field_of(*said: str) -> str:
    """Return the name of a field.

    >>> field_of("tier", "vip")
    '["tier","vip"]'
    """
    return dumps(said).decode()


BASE: Final = field_of("base")


def bin_of(score: float | None) -> str:
    """Return in which of the 20 bins of 5 points a score is, the upper end included; "0": in none.

    >>> [bin_of(score) for score in (None, 0, 0.01, 5, 5.01, 100)]
    ['0', '0', '1', '1', '2', '20']
    """
    return str(math.ceil(score / 5)) if score else "0"


class Counts:
    """One of these hashes, as it was when it was read.

    Parameters
    ----------
    held
        Fields and figures as Redis gives them. Empty is a hash that is not there.

    Examples
    --------
    >>> counts = Counts({b'["base"]': b"3", b'["tier","vip"]': b"1", b'["cell","4","1","2"]': b"3"})
    >>> counts.base, counts.of("tier"), counts.table("cell")
    (3, {'vip': 1}, {('4', '1', '2'): 3})

    """

    def __init__(self, held: Mapping[bytes, bytes]) -> None:
        # Read only as far as it is asked for: with many groups there are many scores.
        self._held: dict[bytes, list[tuple[bytes, bytes]]] = {}
        for field in held.items():
            self._held.setdefault(field[0].split(b'"', 2)[1], []).append(field)

    @property
    def base(self) -> int:
        """How many customers there are."""
        return self.table("base").get((), 0)

    def of(self, what: str) -> dict[str, int]:
        """Return the figures of what has one case: ``tier``, ``profile``, ``group`` and so on."""
        return {case: figure for (case,), figure in self.table(what).items()}

    def table(self, what: str) -> dict[tuple[str, ...], int]:
        """Return the figures of anything, by its cases."""
        held = self._held.get(what.encode(), ())
        return {tuple(loads(name)[1:]): int(figure) for name, figure in held}


async def read_counts(redis: Redis) -> Counts:
    """Return what the cards of this moment say. `redis` must not decode."""
    held: Any = await redis.hgetall(COUNTS)
    return await asyncio.to_thread(Counts, held)  # of many groups there is much to sort


async def read_moves(redis: Redis, days: Sequence[date]) -> dict[date, Counts]:
    """Return what moved on each of these business days, empty where nothing did."""
    return await _read(redis, {day: moves_key(day.isoformat()) for day in days})


async def read_sizes(redis: Redis, days: Sequence[date]) -> dict[date, Counts]:
    """Return the sizes of segments on each of these days, empty where nobody saw them."""
    return await _read(redis, {day: sizes_key(day.isoformat()) for day in days})


async def _read(redis: Redis, keys: Mapping[date, bytes]) -> dict[date, Counts]:
    pipe = redis.pipeline(transaction=False)
    for key in keys.values():
        pipe.hgetall(key)
    held: list[Any] = await pipe.execute()
    return {day: Counts(one) for day, one in zip(keys, held, strict=True)}
