"""Live events go in at a pace, and what comes of them is shown."""

import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from streams.cli.demo.scene import Scene
from streams.cli.live.meter import Meter
from streams.cli.live.transitions import Transition, Transitions
from streams.parcel import Parcel

_TICK_S: Final = 0.05
_SLOW_S: Final = 1.0  # how often Redis is asked
_WINDOW_S: Final = 3.0  # over which events a second are counted


class Figures(NamedTuple):
    """What there is to tell of a running system.

    Attributes
    ----------
    sent
        Live events so far.
    rate
        Events applied a second, over the last three.
    lag
        Events sent and not applied yet.
    snapshot, cards, transitions
        Number of the newest snapshot, customers with a card, live transitions so far.
    minute
        What there was in the last minute, by sort (`Transitions.minute`).

    """

    sent: int
    rate: float
    lag: int
    snapshot: int
    cards: int
    transitions: int
    minute: Mapping[str, int] = {}


class Tempo:
    """Tells how many events are due; after a pause it goes on and does not catch up.

    Parameters
    ----------
    rate
        Events a second.
    now
        When it begins, in seconds of some clock.

    >>> tempo = Tempo(10, now=0)
    >>> tempo.due(0.55), tempo.due(0.6), tempo.due(100.0)
    (5, 1, 10)
    """

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._played_to = now

    def due(self, now: float) -> int:
        """Return how many events to play now."""
        self._played_to = max(self._played_to, now - max(1.0, 1.0 / self._rate))
        count = int((now - self._played_to) * self._rate + 1e-9)
        self._played_to += count / self._rate
        return count


def play(
    scene: Scene,
    transitions: Transitions,
    events: Iterator[Parcel],
    rate: float,
    show: Callable[[Figures, list[Transition]], None],
) -> None:
    """Send events at a rate until there are no more.

    `show` is given the figures and the transitions that have come, twenty times a second.
    """
    tempo, meter = Tempo(rate, time.monotonic()), Meter(_WINDOW_S)
    before, cards, ask_at = scene.sender.sent, 0, 0.0
    going = True
    while going:
        now = time.monotonic()
        due = tempo.due(now)
        batch = list(islice(events, due))
        going = len(batch) == due
        for parcel in batch:
            scene.sender.send(parcel)
        scene.look()
        if now >= ask_at:
            cards, ask_at = scene.shelf.count(), now + _SLOW_S
        come = transitions.read()
        figures = Figures(
            scene.sender.sent - before,
            meter.rate(now, scene.coverage.applied),
            scene.lag,
            scene.coverage.snapshot,
            cards,
            transitions.count,
            transitions.minute(),
        )
        show(figures, come)
        time.sleep(_TICK_S)
