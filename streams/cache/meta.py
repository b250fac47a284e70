"""What Redis says of the cache itself."""

from collections.abc import Iterable, Mapping

from redis import Redis

from streams.cache.batch import Change
from streams.cache.scripts import Argument, Script
from streams.cards import META
from streams.place import Place


class Meta:
    """Schema, newest snapshot with its rules, newest day, and how far the cache is behind.

    Snapshot and day never go back in Redis, whoever writes them in whatever order.
    """

    def __init__(self, redis: Redis) -> None:
        self._script = Script(redis, "meta")
        self._snapshot: int | None = None
        self._rules = self._day = ""

    def open(self) -> None:
        """Make Redis ready to be written to, and forget what was seen: it is to be seen again."""
        self._script.load()
        self._snapshot, self._rules, self._day = None, "", ""

    def see(self, changes: Iterable[Change]) -> None:
        """Take note of what the profiles name."""
        for profile in (change.profile for change in changes if change.profile):
            snapshot = profile["snapshot"]
            if self._snapshot is None or snapshot >= self._snapshot:
                self._snapshot, self._rules = snapshot, profile["rules"]
            self._day = max(self._day, profile["day"])

    def write(self, lags: Mapping[Place, int]) -> None:
        """Tell Redis what was seen, and how many records each of our places is behind."""
        snapshot = "" if self._snapshot is None else self._snapshot
        args: list[Argument] = [snapshot, self._rules, self._day]
        for place, lag in lags.items():
            args += (place.name, lag)
        self._script.run([META], args)
