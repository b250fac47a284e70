"""The two output topics as they come, a batch at a time, from positions that Redis holds."""

from collections.abc import Callable, Mapping

import structlog
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)

from streams.cache.batch import UNREADABLE, Batch
from streams.cache.parking import Parking
from streams.cache.survey import Survey
from streams.ends import Ends
from streams.lane.groupless import some
from streams.place import Place
from streams.topics import PROFILES, SEGMENT_EVENTS

PARKED = 2000  # events of one partition that wait before we stop fetching more

log = structlog.get_logger(__name__)


class Feed:
    """Gives records of the partitions that the consumer group gives us.

    It is *given* places by the group and then *placed* on positions by whoever uses it; only then
    records come. A change of the group takes both away. The group needs the assignment strategy
    ``range``, which gives partition n of both topics to the same process.

    Parameters
    ----------
    consumer
        Not subscribed yet; see `streams.cache.make_cache` for the configuration that it needs.
    ends
        Tells where topics end.
    survey
        Makes a survey of profiles from these positions on.

    """

    def __init__(
        self, consumer: Consumer, ends: Ends, survey: Callable[[Mapping[Place, int]], Survey]
    ) -> None:
        self._consumer = consumer
        self._ends = ends
        self._begin_survey = survey
        self._survey: Survey | None = None
        self._is_surveyed = False
        self._given: list[Place] = []
        self._next: dict[Place, int] = {}
        self._parking = Parking()
        self._full: set[Place] = set()
        self._epoch = 0
        self._has_more = False
        self._said: str | None = None

    def open(self) -> None:
        """Join the group."""
        topics, gone = [PROFILES, SEGMENT_EVENTS], self._revoked
        self._consumer.subscribe(topics, on_assign=self._assigned, on_revoke=gone, on_lost=gone)

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    @property
    def given(self) -> list[Place]:
        """The places that the group gave us."""
        return list(self._given)

    @property
    def is_placed(self) -> bool:
        """Whether records come."""
        return bool(self._next)

    def place(self, positions: Mapping[Place, int]) -> None:
        """Go on from these positions, of all places given; 0 is the beginning.

        What a customer's newer profile among those there are outdates is not going to come.
        """
        self._forget()
        self._next = dict(positions)
        profiles = {at: next_ for at, next_ in self._next.items() if at.topic == PROFILES}
        self._survey = self._begin_survey(profiles)

    def displace(self) -> None:
        """Forget what was read and not written; nothing comes until we are placed again."""
        self._forget()
        self._consumer.assign([])

    def rest(self, seconds: float) -> None:
        """Stay in the group for a while, with nothing coming; only while we are not placed."""
        self._consumer.poll(seconds)

    def take(self, limit: int, seconds: float) -> Batch:
        """Return what is there, `limit` records of each topic at most; wait `seconds` for some.

        Empty where a change of the group, or of our place, came in between: its records come again.
        """
        if not self._is_surveyed:
            self._go_on_surveying(seconds)
            return Batch()
        epoch, batch = self._epoch, Batch()
        for message in some(self._consumer, limit, 0 if self._has_more else seconds):
            self._sort(message, batch)
        if self._epoch != epoch:
            return Batch()
        self._fence()
        events = self._parking.release(self._reached(), limit)
        for event in events:
            _add(batch.add_event, event)
        self._has_more = len(events) >= limit
        self._hold_or_go_on()
        return batch

    def positions(self) -> dict[Place, int]:
        """Next offset of each place, once everything that `take` returned is written."""
        parked = {at: self._parking.first(at.partition) for at in self._events()}
        return self._next | {at: first for at, first in parked.items() if first is not None}

    def lags(self) -> dict[Place, int]:
        """Return how many records are still to come of each place; nothing without an answer."""
        try:
            ends = self._ends.committed(self._next)
        except KafkaException:
            return {}
        return {at: max(0, ends[at] - offset) for at, offset in self.positions().items()}

    def commit(self, positions: Mapping[Place, int]) -> None:
        """Tell the group how far we are, for tools that show it; we never ask."""
        at = [TopicPartition(*place, offset) for place, offset in positions.items()]
        self._consumer.commit(offsets=at, asynchronous=True)

    def _go_on_surveying(self, seconds: float) -> None:
        """Read some more of what there is, and stay in the group meanwhile.

        Where the group has given this cache nothing, wait `seconds` for it to do so.
        """
        epoch = self._epoch
        self._consumer.poll(seconds if self._survey is None else 0)
        if self._epoch != epoch or self._survey is None:
            return
        try:
            self._is_surveyed = not self._survey.go_on()
        except KafkaException as error:
            log.warning("kafka_trouble", error=error.args[0].name(), topic=PROFILES)
            self.displace()
        if self._is_surveyed:
            starts = [
                TopicPartition(*at, next_ or OFFSET_BEGINNING) for at, next_ in self._next.items()
            ]
            self._consumer.assign(starts)
            self._consumer.resume(starts)

    def _sort(self, message: Message, batch: Batch) -> None:
        place = Place(message.topic(), message.partition())
        if (error := message.error()) is not None:
            self._mind(error, place, message.offset())
        elif place in self._next:
            self._said = None
            self._next[place] = message.offset() + 1
            if place.topic == PROFILES:
                if self._survey is None or not self._survey.outdates(message):
                    _add(batch.add_profile, message)
            else:
                self._parking.park(message)

    def _mind(self, error: KafkaError, place: Place, offset: int) -> None:
        """Do what one of the consumer's own messages asks for."""
        if error.fatal():
            raise KafkaException(error)
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
            if place in self._next:
                self._next[place] = max(self._next[place], offset)
        elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001
            log.warning("position_not_there", place=place.name, position=offset)
            self.displace()  # why it is not there is found out before we are placed again
        elif self._said != (said := error.name()):
            log.warning("kafka_trouble", error=said, topic=place.topic)
            self._said = said

    def _fence(self) -> None:
        """Find out what the events that came have to wait for; without an answer, next time."""
        if not (partitions := self._parking.without_fence()):
            return
        try:
            ends = self._ends.written(Place(PROFILES, partition) for partition in partitions)
        except KafkaException:
            return
        self._parking.fence({place.partition: end for place, end in ends.items()})

    def _reached(self) -> dict[int, int]:
        return {at.partition: next_ for at, next_ in self._next.items() if at.topic == PROFILES}

    def _events(self) -> list[Place]:
        return [at for at in self._next if at.topic == SEGMENT_EVENTS]

    def _hold_or_go_on(self) -> None:
        """Fetch no more events of a partition while many of them wait."""
        for at in self._events():
            waiting = self._parking.count(at.partition)
            if at not in self._full and waiting >= PARKED:
                self._full.add(at)
                self._consumer.pause([TopicPartition(*at)])
            elif at in self._full and not waiting:
                self._full.remove(at)
                self._consumer.resume([TopicPartition(*at)])

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Nothing is fetched until we are placed; events without their profiles never are."""
        places = [Place(given.topic, given.partition) for given in partitions]
        self._given = [at for at in places if Place(PROFILES, at.partition) in places]
        self._forget()
        consumer.assign([])

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        """With the strategy ``range`` a change of the group takes everything."""
        log.info("places_revoked", places=len(partitions))
        self._given = []
        self._forget()

    def _forget(self) -> None:
        self._next, self._parking, self._full = {}, Parking(), set()
        self._survey, self._is_surveyed = None, False
        self._has_more = False
        self._epoch += 1


def _add(add: Callable[[Message], None], message: Message) -> None:
    """Take a record; one that cannot be read is told of and passed over."""
    try:
        add(message)
    except UNREADABLE as why:
        at = Place(message.topic(), message.partition()).name
        log.error("unreadable_record", place=at, offset=message.offset(), why=type(why).__name__)  # noqa: TRY400 - its text may hold data
