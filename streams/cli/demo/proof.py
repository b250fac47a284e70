"""The proof: every card in Redis equals what replay gives of the very events that were sent.

One of them is looked up through the console as well.
"""

import gc
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from nyxter_online.replay import Replay
from schemas.envelope import dumps, loads
from schemas.instant import BUSINESS_ZONE
from schemas.rules import Rules
from streams.cli.demo.phases import Phases
from streams.cli.demo.scene import Scene
from streams.cli.demo.shelf import OWN
from streams.reconcile.profiles import Profiles, differing
from streams.topics import PROFILES

_LOOK_S: Final = 0.1


class Proof(NamedTuple):
    """What the comparison came to.

    Attributes
    ----------
    day
        Today, by which both sides scored.
    customers, cards
        Customers by replay, and cards in Redis.
    differences
        By customer, the names of the fields that differ.

    """

    day: date
    customers: int
    cards: int
    differences: Mapping[str, Sequence[str]]


def prove(scene: Scene, lines: Sequence[bytes], rules: Rules, phases: Phases) -> Proof:
    """Wait until all is settled, then compare every card with replay's profile.

    Should anything move meanwhile (the day turns at midnight in São Paulo), it is done again.
    """
    while True:
        day = _today()
        expected = _replayed(scene, lines, rules, day)
        phases.end(f"replay of {len(lines):,} events as of {day}")
        _settle(scene, day)
        phases.end("the rest settles")
        ends = scene.shelf.ends_of(PROFILES)
        cards = scene.shelf.profiles()
        differences = differing(cards, expected)
        differences |= _looked_up(scene, expected)
        phases.end(f"{len(cards):,} cards compared, one of them over HTTP")
        if not differences or (day == _today() and ends == scene.shelf.ends_of(PROFILES)):
            return Proof(day, len(expected), len(cards), differences)


def _replayed(scene: Scene, lines: Sequence[bytes], rules: Rules, day: date) -> Profiles:
    replay = Replay(rules, day)
    gc.disable()  # registers hold no cycles, and looking for some would take most of the time
    try:
        for _, refused in replay.feed(lines):
            assert not refused, "the events are our own"
            scene.look()
        listed = (loads(dumps(profile)) for profiles, _ in replay.score() for profile in profiles)
        return {profile["customer_id"]: profile for profile in listed}
    finally:
        gc.enable()


def _looked_up(scene: Scene, expected: Profiles) -> dict[str, list[str]]:
    """Return what differs where a card is asked for over HTTP, once the console answers."""
    customer = min(expected)
    while (card := scene.lookup.card(customer)) is None:
        time.sleep(_LOOK_S)
        scene.look()
    told = {customer: {name: value for name, value in card.items() if name not in OWN}}
    found = differing(told, {customer: expected[customer]})
    return {f"{name} over HTTP": list(fields) for name, fields in found.items()}


def _settle(scene: Scene, day: date) -> None:
    while not (scene.is_settled() and scene.shelf.day() >= day.isoformat()):
        time.sleep(_LOOK_S)
        scene.look()


def _today() -> date:
    return datetime.now(BUSINESS_ZONE).date()
