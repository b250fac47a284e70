"""Going on behind a hole in the inputs: what a person decides, and the journal tells.

One transaction writes the journal entry that passes the offsets over and the position behind them,
as the partition's writer: a lane that stands still there is fenced, loads anew and goes on.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import structlog
from confluent_kafka.admin import AdminClient

from streams import topics
from streams.lane.changelog import POSITION_KEY, Position
from streams.lane.input_checks import Hole, Observed, find_holes
from streams.lane.inputs import Inputs
from streams.lane.lanes import writer_name
from streams.lane.records import Record
from streams.lane.transaction import TransactionalProducer
from streams.segmenter.entry import Entry
from streams.segmenter.journal_end import last_entry, vouch
from streams.segmenter.progress import Progress
from streams.stored_positions import stored_positions

log = structlog.get_logger()


class NoHole(Exception):  # noqa: N818 - it names what is the case
    """There is nothing to pass over: why, in words."""


class Moved(Exception):  # noqa: N818 - it names what is the case
    """What was shown is not how it is any more."""


class Gap(NamedTuple):
    """A hole, and how the partition stands before it.

    Attributes
    ----------
    hole
        Where it stands, and where it can go on.
    topic_id
        The id of the topic as it is now, where it is known.

    """

    hole: Hole
    topic_id: str | None

    @property
    def sentence(self) -> str:
        """What is passed over, exactly."""
        hole = self.hole
        if hole.resume >= hole.position and not hole.is_other_topic:
            return (
                f"{hole.topic}, partition {hole.partition}: passes over offsets {hole.position} to "
                f"{hole.resume - 1} ({hole.resume - hole.position:,}), which will never be applied"
            )
        return (
            f"{hole.topic}, partition {hole.partition}: gives up the former topic from offset "
            f"{hole.position} on, and begins the one that is there now at offset {hole.resume}; "
            "what was applied stays, but the journal cannot be replayed any more"
        )


class Skipping:
    """Passes over a hole of one partition.

    Parameters
    ----------
    client
        librdkafka settings.
    app_id, changelog
        As of the workers.
    topic, partition
        Where the hole is.

    """

    def __init__(
        self, client: Mapping[str, Any], app_id: str, changelog: str, topic: str, partition: int
    ) -> None:
        self._client = client
        self._app_id = app_id
        self._changelog = changelog
        self._topic = topic
        self._partition = partition
        self._inputs = Inputs(client, topics.SOURCES)

    def find(self) -> Gap:
        """Return the hole (NoHole where there is none; KafkaException as a broker refuses)."""
        return self._gap(self._position())

    def skip(self, shown: Gap, reason: str, at: str) -> int:
        """Go on behind the hole that was shown, and return the number of the journal entry.

        Raises
        ------
        Moved
            It is not as it was shown any more; nothing is written.
        NoHole, StateUnusable
            There is nothing to go on from, or nothing to pass over; nothing is written.
        Fenced
            It is not known whether it is written: look again.
        KafkaException
            The broker does not answer; nothing is written.

        """
        name = writer_name(self._app_id, self._changelog, self._partition)
        producer = TransactionalProducer(self._client, name, self._partition)
        try:
            position = self._position()
            if self._gap(position) != shown:
                raise Moved("the partition or its topic has moved on meanwhile: look again")
            vouch(self._client, self._changelog, self._partition, position.memo)
            entry = self._entry(shown, reason, at)
            following = _behind(position, shown, entry.number)
            producer.write(
                [
                    Record(topics.JOURNAL, None, entry.value()),
                    Record(self._changelog, POSITION_KEY, following.value()),
                ]
            )
        finally:
            producer.close()
        hole = shown.hole
        log.warning(
            "offsets skipped",
            topic=hole.topic,
            partition=hole.partition,
            start=hole.position,
            end=hole.resume,
            entry=entry.number,
            reason=reason,
        )
        return entry.number

    def _position(self) -> Position:
        admin = AdminClient(dict(self._client))
        stored = stored_positions(admin, self._client, self._changelog, [self._partition])
        if self._partition not in stored:
            raise NoHole(f"partition {self._partition} has no state yet: it begins where topics do")
        return stored[self._partition]

    def _gap(self, position: Position) -> Gap:
        there = self._inputs.look(self._partition)
        holes = find_holes(self._partition, position.next, position.topic_ids, there)
        for hole in holes:
            if hole.topic == self._topic:
                return Gap(hole, there.get(self._topic, Observed()).topic_id)
        at = position.next.get(self._topic, 0)
        raise NoHole(
            f"{self._topic}, partition {self._partition}, can be read from its position {at} on: "
            "there is nothing to skip"
        )

    def _entry(self, shown: Gap, reason: str, at: str) -> Entry:
        """Return the entry that follows the last one and differs in nothing but its ranges."""
        last = last_entry(self._client, self._partition)
        if last is None:
            raise NoHole(f"partition {self._partition} has no journal yet")
        hole = shown.hole
        return last._replace(
            number=last.number + 1,
            at=at,
            sweep=None,
            summary=False,
            spans=[(hole.topic, hole.position, hole.resume)],
            poison=None,
            skipped=reason,
            topic_ids={} if shown.topic_id is None else {hole.topic: shown.topic_id},
        )


def _behind(position: Position, shown: Gap, entry: int) -> Position:
    """Return the position behind a hole, as of a journal entry."""
    hole = shown.hole
    ids = dict(position.topic_ids)
    if shown.topic_id is not None:
        ids[hole.topic] = shown.topic_id
    return position._replace(
        next={**position.next, hole.topic: hole.resume},
        memo=list(Progress(*position.memo)._replace(entry=entry)),
        topic_ids=ids,
    )
