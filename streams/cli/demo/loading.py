"""The base goes in."""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from streams.cli.demo.scene import Scene
from streams.parcel import Parcel

_AT_ONCE: Final = 2_000
_LOOK_S: Final = 0.1


class Loaded(NamedTuple):
    """How far the loading is: events sent, events applied, customers with a card."""

    sent: int
    applied: int
    cards: int


def load(scene: Scene, parcels: Sequence[Parcel], show: Callable[[Loaded], None]) -> None:
    """Send a base, and wait until everyone in it is scored and has a card in Redis.

    `show` is told how far it is, several times a second.
    """
    for number, parcel in enumerate(parcels):
        scene.sender.send(parcel)
        if number % _AT_ONCE == 0:
            _look(scene, show)
    while not scene.is_scored():
        time.sleep(_LOOK_S)
        _look(scene, show)
    _look(scene, show)


def _look(scene: Scene, show: Callable[[Loaded], None]) -> None:
    scene.look()
    show(Loaded(scene.sender.arrived, scene.coverage.applied, scene.shelf.count()))
