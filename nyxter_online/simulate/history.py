"""The history of a base: every event up to the evening before today, in order of arrival."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import numpy as np

from nyxter_online.simulate.cloudevent import CloudEvent, cloudevent
from nyxter_online.simulate.columns import DAY, Ints
from nyxter_online.simulate.customers import subject
from nyxter_online.simulate.tracks import Track, tracks
from nyxter_online.simulate.words import CUSTOMERS
from nyxter_online.simulate.world import draw_world

TODAY: Final = date(2026, 11, 22)

_LATE = 0.005  # of the events
_TWICE = 0.005
_LATEST = 10 * DAY


def base(seed: int, customers: int = CUSTOMERS, today: date = TODAY) -> Iterator[CloudEvent]:
    """Yield the history of a base as CloudEvents, in order of arrival.

    That is the order of `time`, but for one in two hundred that arrives up to ten days late and
    one in two hundred that arrives a second time. The last is of the evening before `today`, so
    that what `live` does today comes after all of it.

    Parameters
    ----------
    seed
        Not negative; the same seed, customers and day give the same events.
    customers
        At least 1, below 900,000. Customers are `T000001` and so on; a few former customers,
        recorded and since erased, have numbers above 900,000.
    today
        The day that tenures, the year of the sales and the days to come are counted from.

    Raises
    ------
    ValueError
        At the first event, where `seed` or `customers` is outside its range.

    >>> first = next(base(seed=7, customers=500))
    >>> first["type"], first["subject"], first["time"]
    ('nyxter.customer.recorded.v1', 'T000272', '2007-09-03T10:00:00Z')

    """
    world = draw_world(seed, customers)
    g = world.delivery()
    kinds = tracks(world, g)
    kind, position, seconds = _arrivals(kinds, g)
    times = np.datetime_as_string(np.datetime64(today, "s") + seconds, timezone="UTC")
    for k, p, time in zip(kind.tolist(), position.tolist(), times.tolist(), strict=True):
        yield _event(kinds[k], p, time, today)


def _event(track: Track, position: int, time: str, today: date) -> CloudEvent:
    row = int(track.rows[position])
    whose = subject(int(track.customer[position]))
    return cloudevent(track.kind, f"{track.name}-{row + 1}", whose, time, track.data(row, today))


def _arrivals(kinds: Sequence[Track], g: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Return kind, position in it and seconds of every event, in order of arrival."""
    sizes = [track.rows.size for track in kinds]
    kind = np.repeat(np.arange(len(kinds)), sizes)
    position = np.concatenate([np.arange(size) for size in sizes])
    seconds = np.concatenate([track.seconds for track in kinds])
    late = np.where(g.random(kind.size) < _LATE, g.integers(_LATEST, size=kind.size), 0)
    again = np.flatnonzero(g.random(kind.size) < _TWICE)
    arrival = np.append(
        seconds + late, (seconds + late)[again] + g.integers(_LATEST, size=again.size)
    )
    event = np.append(np.arange(kind.size), again)[np.argsort(arrival, kind="stable")]
    return kind[event], position[event], seconds[event]
