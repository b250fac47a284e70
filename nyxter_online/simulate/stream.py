"""What happens on a base from today on: an endless stream of events."""

from bisect import bisect
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count
from math import log

import numpy as np

from nyxter_online.simulate.chance import Chance
from nyxter_online.simulate.cloudevent import CloudEvent, Happening, cloudevent, stamp
from nyxter_online.simulate.people import newcomers, people_of
from nyxter_online.simulate.relations import Relations
from nyxter_online.simulate.trade import Trade
from nyxter_online.simulate.world import World, draw_world
from schemas.instant import BUSINESS_ZONE

Draw = Callable[[datetime], Happening]

_TWICE = 0.025  # of the events
_RECENT = 200  # events among which a repeated one is found


def live(
    seed: int, customers: int, start: datetime, *, per_second: float = 50.0
) -> Iterator[CloudEvent]:
    """Yield what happens after `base(seed, customers, today)`, one event at a time, for ever.

    Three in five are new orders: many from customers who had stopped buying, and from a few who
    buy much and often, so that scores, tiers and campaigns move. The rest are invoices,
    amendments, cancellations, donations, contracts, records, late arrivals and duplicates.

    Parameters
    ----------
    seed, customers
        Those of the base.
    start
        Where `time` begins, with an offset. Its day in São Paulo should be the base's `today`.
    per_second
        How many events a second of `time` holds, on average. A stream that is played no faster
        does not run ahead of the clock that gave `start`.

    Raises
    ------
    ValueError
        Where `start` has no offset or `per_second` is not positive, or as `base` does.

    >>> first = next(live(7, 500, datetime(2026, 11, 22, 13, tzinfo=UTC)))
    >>> first["type"], first["time"]
    ('nyxter.contract.recorded.v1', '2026-11-22T13:00:00.024Z')

    """
    if start.tzinfo is None:
        raise ValueError("start needs an offset")
    if not per_second > 0:
        raise ValueError("per_second must be positive")
    return _events(draw_world(seed, customers), start.astimezone(UTC), per_second)


def _events(world: World, start: datetime, per_second: float) -> Iterator[CloudEvent]:
    g = world.live()
    chance = Chance(g)
    run = f"{start:%y%m%d%H%M%S}"
    shares = _shares(*_hands(world, g, chance, start, run))
    draws = [draw for _, draw in shares]
    limits = list(accumulate(share for share, _ in shares))[:-1]
    now, recent = start, deque[CloudEvent](maxlen=_RECENT)
    for number in count(1):
        if recent and chance.happens(_TWICE):
            yield chance.of(recent)
            continue
        now -= timedelta(seconds=log(1 - chance.uniform()) / per_second)
        kind, subject, moment, data = draws[bisect(limits, chance.uniform())](now)
        recent.append(cloudevent(kind, f"{run}-{number}", subject, stamp(moment), data))
        yield recent[-1]


def _hands(
    world: World, g: np.random.Generator, chance: Chance, start: datetime, run: str
) -> tuple[Trade, Relations]:
    """Return what draws purchases, and what draws contracts and records."""
    today = start.astimezone(BUSINESS_ZONE).date()
    people = people_of(world, g, chance, today)
    orders, contracts = (_names(f"{letter}{run}") for letter in "PC")
    arriving = newcomers(world, g, today)
    relations = Relations(chance, people, arriving, contracts, world.contracts, today)
    return Trade(chance, people, orders, world.orders.waiting(today)), relations


def _shares(trade: Trade, relations: Relations) -> Sequence[tuple[float, Draw]]:
    """Return what can happen, and how often of all that does; together 1."""
    return (
        (0.590, trade.order),
        (0.180, trade.invoice),
        (0.030, trade.amendment),
        (0.030, trade.cancellation),
        (0.030, trade.donation),
        (0.030, trade.late),
        (0.005, trade.ahead),
        (0.030, relations.signature),
        (0.030, relations.contract_change),
        (0.020, relations.growth),
        (0.022, relations.arrival),
        (0.003, relations.erasure),
    )


def _names(prefix: str) -> Iterator[str]:
    return (f"{prefix}-{number}" for number in count(1))
