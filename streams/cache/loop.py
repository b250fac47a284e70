"""The cache at work: output topics in, Redis filled."""

import threading
import time
from collections.abc import Mapping

import structlog
from redis import RedisError
from redis.backoff import EqualJitterBackoff

from streams.cache.batch import Batch
from streams.cache.feed import Feed
from streams.cache.meta import Meta
from streams.cache.moves import Moves
from streams.cache.obstacles import Obstacles, is_of_foreign_key
from streams.cache.outset import Outset
from streams.cache.positions import Positions
from streams.cache.sizes import Sizes
from streams.cache.store import Store
from streams.cache.waiting import Waiting
from streams.lane.standstills import Standstills
from streams.place import Place

LIMIT = 1000  # records a batch
POLL_S = 0.1
TICK_S = 1.0  # how often Redis is looked at when nothing comes
SOURCE_S = 5.0  # how often the broker is asked whether the topics are still the same

log = structlog.get_logger(__name__)


class Cache:
    """Keeps Redis as the output topics say.

    There is one way to start and to go on after anything went wrong: take over the places that
    the group gives, ask Redis how far it is filled, and read from there. So when Redis is away,
    full or slow, when it comes back empty or at an earlier state, or when the group changes, what
    was not finished is forgotten and read again.

    A key of ours that holds what is not ours stops nobody else: a customer whose card or history
    it is waits, with the position before them; what all share is left out, and Redis remembers
    that (`streams.cache.marks`).

    Parameters
    ----------
    feed
        The output topics.
    store, moves, positions, meta, sizes
        The parts of Redis that are written.
    outset
        Says where to go on from.
    obstacles
        Reports what is in the way.

    Attributes
    ----------
    lags
        Records still to come of each place, as it was seen last.
    turned_at
        When the loop last went round, in monotonic seconds.

    """

    def __init__(
        self,
        feed: Feed,
        store: Store,
        moves: Moves,
        positions: Positions,
        meta: Meta,
        sizes: Sizes,
        outset: Outset,
        obstacles: Obstacles,
    ) -> None:
        self._feed = feed
        self._store = store
        self._moves = moves
        self._positions = positions
        self._meta = meta
        self._sizes = sizes
        self._outset = outset
        self._obstacles = obstacles
        self._waiting = Waiting()
        self._limit = LIMIT
        self._failures = 0
        self._backoff = EqualJitterBackoff(cap=2.0, base=0.1)
        self._tick_at = self._source_at = 0.0
        self._trouble = ""
        self.lags: Mapping[Place, int] = {}
        self.turned_at = time.monotonic()

    @property
    def standstills(self) -> Standstills:
        """What keeps Redis from saying what the topics say."""
        return self._obstacles.standstills

    def problems(self) -> list[str]:
        """Return why Redis is not being filled just now, or not whole, in words."""
        found = [f"{each.detail}; {each.remedy}" for each in self.standstills.current()]
        if self._trouble:
            return [f"Redis is away: {self._trouble}", *found]
        return found if found or self._feed.is_placed else ["no partitions are placed yet"]

    def run(self, stop: threading.Event) -> None:
        """Join the group, work until `stop` is set, leave the group."""
        self._feed.open()
        try:
            while not stop.is_set():
                self._turn()
        finally:
            self._feed.close()

    def _turn(self) -> None:
        self.turned_at = time.monotonic()
        try:
            self._start()
            self._copy()
        except RedisError as error:
            self._rest(error)

    def _start(self) -> None:
        """Go on from what Redis holds, unless we are at it, have no places, or may not."""
        if self._feed.is_placed:
            return
        if not (places := self._feed.given):
            self.standstills.end_all()
            return
        self._store.open()
        self._moves.open()
        self._meta.open()
        self._waiting.clear()
        self.standstills.keep_partitions(frozenset(place.partition for place in places))
        if (held := self._outset.find(places)) is None:
            self._say(dict.fromkeys(places, 0))
            self._feed.rest(TICK_S / 2)
            return
        self._feed.place(held)
        self._source_at = time.monotonic() + SOURCE_S
        log.info("cache_placed", places=len(held), empty=not any(held.values()))

    def _copy(self) -> None:
        """Write what is there; in any case look at Redis once in `TICK_S`."""
        batch = self._feed.take(self._limit, POLL_S)
        if not self._feed.is_placed:
            return
        is_due = time.monotonic() >= self._tick_at
        if self._waiting.is_full or not self._write(batch, is_due=is_due):
            self._begin_again()
        elif is_due:
            self._tick()

    def _write(self, batch: Batch, *, is_due: bool) -> bool:
        """Write and move on; False where our places are not ours any more."""
        changes = self._waiting.join(batch.changes)
        if is_due:
            changes |= self._waiting.due()
        if changes or batch.moves:
            written, counted = self._store.write(changes), self._moves.write(batch.moves)
            if not (written and counted):
                return False
            have_come = self._waiting.settle(changes, written.refused)
            self._obstacles.remember(written.without | counted.without, has_customers=have_come)
            self._meta.see(batch.changes.values())
            self._limit = min(LIMIT, 2 * self._limit)
        return not (batch.changes or is_due) or self._positions.keep(self._reached())

    def _reached(self) -> dict[Place, int]:
        """Return the offset of each place before which all is written."""
        return self._waiting.hold_back(self._feed.positions())

    def _tick(self) -> None:
        """Tell how far we are."""
        waiting = self._waiting.counts()
        self.lags = {at: lag + waiting.get(at, 0) for at, lag in self._feed.lags().items()}
        self._sizes.keep()
        partitions = {place.partition for place in self._feed.given}
        self._obstacles.look(self._waiting, partitions, self._sizes.foreign)
        self._say(self.lags)
        self._feed.commit(self._reached())
        self._tick_at = time.monotonic() + TICK_S
        if self._failures:
            log.info("redis_back", failures=self._failures)
            self._failures = 0
            self._trouble = ""
        if time.monotonic() >= self._source_at:
            self._source_at = time.monotonic() + SOURCE_S
            if not self._outset.is_same_source():
                self._feed.displace()

    def _say(self, lags: Mapping[Place, int]) -> None:
        """Have Redis say how far we are, and what is in the way, unless that key is not ours."""
        try:
            self._meta.write(lags, self.standstills.current())
        except RedisError as error:
            if not is_of_foreign_key(error):
                raise
            self._obstacles.report_shared(())

    def _begin_again(self) -> None:
        """Redis lost what we wrote, or another process has our places: the group will tell."""
        log.warning("cache_displaced")
        self._feed.displace()
        self._feed.rest(TICK_S / 2)

    def _rest(self, error: RedisError) -> None:
        """Wait for Redis, longer each time, and try smaller batches in case they took too long."""
        is_foreign = self._is_explained(error)
        self._trouble = "" if is_foreign else type(error).__name__
        if not self._failures and not is_foreign:
            log.warning("redis_away", error=self._trouble, answer=str(error)[:200])
        self._feed.displace()
        self._feed.rest(self._backoff.compute(min(self._failures, 10)))
        self._failures += 1
        self._limit = max(1, self._limit // 4)
        self._tick_at = 0.0

    def _is_explained(self, error: RedisError) -> bool:
        try:
            return self._obstacles.explains(error)
        except RedisError:
            return False
