"""What happens on the stage, act by act."""

import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Final

import typer
from confluent_kafka import KafkaException
from redis import RedisError

from nyxter_online.simulate import base, live
from schemas.instant import BUSINESS_ZONE
from streams.cli.demo.commands import commands
from streams.cli.demo.loading import load
from streams.cli.demo.pages import Commands, Page
from streams.cli.demo.phases import Phases
from streams.cli.demo.playing import play
from streams.cli.demo.proof import Proof, prove
from streams.cli.demo.scene import Scene, Stopped, TookTooLong
from streams.cli.demo.sender import parcel_of
from streams.cli.demo.stage import PartEnded, Stage
from streams.cli.demo.wishes import Wishes
from streams.cli.live.transitions import Transitions
from streams.parcel import Parcel
from streams.topics import CONTRACTS, SEGMENT_EVENTS

INTERRUPTED: Final = 130

_FAILED: Final = 1
_SEED: Final = 7
_EVENTS: Final = 5_000  # live, of the demonstration that ends by itself
_RATE: Final = 1_000.0
_PATIENCE_S: Final = 300.0
_SHOWN: Final = 10
_LOOK_EVERY: Final = 5_000


def perform(stage: Stage, wishes: Wishes, page: Page, phases: Phases, stop: threading.Event) -> int:
    """Play the whole demonstration, or until `stop` is set; return the exit status.

    All clients of the stage are gone when this returns: the embedded broker waits for them.
    """
    try:
        with Scene(stage, stop, _PATIENCE_S if wishes.once else math.inf) as scene:
            return _acts(scene, wishes, page, phases)
    except Stopped:
        page.say("Interrupted.")
        return INTERRUPTED
    except (PartEnded, TookTooLong, KafkaException, RedisError) as error:
        typer.echo(f"nyxter: {_reason(stage, error)}", err=True)
        return _FAILED


def _acts(scene: Scene, wishes: Wishes, page: Page, phases: Phases) -> int:
    parcels = _make_up(scene, wishes.customers)
    phases.end(f"a base of {len(parcels):,} events made up")
    with page.loading(len(parcels), wishes.customers) as show:
        load(scene, parcels, show)
    phases.end("base loaded, everyone has a card in Redis")
    page.say(f"Ready after {phases.seconds:.1f} s.\n", "bold green")
    if not wishes.once:
        page.say("The console, in a browser on this machine (the link lets in, so keep it):")
        page.say(f"  {scene.lookup.link}\n", "cyan")
        del parcels
        return _watch(scene, wishes, page)
    return _prove(scene, wishes, page, phases, parcels)


def _make_up(scene: Scene, customers: int) -> list[Parcel]:
    """Return a base; contracts last, as nine in ten events are some and none moves a score.

    So everyone stands where they belong early on. The result is the same in any order.
    """
    parcels: list[Parcel] = []
    for event in base(_SEED, customers, datetime.now(BUSINESS_ZONE).date()):
        if len(parcels) % _LOOK_EVERY == 0:
            scene.look()
        parcels.append(parcel_of(event))
    return sorted(parcels, key=lambda parcel: parcel.topic == CONTRACTS)


def _watch(scene: Scene, wishes: Wishes, page: Page) -> int:
    """Play until told to stop, which is the proper end."""
    tried = partial(commands, scene.stage.settings, wishes.rules_file)
    try:
        _play(scene, page, _live(wishes.customers, wishes.rate), wishes.rate, tried)
    except Stopped:
        page.say("Ended.")
    return 0


def _prove(scene: Scene, wishes: Wishes, page: Page, phases: Phases, parcels: list[Parcel]) -> int:
    count = len(parcels)
    parcels += islice(_live(wishes.customers, _RATE), _EVENTS)
    _play(scene, page, iter(parcels[count:]), _RATE, lambda _: ())
    phases.end(f"{_EVENTS:,} live events played")
    proof = prove(scene, [parcel.line for parcel in parcels], wishes.rules, phases)
    _report(page, proof, len(parcels), phases.seconds)
    return _FAILED if proof.differences else 0


def _play(scene: Scene, page: Page, events: Iterator[Parcel], rate: float, tried: Commands) -> None:
    starts = scene.shelf.ends_of(SEGMENT_EVENTS)
    with (
        Transitions(scene.stage.client, starts) as transitions,
        page.playing(tried) as show,
    ):
        play(scene, transitions, events, rate, show)


def _live(customers: int, rate: float) -> Iterator[Parcel]:
    events = live(_SEED, customers, datetime.now(UTC), per_second=rate)
    return (parcel_of(event) for event in events)


def _report(page: Page, proof: Proof, events: int, seconds: float) -> None:
    differing = len(proof.differences)
    page.say(
        f"{events:,} events, {proof.customers:,} customers, {proof.cards:,} cards compared "
        f"with replay as of {proof.day}: {differing:,} differ. {seconds:.1f} s in all.",
        "bold red" if differing else "bold green",
    )
    for name in list(proof.differences)[:_SHOWN]:
        page.say(f"  {name}: {', '.join(proof.differences[name])}")


def _reason(stage: Stage, error: Exception) -> str:
    """Return why it failed: a process that ended explains what came of it."""
    try:
        stage.check()
    except PartEnded as ended:
        return str(ended)
    return str(error)
