"""The cache: its real loop over a simulated consumer and a simulated Redis, and what must hold."""

from collections import Counter
from typing import Any

from schemas.envelope import loads
from simulation.kernel import Process
from simulation.threads import Event
from simulation.world import World
from streams import topics
from streams.cache import make_cache
from streams.cache.batch import standing_of, transition_of
from streams.cache.counted import counted_as, fields_of, move_of
from streams.cache.past import opens_a_life
from streams.cards import CARD_TEXTS, card_key, history_key, members_key, packed
from streams.counts import COUNTS, moves_key
from streams.settings import Settings


class CacheProcess:
    """One process of the cache, from its start to its end or death."""

    def __init__(self, world: World, name: str, settings: Settings) -> None:
        self.process = Process(name)
        self.has_ended = False
        self._world = world
        self._settings = settings
        self._stop = Event(world.kernel)
        world.kernel.spawn(self.process, "main", self._run)

    @property
    def is_alive(self) -> bool:
        """Whether it runs, or would if it were not paused."""
        return not (self.process.is_dead or self.has_ended)

    def stop(self) -> None:
        """Let it end in order."""
        self._stop.set()

    def _run(self) -> None:
        make_cache(self._settings).run(self._stop)  # type: ignore[arg-type]
        self.has_ended = True


class Expected:
    """What Redis has to hold, by all that was published.

    Parameters
    ----------
    outputs
        Topic, partition, key, value and offset of all committed outputs, in their order.

    """

    def __init__(self, outputs: list[Any]) -> None:
        self.profiles: dict[bytes, tuple[int, Any]] = {}
        self.histories: dict[bytes, list[tuple[int, Any]]] = {}
        self.moves: Counter[Any] = Counter()
        for topic, _, key, value, offset in outputs:
            if topic == topics.PROFILES:
                self.profiles[key] = offset, value and loads(value)
            elif topic == topics.SEGMENT_EVENTS:
                self._add_event(key, loads(value), offset)

    def _add_event(self, key: bytes, event: Any, offset: int) -> None:
        self.moves[move_of(event)] += 1
        listed = self.histories.setdefault(key, [])
        if opens_a_life(event):
            listed.clear()
        listed.append((offset, transition_of(event)))

    def differs(self, keys: dict[bytes, Any]) -> str:
        """Return how Redis differs from it, nothing where it does not."""
        return self._cards(keys) or self._counts(keys) or self._members(keys)

    def _cards(self, keys: dict[bytes, Any]) -> str:
        for customer, (offset, profile) in self.profiles.items():
            card = keys.get(card_key(customer), {})
            if profile is None:
                if b"customer_id" in card:
                    return f"{customer!r} is gone and has a card"
                continue
            flat = packed(profile, CARD_TEXTS)
            due = {_bytes(k): _bytes(v) for k, v in zip(flat[::2], flat[1::2], strict=True)}
            due[b"version"] = str(offset).encode()
            if {name: card.get(name) for name in due} != due:
                return f"{customer!r}: a card of {card.get(b'version')!r}, not of {offset}"
            history = [int(e[0].split(b"-")[0]) for e in keys.get(history_key(customer), [])]
            expected = [at for at, _ in self.histories.get(customer, [])]
            if history != expected[-200:]:
                return f"{customer!r}: history {history[-5:]}, not {expected[-5:]}"
        return ""

    def _counts(self, keys: dict[bytes, Any]) -> str:
        due: Counter[bytes] = Counter()
        for _, profile in self.profiles.values():
            if profile is not None:
                due.update(field.encode() for field in fields_of(counted_as(profile)))
        held = {name: int(count) for name, count in keys.get(COUNTS, {}).items()}
        if held != dict(due):
            return f"counts differ in {len(set(held.items()) ^ set(due.items()))} fields"
        days: dict[bytes, dict[bytes, int]] = {}
        for (day, field), count in self.moves.items():
            days.setdefault(moves_key(day), {})[field.encode()] = count
        for key, fields in days.items():
            if {n: int(c) for n, c in keys.get(key, {}).items()} != fields:
                return f"moves of {key!r} differ"
        return ""

    def _members(self, keys: dict[bytes, Any]) -> str:
        due: dict[bytes, dict[bytes, float]] = {}
        for customer, (_, profile) in self.profiles.items():
            standing = standing_of(profile)
            for segment in standing.segments:
                due.setdefault(members_key(segment), {})[customer] = standing.score
        held = {key: dict(value) for key, value in keys.items() if key.endswith(b":members")}
        if held != due:
            return f"members differ in {[k for k in {**held, **due} if held.get(k) != due.get(k)]}"
        return ""


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
