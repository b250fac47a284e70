"""What Redis says of the cache itself."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from redis import Redis

from schemas.envelope import dumps
from streams.cache.batch import Change
from streams.cache.scripts import Argument, Script
from streams.cards import META
from streams.lane.standstills import EVERY, Standstill
from streams.place import Place

STANDSTILL: Final = "standstill:"
"""What the names of fields begin with that say what is in the way: its kind, then a partition."""


class Meta:
    """Schema, newest snapshot with its rules, newest day, and how far the cache is behind.

    Snapshot and day never go back in Redis, whoever writes them in whatever order.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = Script(redis, "meta")
        self._snapshot: int | None = None
        self._rules = self._day = ""
        self._said: dict[str, bytes] | None = None

    def open(self) -> None:
        """Make Redis ready to be written to, and forget what was seen: it is to be seen again."""
        self._script.load()
        self._snapshot, self._rules, self._day = None, "", ""
        self._said = None

    def see(self, changes: Iterable[Change]) -> None:
        """Take note of what the profiles name."""
        for profile in (change.profile for change in changes if change.profile):
            snapshot = profile["snapshot"]
            if self._snapshot is None or snapshot >= self._snapshot:
                self._snapshot, self._rules = snapshot, profile["rules"]
            self._day = max(self._day, profile["day"])

    def mend(self, places: Collection[Place]) -> None:
        """Have Redis say what was seen, and nothing of other places than these.

        Caches that saw newer profiles meanwhile say so again within a second.
        """
        names, ours = self._names(), {str(EVERY), *(str(place.partition) for place in places)}
        lags = {f"lag:{place.name}" for place in places}
        strange = [name for name in names if name.startswith("lag:") and name not in lags]
        strange += [
            n for n in names if n.startswith(STANDSTILL) and n.rpartition(":")[2] not in ours
        ]
        pipe = self._redis.pipeline(transaction=True)
        pipe.hdel(META, "snapshot", "rules", "day", *strange)
        if "updated_at" in names and self._snapshot is not None:
            seen = {"snapshot": self._snapshot, "rules": self._rules, "day": self._day}
            pipe.hset(META, mapping=seen)  # type: ignore[arg-type]
        pipe.execute()

    def write(self, lags: Mapping[Place, int], standstills: Iterable[Standstill] = ()) -> None:
        """Tell Redis what was seen, how far behind each of our places is, what is in the way."""
        snapshot = "" if self._snapshot is None else self._snapshot
        args: list[Argument] = [snapshot, self._rules, self._day]
        for place, lag in lags.items():
            args += (place.name, lag)
        self._script.run([META], args)
        self._say({_field(each): _said(each) for each in standstills}, lags)

    def _say(self, said: dict[str, bytes], lags: Collection[Place]) -> None:
        """Replace what we said was in the way, or who had our places before us."""
        if said == self._said:
            return
        ours = {str(EVERY), *(str(place.partition) for place in lags)}
        names = self._held() if self._said is None else list(self._said)
        for name in names:
            if name.rpartition(":")[2] in ours and name not in said:
                self._redis.hdel(META, name)
        for name, value in said.items():
            self._redis.hset(META, name, value)
        self._said = said if lags else None

    def _held(self) -> list[str]:
        return [name for name in self._names() if name.startswith(STANDSTILL)]

    def _names(self) -> list[str]:
        held: Any = self._redis.hgetall(META)
        return [name.decode("utf-8", "surrogateescape") for name in held]


def _field(each: Standstill) -> str:
    return f"{STANDSTILL}{each.reason}:{each.partition}"


def _said(each: Standstill) -> bytes:
    return dumps({"detail": each.detail, "remedy": each.remedy})
