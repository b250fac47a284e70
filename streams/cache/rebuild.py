"""Redis made as the output topics say, all of it, while caches write and support reads."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import structlog
from confluent_kafka.admin import AdminClient
from redis import Redis

from streams.cache import held
from streams.cache.batch import Change
from streams.cache.foreign import ForeignKey, examine, foreign_keys, put_aside
from streams.cache.lease import Lease, LeaseLost
from streams.cache.marks import Marks
from streams.cache.meta import Meta
from streams.cache.outset import NAMES
from streams.cache.past import Past
from streams.cache.positions import POSITIONS, offset_of
from streams.cache.rebuild_cards import Cards
from streams.cache.rebuild_histories import Histories
from streams.cache.recount import Recount
from streams.cache.scripts import Script
from streams.cache.store import Store
from streams.cards import META, SEGMENTS, members_key
from streams.counts import MOVES
from streams.ends import Ends
from streams.kafka.topic_ids import topic_ids
from streams.lane.partitioner import partition_of
from streams.place import Place

_TRIES: Final = 5
_BEFORE, _, _AFTER = members_key(b"\0").partition(b"\0")

log = structlog.get_logger(__name__)


class Rebuilt(NamedTuple):
    """What a rebuild came to.

    Attributes
    ----------
    customers
        How many were written.
    leftovers
        How many cards were removed that the topics do not know.
    aside
        Keys that held what is not ours: their names before and now.

    """

    customers: int
    leftovers: int
    aside: list[tuple[bytes, bytes]]


Told = Callable[[str, int], None]
"""Takes what is being done, and how much of it was done since it was last told."""


class Rebuild:
    """Writes every card, every member and every history anew, each customer's in one piece.

    Counts are made anew beside those that there are, and replace them in the end (`Recount`).

    Nothing is removed first: a card is replaced by the same or a newer one. Only the newest record
    of each customer is written, so nobody goes back, and whatever is newer in Redis stays, unless
    the topics cannot have said it (`Cards`, `Histories`). In the end goes whom the topics do not
    know. Keys of ours that hold what is not ours get other names.

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
        self._places = [Place(topic, n) for topic in NAMES for n in range(partitions)]
        self._told = told
        self._lease = Lease(redis)
        self._store = Store(redis, self._lease)
        self._recount = Recount(redis, self._lease)
        self._marks = Marks(redis)
        self._meta = Meta(redis)
        self._aside: list[tuple[bytes, bytes]] = []
        self._is_other_source = False

    def run(self) -> Rebuilt:
        """Do it all; at the end Redis says what the topics said when it began, or newer.

        Raises
        ------
        LeaseLost
            Another rebuild is under way, or this one was held up.
        CannotPutAside
            A key that is not ours is in the way, and we may not rename it.
        KafkaException, RedisError
            The broker, or Redis, does not answer or refuses.

        """
        self._put_aside(foreign_keys(self._redis))
        self._lease.take()
        try:
            marks = self._begin()
            cards = [self._cards(number) for number in range(self._partitions)]
            leftovers = self._remove_unknown(cards)
            for number, made in enumerate(cards):
                self._histories(number, made)
            self._end(marks)
            return Rebuilt(sum(len(made.alive) for made in cards), leftovers, self._aside)
        finally:
            self._lease.give_back()
            self._recount.drop()

    def _begin(self) -> dict[bytes, bytes]:
        """Make ready; return the marks of what is wrong now, and will be right in the end."""
        marks = self._marks.read()
        self._store.open()
        self._recount.clear()
        self._mend_source()
        self._mend_positions()
        if names := held.segments(self._redis):
            self._redis.sadd(SEGMENTS, *names)
        self._recount.begin(self._partitions)
        return marks

    def _mend_source(self) -> None:
        """Forget how far Redis was filled from topics that are not these."""
        found, known = topic_ids(AdminClient(dict(self._client)), NAMES), self._marks.topics()
        self._is_other_source = any(known.get(name, id_) != id_ for name, id_ in found.items())
        if self._is_other_source:
            self._forget(self._places)
            self._redis.delete(MOVES)
        self._marks.note_topics(found)

    def _mend_positions(self) -> None:
        """Forget positions that the topics do not reach: they are of other topics.

        A cache is never further than what was committed before we asked.
        """
        reached: list[Any] = self._redis.hmget(POSITIONS, [at.name for at in self._places])
        numbers = [str(number) for number in range(self._partitions)]
        counted: list[Any] = self._redis.hmget(MOVES, numbers)
        ends = self._ends.committed(self._places)
        beyond = [
            at
            for at, position in zip(self._places, reached, strict=True)
            if offset_of(position) > ends[at]
        ]
        self._forget(beyond)
        for number, offset in zip(numbers, counted, strict=True):
            if offset_of(offset) > ends[Place(NAMES[1], int(number))]:
                self._redis.hdel(MOVES, number)

    def _forget(self, places: list[Place]) -> None:
        for place in places:
            log.warning("position_of_other_topics", place=place.name)
            self._redis.hdel(POSITIONS, place.name, f"owner:{place.name}")

    def _cards(self, number: int) -> Cards:
        made = Cards(self._client, self._redis, number, self._write_cards, self._lease.renew)
        made.make(list(made.newest))
        return made

    def _histories(self, number: int, cards: Cards) -> None:
        past = Past(self._client, number, self._recount.first(number))
        self._recount.add(past.moves, past.partly)
        made = Histories(
            self._client, self._redis, number, self._write_histories, self._lease.renew
        )
        made.make(past, cards.alive)

    def _remove_unknown(self, cards: list[Cards]) -> int:
        """Remove whoever is in Redis and in no topic; return how many had a card."""
        unknown: list[set[bytes]] = [set() for _ in cards]
        for customer in self._everyone_held():
            if not any(customer in made.newest for made in cards):
                unknown[partition_of(customer, self._partitions)].add(customer)
        for made, customers in zip(cards, unknown, strict=True):
            made.make(customers)
        return sum(made.removed for made in cards)

    def _everyone_held(self) -> Iterator[bytes]:
        yield from held.cards(self._redis)
        yield from held.histories(self._redis)
        for segment in held.segments(self._redis):
            yield from (customer for customer, _ in held.members(self._redis, segment))

    def _end(self, marks: Mapping[bytes, bytes]) -> None:
        for _ in range(_TRIES):
            in_the_way = self._recount.end(is_whole=self._is_other_source)
            if not in_the_way:
                break
            self._put_aside(examine(self._redis, in_the_way))
        else:
            raise LeaseLost("keys that are not ours come again and again: find out whose they are")
        script = Script(self._redis, "segments")
        script.load()
        script.run([SEGMENTS], [_BEFORE, _AFTER])
        for key in (SEGMENTS, POSITIONS, MOVES, META):
            self._redis.persist(key)
        for segment in held.segments(self._redis):
            self._redis.persist(members_key(segment))
        self._meta.mend(self._places)
        self._marks.clear(marks)

    def _put_aside(self, keys: Iterator[ForeignKey] | list[ForeignKey]) -> None:
        for each, name in put_aside(self._redis, keys):
            log.warning("put_aside", key=each.key.decode("utf-8", "backslashreplace"))
            self._aside.append((each.key, name))

    def _write_cards(self, changes: Mapping[bytes, Change]) -> None:
        self._meta.see(changes.values())
        self._write(changes, "cards")

    def _write_histories(self, changes: Mapping[bytes, Change]) -> None:
        self._write(changes, "histories")

    def _write(self, changes: Mapping[bytes, Change], what: str) -> None:
        """Write; what turns out not to be ours meanwhile is put aside, and it is written again."""
        for _ in range(_TRIES):
            written = self._store.write(changes)
            if not written:
                raise LeaseLost("this rebuild was held up, or Redis lost data: run it again")
            keys = set(written.without).union(*written.refused.values())
            if not (foreign := examine(self._redis, keys) if keys else []):
                break
            self._put_aside(foreign)
        self._lease.renew()
        self._told(what, len(changes))
