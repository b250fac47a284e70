"""What is new of customers whose keys in Redis hold what is not ours."""

from collections import deque
from collections.abc import Mapping
from typing import Final

from streams.cache.batch import Change
from streams.cards import HISTORY
from streams.place import Place
from streams.topics import PROFILES, SEGMENT_EVENTS

MOST: Final = 10_000
AT_ONCE: Final = 500


class Waiting:
    """Keeps changes until they can be written, and positions before them.

    A customer's changes stay together: a transition that is written before the card that it
    belongs to would be lost, as whoever has no card is gone.
    """

    def __init__(self) -> None:
        self._changes: dict[bytes, Change] = {}
        self._keys: dict[bytes, list[bytes]] = {}
        self._turns: deque[bytes] = deque()

    def __len__(self) -> int:
        """Return how many customers wait."""
        return len(self._changes)

    @property
    def is_full(self) -> bool:
        """Whether more of them than we keep would have to wait."""
        return len(self._changes) > MOST

    def clear(self) -> None:
        """Forget all: it is read again."""
        self._changes.clear()
        self._keys.clear()
        self._turns.clear()

    def join(self, changes: Mapping[bytes, Change]) -> dict[bytes, Change]:
        """Put changes to those that wait already; return the others."""
        for customer in changes.keys() & self._changes.keys():
            _merge(self._changes[customer], changes[customer])
        return {c: change for c, change in changes.items() if c not in self._changes}

    def due(self) -> dict[bytes, Change]:
        """Return some of those that wait, to try them; others the next time."""
        some = [self._turns.popleft() for _ in range(min(AT_ONCE, len(self._turns)))]
        self._turns.extend(some)
        return {customer: self._changes[customer] for customer in some}

    def settle(self, tried: Mapping[bytes, Change], refused: Mapping[bytes, list[bytes]]) -> bool:
        """Keep those changes that were refused, with the keys in their way; forget the others.

        Tell whether some wait now who did not before.
        """
        are_new = not refused.keys() <= self._changes.keys()
        for customer, change in tried.items():
            if customer in refused:
                if customer not in self._changes:
                    self._turns.append(customer)
                self._changes[customer], self._keys[customer] = change, refused[customer]
            elif self._changes.pop(customer, None) is not None:
                del self._keys[customer]
                self._turns.remove(customer)
        return are_new

    def hold_back(self, positions: Mapping[Place, int]) -> dict[Place, int]:
        """Return positions that lie before everything that waits."""
        held = dict(positions)
        for change in self._changes.values():
            for place, offsets in _offsets(change).items():
                if place in held:
                    held[place] = min(held[place], *offsets)
        return held

    def counts(self) -> dict[Place, int]:
        """Return by place how many records wait."""
        found: dict[Place, int] = {}
        for change in self._changes.values():
            for place, offsets in _offsets(change).items():
                found[place] = found.get(place, 0) + len(offsets)
        return found

    def keys(self) -> dict[int, list[bytes]]:
        """Return by partition the foreign keys that are in the way, the oldest first."""
        found: dict[int, list[bytes]] = {}
        for customer, keys in self._keys.items():
            found.setdefault(self._changes[customer].partition, []).extend(keys)
        return found


def _merge(change: Change, newer: Change) -> None:
    if newer.version is not None:
        change.version, change.updated_at = newer.version, newer.updated_at
        change.profile, change.standing = newer.profile, newer.standing
    change.transitions = [*change.transitions, *newer.transitions][-HISTORY:]


def _offsets(change: Change) -> dict[Place, list[int]]:
    found: dict[Place, list[int]] = {}
    if change.version is not None:
        found[Place(PROFILES, change.partition)] = [change.version]
    if change.transitions:
        found[Place(SEGMENT_EVENTS, change.partition)] = [at for at, _ in change.transitions]
    return found
