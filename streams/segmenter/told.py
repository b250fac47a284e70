"""The records that a partition writes of what a step came to."""

from collections.abc import Iterator
from typing import NamedTuple

from nyxter_online.customers import Customers
from nyxter_online.intake import Intake, Refusal
from nyxter_online.journey import NO_STATE
from nyxter_online.step import Outcome
from schemas.envelope import dumps
from schemas.rules import Rules
from streams import topics
from streams.lane.partitioner import partition_of
from streams.lane.records import Record
from streams.segmenter.codec import erasure_record, register_record, standing_record


class Site(NamedTuple):
    """What a shift needs to know of where it works.

    Attributes
    ----------
    partition, partitions
        Its number, and how many there are.
    changelog
        The topic of its state.
    rules
        The rules in force.
    secret
        Keys the names that hide erased customers.
    before
        Secrets that keyed such names before this one.

    """

    partition: int
    partitions: int
    changelog: str
    rules: Rules
    secret: bytes
    before: tuple[bytes, ...] = ()


class Told:
    """Makes the records of one partition's outcomes."""

    def __init__(self, site: Site, customers: Customers) -> None:
        self._site = site
        self._customers = customers

    def changes(self, outcome: Outcome) -> Iterator[Record]:
        """Yield the changelog records of registers and erasures."""
        changelog = self._site.changelog
        for change in outcome.changes:
            yield Record(changelog, *register_record(change))
        for name, time_ in outcome.erasures.items():
            yield Record(changelog, *erasure_record(name, time_))

    def outputs(self, outcome: Outcome) -> list[Record]:
        """Return profiles, standings, segment changes and triggers."""
        changelog, labels = self._site.changelog, self._customers.labels
        published = outcome.published
        records: list[Record] = []
        for customer_id, profile in published.profiles.items():
            value = None if profile is None else dumps(profile)
            records.append(Record(topics.PROFILES, customer_id.encode(), value))
        kept = zip(self._customers.at(published.slots), published.standing.tolist(), strict=True)
        for customer, row in kept:
            before = self._customers.journeys.get(customer.id, NO_STATE)
            state = published.journeys.get(customer.id, before)
            records.append(Record(changelog, *standing_record(customer.id, row, state, labels)))
        records += [
            Record(topics.SEGMENT_EVENTS, event["subject"].encode(), dumps(event))
            for event in (*published.events, *published.triggers)
        ]
        return records

    def aside(self, intake: Intake) -> Iterator[Record]:
        """Yield what is not applied here: strays sent on, and dead letters."""
        for message, envelope in intake.strays:
            key = envelope.subject.encode()
            home = partition_of(key, self._site.partitions)
            yield Record(
                topics.REPARTITION,
                key,
                message.value,
                list(message.headers or ()),
                home,
                message.timestamp,
            )
        for refusal in intake.refused:
            yield self.dead_letter(refusal)

    def dead_letter(self, refusal: Refusal) -> Record:
        """Return the dead letter of a message that is not applied."""
        message = refusal.message
        origin = {
            "nyxter-reason": refusal.reason,
            "nyxter-topic": message.topic,
            "nyxter-partition": str(self._site.partition),
            "nyxter-offset": str(message.offset),
        }
        headers = [*(message.headers or ()), *((k, v.encode()) for k, v in origin.items())]
        return Record(topics.DEAD_LETTERS, message.key, message.value, headers)
