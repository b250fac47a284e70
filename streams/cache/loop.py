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
from streams.cache.positions import Positions
from streams.cache.sizes import Sizes
from streams.cache.store import Store
from streams.place import Place

LIMIT = 1000  # records a batch
POLL_S = 0.1
TICK_S = 1.0  # how often Redis is looked at when nothing comes

log = structlog.get_logger(__name__)


class Cache:
    """Keeps Redis as the output topics say.

    There is one way to start and to go on after anything went wrong: take over the places that
    the group gives, ask Redis how far it is filled, and read from there. So when Redis is away,
    full or slow, when it comes back empty or at an earlier state, or when the group changes, what
    was not finished is forgotten and read again.

    Parameters
    ----------
    feed
        The output topics.
    store, moves, positions, meta, sizes
        The parts of Redis that are written.

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
    ) -> None:
        self._feed = feed
        self._store = store
        self._moves = moves
        self._positions = positions
        self._meta = meta
        self._sizes = sizes
        self._limit = LIMIT
        self._failures = 0
        self._backoff = EqualJitterBackoff(cap=2.0, base=0.1)
        self._tick_at = 0.0
        self._trouble = ""
        self.lags: Mapping[Place, int] = {}
        self.turned_at = time.monotonic()

    def problems(self) -> list[str]:
        """Return why Redis is not being filled just now, in words."""
        if self._trouble:
            return [f"Redis is away: {self._trouble}"]
        return [] if self._feed.is_placed else ["no partitions are placed yet"]

    def run(self, stop: threading.Event) -> None:
        """Join the group, work until `stop` is set, leave the group.

        Raises ``PositionBeyondEnd`` where this Redis belongs to another broker.
        """
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
        """Go on from what Redis holds, unless we are at it or have no places."""
        if self._feed.is_placed or not (places := self._feed.given):
            return
        self._store.open()
        self._moves.open()
        self._meta.open()
        held = self._positions.take_over(places)
        self._feed.place(held)
        log.info("cache_placed", places=len(held), empty=not any(held.values()))

    def _copy(self) -> None:
        """Write what is there; in any case look at Redis once in `TICK_S`."""
        batch = self._feed.take(self._limit, POLL_S)
        if not self._feed.is_placed:
            return
        is_due = time.monotonic() >= self._tick_at
        if not self._write(batch, is_due=is_due):
            self._begin_again()
        elif is_due:
            self._tick()

    def _write(self, batch: Batch, *, is_due: bool) -> bool:
        """Write and move on; False where our places are not ours any more."""
        if batch.changes:
            if not (self._store.write(batch.changes) and self._moves.write(batch.moves)):
                return False
            self._meta.see(batch.changes.values())
            self._limit = min(LIMIT, 2 * self._limit)
        return not (batch.changes or is_due) or self._positions.keep(self._feed.positions())

    def _tick(self) -> None:
        """Tell how far we are."""
        self.lags = self._feed.lags()
        self._meta.write(self.lags)
        self._sizes.keep()
        self._feed.commit()
        self._tick_at = time.monotonic() + TICK_S
        if self._failures:
            log.info("redis_back", failures=self._failures)
            self._failures = 0
            self._trouble = ""

    def _begin_again(self) -> None:
        """Redis lost what we wrote, or another process has our places: the group will tell."""
        log.warning("cache_displaced")
        self._feed.displace()
        self._feed.rest(TICK_S / 2)

    def _rest(self, error: RedisError) -> None:
        """Wait for Redis, longer each time, and try smaller batches in case they took too long."""
        self._trouble = type(error).__name__
        if not self._failures:
            log.warning("redis_away", error=self._trouble, answer=str(error)[:200])
        self._feed.displace()
        self._feed.rest(self._backoff.compute(min(self._failures, 10)))
        self._failures += 1
        self._limit = max(1, self._limit // 4)
        self._tick_at = 0.0
