"""The cards of a partition, made as its topic of profiles says."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import structlog
from confluent_kafka import Message
from redis import Redis

from streams.cache import held
from streams.cache.batch import UNREADABLE, Batch, Change
from streams.cache.survey import Survey
from streams.place import Place
from streams.reader import records
from streams.topics import PROFILES

_SOME: Final = 200  # customers a round trip
_REMOVED: Final = b"removed"

log = structlog.get_logger(__name__)

Write = Callable[[Mapping[bytes, Change]], None]
"""Writes what is new of customers."""


class Cards:
    """Writes the newest record of each customer, and ends who has none.

    A card that says it is newer than that may be a cache's, which goes on meanwhile, or of other
    topics. A cache only writes what is committed; so what is read up to the end *after* such a
    card was seen holds its record, or the card cannot be. While it was there a cache may have
    been refused what is newer than ours: so its customer is looked at once more.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    redis
        The client; it must not decode.
    partition
        Whose cards.
    write, renew
        Write changes; keep the right to do so, now and then.

    Attributes
    ----------
    alive
        The customers who have a profile.
    removed
        How many cards were removed that the topic does not know.

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
        self._place = Place(PROFILES, partition)
        self._write = write
        self._renew = renew
        self._survey = Survey(client, {self._place: 0})
        self._beyond: dict[bytes, bytes] = {}
        self._missed: dict[bytes, int] = {}
        self.alive: set[bytes] = set()
        self.removed = 0
        self._look()

    @property
    def newest(self) -> dict[bytes, int]:
        """The offset of each customer's newest record, as far as was read."""
        return self._survey.newest[self._place]

    def make(self, customers: Iterable[bytes]) -> None:
        """Make these customers' cards as the topic says; who is not in it has none."""
        due = set(customers)
        while due:
            due = self._make_once(due)
            if due:
                self._survey.extend()
                self._look()

    def _look(self) -> None:
        for _ in self._survey:
            self._renew()

    def _make_once(self, due: set[bytes]) -> set[bytes]:
        """Write what can be decided now; return who is to be looked at again."""
        again, left = set[bytes](), set(due)
        for messages in held.some(self._newest_of(due), _SOME):
            left.difference_update(message.key() for message in messages)
            again |= self._replace(self._changes(messages))
        strangers = [customer for customer in left if customer not in self.newest]
        for some in held.some(strangers, _SOME):
            again |= self._end({customer: Change(self._place.partition) for customer in some})
        return again | self._still_missed(left.difference(strangers))

    def _newest_of(self, customers: set[bytes]) -> Iterator[Message]:
        offsets = [self.newest[customer] for customer in customers if customer in self.newest]
        if not offsets:
            return
        for piece in records(self._client, {self._place: min(offsets)}):
            self._renew()
            for message in piece:
                key = message.key()
                if key in customers and self.newest[key] == message.offset():
                    yield message

    def _still_missed(self, customers: set[bytes]) -> set[bytes]:
        """Take note of whose newest record was compacted away; after a second look, they are gone.

        Otherwise they had come anew meanwhile.
        """
        for customer in customers:
            newest = self.newest[customer]
            if self._missed.get(customer) == newest:
                del self.newest[customer]
                self.alive.discard(customer)
            self._missed[customer] = newest
        return customers

    def _changes(self, messages: Iterable[Message]) -> dict[bytes, Change]:
        """Read records; one that cannot be read is passed over, as the cache does."""
        batch = Batch()
        for message in messages:
            try:
                batch.add_profile(message)
            except UNREADABLE:
                at, offset = self._place.name, message.offset()
                log.error("unreadable_record", place=at, offset=offset)  # noqa: TRY400
        return batch.changes

    def _replace(self, changes: Mapping[bytes, Change]) -> set[bytes]:
        """Write records of customers; return who is to be looked at again."""
        again = set()
        for customer, version, _ in self._held(changes):
            change = changes[customer]
            living = self.alive.add if change.profile is not None else self.alive.discard
            living(customer)
            if self._is_undecided(customer, version, change):
                again.add(customer)
            elif version is not None and change.version is not None:
                is_possible = not change.version < _number(version) < self._survey.ends[self._place]
                change.impossible = None if is_possible else version
        self._write(changes)
        return again

    def _end(self, changes: dict[bytes, Change]) -> set[bytes]:
        """End customers whom the topic does not know; return who is to be looked at again."""
        again, ended = set(), dict[bytes, Change]()
        for customer, version, is_gone in self._held(changes):
            change = changes[customer]
            if self._is_undecided(customer, version, change):
                again.add(customer)
                if change.impossible is None:
                    continue
            elif version is not None and not self._number_before_end(version):
                continue  # a cache wrote it since
            is_known = version is not None and change.impossible is None
            change.version = _number(version or b"") if is_known else -1
            ended[customer] = change
            self.removed += version is not None and not is_gone
        self._write(ended)
        return again

    def _is_undecided(self, customer: bytes, version: bytes | None, change: Change) -> bool:
        """Tell whether to look at a customer again; a version that cannot be is named in `change`.

        A version that is no number is none to the script that writes cards.
        """
        if version is None or self._number_before_end(version):
            return False
        seen = self._beyond.setdefault(customer, version)
        if seen is version:
            return True
        if seen != version:
            return False
        self._beyond[customer], change.impossible = _REMOVED, version
        return True

    def _number_before_end(self, version: bytes) -> bool:
        return _number(version) < self._survey.ends[self._place]

    def _held(
        self, customers: Mapping[bytes, Change]
    ) -> Iterator[tuple[bytes, bytes | None, bool]]:
        found = held.versions(self._redis, list(customers))
        for customer, (version, is_gone) in zip(customers, found, strict=True):
            yield customer, version, is_gone


def _number(version: bytes) -> int:
    """Return a version as a number; what is none is smaller than all."""
    digits = version.removeprefix(b"-")
    return int(version) if digits.isdigit() else -1
