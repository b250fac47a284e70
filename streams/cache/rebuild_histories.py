"""The histories of a partition's customers, made as its topic of segment events says."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from redis import Redis

from streams.cache import held
from streams.cache.batch import Change, transition_of
from streams.cache.past import Past, Transition, event_of
from streams.cache.rebuild_cards import Write
from streams.cache.scripts import answers
from streams.cards import history_key
from streams.place import Place
from streams.reader import records
from streams.topics import SEGMENT_EVENTS

_SOME: Final = 200  # customers a round trip


class Histories:
    """Replaces what is held before an offset by all that the topic holds before it.

    Entries from there on may be a cache's, which goes on meanwhile, or of other topics. A cache
    only writes what is committed: so what is read up to the end *after* such entries were seen
    holds their events, or they cannot be.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    redis
        The client; it must not decode.
    partition
        Whose histories.
    write, renew
        Write changes; keep the right to do so, now and then.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        redis: Redis,
        partition: int,
        write: Write,
        renew: Callable[[], None],
    ) -> None:
        self._client = client
        self._redis = redis
        self._place = Place(SEGMENT_EVENTS, partition)
        self._write = write
        self._renew = renew

    def make(self, past: Past, alive: Iterable[bytes]) -> None:
        """Make the histories of these customers as the topic says; others have none."""
        left, beyond = set(alive), dict[bytes, list[str]]()
        for histories in past:
            self._renew()
            known = {c: listed for c, listed in histories.items() if c in left}
            left -= known.keys()
            beyond |= self._replace(known, past.end)
        beyond |= self._replace({key: [] for key in left}, past.end)
        end = past.end
        while beyond:
            end, beyond = self._replace_since(end, beyond)

    def _replace(
        self, histories: Mapping[bytes, list[Transition]], end: int
    ) -> dict[bytes, list[str]]:
        """Replace all before the end; return the entries that are held beyond it."""
        beyond: dict[bytes, list[str]] = {}
        for customers in held.some(histories, _SOME):
            self._put({customer: histories[customer] for customer in customers}, 0, end)
            beyond |= self._beyond(customers, end)
        return beyond

    def _beyond(self, customers: list[bytes], end: int) -> dict[bytes, list[str]]:
        pipe = self._redis.pipeline(transaction=False)
        for customer in customers:
            pipe.xrange(history_key(customer), f"{end}-0")
        found: dict[bytes, list[str]] = {}
        for customer, entries in zip(customers, answers(pipe), strict=True):
            if entries:
                found[customer] = [entry.decode() for entry, _ in entries]
        return found

    def _replace_since(
        self, start: int, beyond: Mapping[bytes, list[str]]
    ) -> tuple[int, dict[bytes, list[str]]]:
        """Replace what customers hold since `start`, of whom entries were seen beyond it.

        Returned are the end, and who is to be looked at again: where an entry was held that cannot
        be, a cache may have passed over what is newer.
        """
        ends, reached = {self._place: start}, start
        offsets = {customer: set(map(_offset, ids)) for customer, ids in beyond.items()}
        for piece in records(self._client, {self._place: start}, ends):
            self._renew()
            if piece:
                first, reached = reached, piece[-1].offset() + 1
                seen = range(first, reached)
                given = self._transitions(piece, beyond)
                also = {c for c, held_at in offsets.items() if any(at in seen for at in held_at)}
                self._put({c: given.get(c, []) for c in given.keys() | also}, first, reached)
        end = ends[self._place]
        impossible = {
            customer: [entry for entry in ids if _offset(entry) >= reached or not _is_ours(entry)]
            for customer, ids in beyond.items()
        }
        impossible = {customer: ids for customer, ids in impossible.items() if ids}
        self._put({key: [] for key in impossible}, reached, end, impossible)
        return end, {key: [] for key in impossible}

    def _transitions(
        self, piece: Iterable[Any], customers: Mapping[bytes, Any]
    ) -> dict[bytes, list[Transition]]:
        given: dict[bytes, list[Transition]] = {}
        for message in piece:
            customer = message.key()
            if customer in customers and (event := event_of(message)) is not None:
                given.setdefault(customer, []).append((message.offset(), transition_of(event)))
        return given

    def _put(
        self,
        histories: Mapping[bytes, list[Transition]],
        start: int,
        end: int,
        impossible: Mapping[bytes, list[str]] | None = None,
    ) -> None:
        """Replace what is held from an offset to another, and entries that cannot be."""
        for customers in held.some(histories, _SOME):
            changes = {
                customer: Change(
                    self._place.partition,
                    transitions=histories[customer],
                    whole_from=start,
                    whole_before=end,
                    impossible_entries=(impossible or {}).get(customer, []),
                )
                for customer in customers
            }
            self._write(changes)


def _offset(entry: str) -> int:
    return int(entry.partition("-")[0])


def _is_ours(entry: str) -> bool:
    return entry.endswith("-1") and entry.count("-") == 1
