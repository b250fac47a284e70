"""The desk: what every page and every look-up of the console is handed."""

from dataclasses import dataclass
from functools import cached_property

from redis.asyncio import Redis

from schemas.rules import Rules
from streams.console.board import Board
from streams.console.live import Live
from streams.console.pulse import Pulse
from streams.settings import Settings


@dataclass(frozen=True)
class Desk:
    """The parts of a console, made once by `streams.console.build`.

    Attributes
    ----------
    settings
        Of the process.
    rules
        Those that `settings` name; scores follow from the rules of the workers.
    redis
        The cards; it does not decode.
    live
        What is published of customers, as it comes.
    board
        The newest snapshot.

    """

    settings: Settings
    rules: Rules
    redis: Redis
    live: Live
    board: Board

    @cached_property
    def pulse(self) -> Pulse:
        """What Redis says just now, read once for all pages."""
        return Pulse(self.redis)
