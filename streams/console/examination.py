"""What the broker says of the work: asked in a thread, now and then, for all pages together."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from nyxter_online.refusals import Kind, kind_of
from streams import topics
from streams.cli.dead_letters.letter import State
from streams.cli.dead_letters.listing import Filters, listing_of
from streams.client import client_config
from streams.lane.changelog import OtherVersion
from streams.lane.standstills import Standstill
from streams.monitoring.diagnosis import Glimpse, find_standstills, find_unmoved, glimpse
from streams.settings import Settings
from streams.stored_positions import lags, marks, reached
from streams.topics import NoTopic

log = structlog.get_logger()

_EVERY_S: Final = 10.0
MOST_LETTERS: Final = 50_000
"""Dead letters that are counted by reason; of more, only how many there are is told."""

Letters = Mapping[tuple[Kind, State], int]
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Examined:
    """What the broker said; each is None where it did not answer, or did not let us ask.

    Attributes
    ----------
    lags
        By partition, how many events the workers still have to apply.
    members
        How many workers are in the group.
    letters
        Dead letters by kind of reason and by what became of them; None too where there are too
        many to count.
    all_letters
        How many dead letters there are.
    standstills
        What cannot go on, or has not since the look before.

    """

    lags: Mapping[int, int] | None
    members: int | None
    letters: Letters | None
    all_letters: int | None
    standstills: Sequence[Standstill] = ()

    @property
    def open_letters(self) -> int:
        """How many dead letters nobody has sent again, as far as they were counted."""
        return sum(n for (_, state), n in (self.letters or {}).items() if state == State.OPEN)


class Examination:
    """Asks the broker when it is asked, but every ten seconds at most."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._asked_at = -_EVERY_S
        self._last: Examined | None = None
        self._glimpse: Glimpse | None = None

    @property
    def last(self) -> Examined | None:
        """What was said last, None before the first answer."""
        return self._last

    async def look(self) -> Examined:
        """Return what the broker says, or said a moment ago."""
        async with self._turn:
            if self._last is None or time.monotonic() - self._asked_at >= _EVERY_S:
                self._last = await asyncio.to_thread(self._examine)
                self._asked_at = time.monotonic()
            return self._last

    def _examine(self) -> Examined:
        settings = self._settings
        client = dict(client_config(settings))
        admin = AdminClient(client | {"log_level": 0})
        count = _told(lambda: _count(admin, settings.partitions))
        few = count is not None and count <= MOST_LETTERS
        seen = _told(lambda: glimpse(settings, admin, client))
        members = None if seen is None or seen.members is None else len(seen.members)
        return Examined(
            None if seen is None else lags(seen.edges, reached(seen.positions)),
            members,
            _told(lambda: _by_kind(client)) if few else None,
            count,
            () if seen is None else self._standstills(seen),
        )

    def _standstills(self, seen: Glimpse) -> list[Standstill]:
        before, self._glimpse = self._glimpse, seen
        found = find_standstills(self._settings.partitions, seen)
        if before is not None and seen.members != []:
            known = {each.partition for each in found}
            found += [each for each in find_unmoved(before, seen) if each.partition not in known]
        return found


def _told(ask: Callable[[], _Answer]) -> _Answer | None:
    try:
        return ask()
    except (KafkaException, NoTopic, OtherVersion, OSError) as error:
        log.warning("broker not examined", error=type(error).__name__)
        return None


def _by_kind(client: Mapping[str, Any]) -> Letters:
    told = listing_of(client, Filters()).told()
    return Counter((kind_of(row.reason), state) for row, state in told)


def _count(admin: AdminClient, partitions: int) -> int:
    """Return about how many dead letters there are: a transaction's end counts as well."""
    held = marks(admin, (topics.DEAD_LETTERS,), range(partitions))
    return sum(end - start for start, end in held.values())
