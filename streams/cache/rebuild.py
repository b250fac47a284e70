"""Redis made as the output topics say, all of it, while caches write and support reads."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import structlog
from confluent_kafka import Message
from redis import Redis

from streams.cache import held
from streams.cache.batch import UNREADABLE, Batch, Change
from streams.cache.lease import Lease, LeaseLost
from streams.cache.past import Past, Transition
from streams.cache.positions import POSITIONS
from streams.cache.recount import Recount
from streams.cache.scripts import answers
from streams.cache.store import Store
from streams.cache.survey import Survey
from streams.cards import META, SEGMENTS, history_key
from streams.counts import MOVES
from streams.ends import Ends
from streams.lane.partitioner import partition_of
from streams.place import Place
from streams.reader import records
from streams.topics import PROFILES, SEGMENT_EVENTS

_SOME: Final = 200  # customers a round trip

log = structlog.get_logger(__name__)


class Rebuilt(NamedTuple):
    """What a rebuild came to: customers written, and how many were removed as unknown."""

    customers: int
    leftovers: int


Told = Callable[[str, int], None]
"""Takes what is being done, and how much of it was done since it was last told."""


class Rebuild:
    """Writes every card, every member and every history anew, each customer's in one piece.

    Counts are made anew beside those that there are, and replace them in the end (`Recount`).

    Nothing is removed first: a card is replaced by the same or a newer one. Only the newest record
    of each customer is written, so nobody goes back, and whatever is newer in Redis stays, unless
    the topics cannot have said it. In the end goes whom the topics do not know.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    ends
        Tells where topics end.
    redis
        The client.
    partitions
        Of the output topics.
    told
        Hears how far it is.

    """

    def __init__(
        self, client: Mapping[str, Any], ends: Ends, redis: Redis, partitions: int, told: Told
    ) -> None:
        self._client = client
        self._ends = ends
        self._redis = redis
        self._partitions = partitions
        self._told = told
        self._lease = Lease(redis)
        self._store = Store(redis, self._lease)
        self._recount = Recount(redis, self._lease)
        self._surveys: dict[int, Survey] = {}

    def run(self) -> Rebuilt:
        """Do it all; at the end Redis says what the topics said when it began, or newer.

        Raises
        ------
        LeaseLost
            Another rebuild is under way, or this one was held up.
        KafkaException, RedisError
            The broker, or Redis, does not answer or refuses.

        """
        self._lease.take()
        try:
            self._store.open()
            self._mend_positions()
            self._know_segments()
            self._recount.begin(self._partitions)
            customers = sum(self._customers(number) for number in range(self._partitions))
            leftovers = self._remove_unknown()
            self._recount.end()
            return Rebuilt(customers, leftovers)
        finally:
            self._lease.give_back()
            self._recount.drop()

    def _mend_positions(self) -> None:
        """Forget positions that the topics do not reach: they are of other topics."""
        numbers = range(self._partitions)
        places = [Place(topic, n) for topic in (PROFILES, SEGMENT_EVENTS) for n in numbers]
        ends = self._ends.written(places)
        for place in places:
            position: Any = self._redis.hget(POSITIONS, place.name)
            if int(position or 0) > ends[place]:
                log.warning("position_beyond_end", place=place.name)
                self._redis.hdel(POSITIONS, place.name, f"owner:{place.name}")
                self._redis.hdel(META, "snapshot", "rules", "day")
            if place.topic == SEGMENT_EVENTS:
                self._mend_moves(place.partition, ends[place])

    def _mend_moves(self, partition: int, end: int) -> None:
        counted: Any = self._redis.hget(MOVES, str(partition))
        if int(counted or 0) > end:
            self._redis.hdel(MOVES, str(partition))

    def _know_segments(self) -> None:
        if names := held.segments(self._redis):
            self._redis.sadd(SEGMENTS, *names)

    def _customers(self, partition: int) -> int:
        """Write the customers of a partition; return how many there are."""
        while True:
            survey = self._look(partition)
            alive = self._write_cards(partition, survey)
            if alive is not None:
                break  # otherwise some came anew meanwhile, and what they were before is gone
        self._surveys[partition] = survey
        self._write_histories(partition, alive)
        return len(alive)

    def _look(self, partition: int) -> Survey:
        survey = Survey(self._client, {Place(PROFILES, partition): 0})
        for _ in survey:
            self._lease.renew()
        return survey

    def _write_cards(self, partition: int, survey: Survey) -> set[bytes] | None:
        """Write the newest record of each customer; return who is alive, None if some are gone."""
        place = Place(PROFILES, partition)
        newest, alive, seen = survey.newest[place], set[bytes](), 0
        for messages in held.some(_newest(records(self._client, {place: 0}), newest), _SOME):
            batch = Batch()
            for message in messages:
                _add(batch, message)
            seen += len(messages)
            alive |= {customer for customer, c in batch.changes.items() if c.profile is not None}
            self._name_impossible(batch.changes, survey.ends[place])
            self._write(batch.changes, "cards")
        return alive if seen == len(newest) else None

    def _name_impossible(self, changes: Mapping[bytes, Change], end: int) -> None:
        """Find cards whose versions the topic cannot have given; `end` is how far we looked."""
        found = held.versions(self._redis, list(changes))
        for change, (version, _) in zip(changes.values(), found, strict=True):
            newest = -1 if change.version is None else change.version
            if version is not None and self._is_impossible(version, newest, end, change.partition):
                change.impossible = version.decode("utf-8", "replace")

    def _is_impossible(self, version: bytes, newest: int, end: int, partition: int) -> bool:
        try:
            number = int(version)
        except ValueError:
            return True
        if number < end:
            return number > newest
        place = Place(PROFILES, partition)
        return number >= self._ends.written([place])[place]

    def _write_histories(self, partition: int, alive: set[bytes]) -> None:
        past, left = Past(self._client, partition, self._recount.first(partition)), set(alive)
        self._recount.add(past.moves, past.partly)
        for histories in past:
            self._lease.renew()
            self._write_whole(partition, histories.items(), alive, past.end)
            left -= histories.keys()
        self._write_whole(partition, ((customer, []) for customer in left), alive, past.end)

    def _write_whole(
        self,
        partition: int,
        histories: Iterable[tuple[bytes, list[Transition]]],
        alive: set[bytes],
        end: int,
    ) -> None:
        due = ((customer, listed) for customer, listed in histories if customer in alive)
        for listed in held.some(due, _SOME):
            changes = {
                customer: Change(partition, transitions=transitions, whole_before=end)
                for customer, transitions in listed
            }
            self._write(changes, "histories")
            self._drop_impossible(partition, changes, end)

    def _drop_impossible(self, partition: int, customers: Iterable[bytes], end: int) -> None:
        """Remove transitions at offsets that the topic has not come to; we read up to `end`."""
        keys = [history_key(customer) for customer in customers]
        pipe = self._redis.pipeline(transaction=False)
        for key in keys:
            pipe.xrange(key, f"{end}-0")
        found = [
            (key, [entry for entry, _ in entries])
            for key, entries in zip(keys, answers(pipe), strict=True)
            if entries
        ]
        if not found:
            return
        place = Place(SEGMENT_EVENTS, partition)
        written = self._ends.written([place])[place]
        for key, entries in found:
            beyond = [entry for entry in entries if int(entry.partition(b"-")[0]) >= written]
            if beyond:
                self._redis.xdel(key, *beyond)

    def _remove_unknown(self) -> int:
        """Remove whoever is in Redis and in no topic; return how many had a card."""
        removed = 0
        for customers in held.some(self._unknown(), _SOME):
            changes: dict[bytes, Change] = {}
            found = held.versions(self._redis, customers)
            for customer, (version, gone) in zip(customers, found, strict=True):
                change = self._removal(customer, version)
                if change is not None:
                    changes[customer] = change
                    removed += version is not None and not gone
            self._write(changes, "leftovers")
        return removed

    def _unknown(self) -> Iterator[bytes]:
        known = [newest for survey in self._surveys.values() for newest in survey.newest.values()]
        for customer in self._everyone_held():
            if not any(customer in newest for newest in known):
                yield customer

    def _everyone_held(self) -> Iterator[bytes]:
        yield from held.cards(self._redis)
        yield from held.histories(self._redis)
        for segment in held.segments(self._redis):
            yield from (customer for customer, _ in held.members(self._redis, segment))

    def _removal(self, customer: bytes, version: bytes | None) -> Change | None:
        """Return what ends a customer who was not in the topics; None for who came since."""
        partition = partition_of(customer, self._partitions)
        end = self._surveys[partition].ends[Place(PROFILES, partition)]
        if version is None:
            return Change(partition, version=-1)
        if self._is_impossible(version, end, end, partition):
            return Change(partition, version=-1, impossible=version.decode("utf-8", "replace"))
        return Change(partition, version=int(version)) if int(version) < end else None

    def _write(self, changes: Mapping[bytes, Change], what: str) -> None:
        if not self._store.write(changes):
            raise LeaseLost("this rebuild was held up, or Redis lost data: run it again")
        self._lease.renew()
        self._told(what, len(changes))


def _newest(pieces: Iterable[list[Message]], newest: Mapping[bytes, int]) -> Iterator[Message]:
    for piece in pieces:
        yield from (m for m in piece if newest.get(m.key(), -1) == m.offset())


def _add(batch: Batch, message: Message) -> None:
    """Take a record; one that cannot be read is passed over, as the cache does."""
    try:
        batch.add_profile(message)
    except UNREADABLE:
        place = Place(message.topic(), message.partition()).name
        log.error("unreadable_record", place=place, offset=message.offset())  # noqa: TRY400
