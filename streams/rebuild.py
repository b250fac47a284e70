"""The state written anew: what the journal and the inputs come to, into the changelog.

Nothing is published: outputs, journal and dead letters stay as they are. Whoever could write state
is fenced first. While a partition is written it has no position, so that no worker goes on from
half of it; the position comes last. Doing it again, also after being killed, does the same.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas.rules import Rules
from streams.journal_replay import JournalReplay
from streams.lane.changelog import POSITION_KEY, Position, latest, opened, put
from streams.lane.lanes import writer_name
from streams.lane.ownership import Ownership
from streams.lane.records import Record
from streams.lane.transaction import TransactionalProducer
from streams.segmenter.leader import leader_name
from streams.segmenter.progress import Progress

_MOST: Final = 5_000  # records in a transaction …
_MOST_BYTES: Final = 8_000_000  # … and what they may weigh

Told = Callable[[str, int, int], None]
"""Told of progress: what is being done, how much of it is done, and how much there is."""


class Application(NamedTuple):
    """Whose state it is.

    Attributes
    ----------
    client
        librdkafka settings.
    app_id, changelog, partitions, rules, secret
        As of the workers.
    former
        Rules that were in force before.

    """

    client: Mapping[str, Any]
    app_id: str
    changelog: str
    partitions: int
    rules: Rules
    secret: bytes
    former: Sequence[Rules] = ()


class Rebuild:
    """Recomputes and writes the state of all partitions.

    Creating it fences the workers' lanes and the leader.

    Parameters
    ----------
    application
        Whose state it is.
    told
        Told of progress.

    Raises
    ------
    Fenced
        The broker could not be asked.

    """

    def __init__(self, application: Application, told: Told) -> None:
        self._application = client, app_id, changelog, partitions, *_ = application
        self._changelog = changelog
        self._told = told
        # The leader writes to the journal, too: what it left open would hide the journal's end.
        TransactionalProducer(client, leader_name(app_id), 0).close()
        self._producers = {
            number: TransactionalProducer(
                client,
                writer_name(app_id, changelog, number),
                number,
                Ownership(client, changelog, number, lambda: True),
            )
            for number in range(partitions)
        }

    def run(self) -> int:
        """Write the state; return how many records it has.

        Raises
        ------
        JournalBroken
            The journal or the inputs do not hold everything that the state follows from.
        Fenced
            A worker has taken a partition back, or the broker went away.
        KafkaException
            The broker could not be read.

        """
        client, _, changelog, partitions, rules, secret, former = self._application
        replay = JournalReplay(client, partitions, changelog, rules, secret, self._executed, former)
        states: dict[int, dict[bytes, bytes]] = defaultdict(dict)
        for partition, (_, key, value, *_) in replay.run(frozenset({changelog})):
            assert key is not None
            put(states[partition], key, value)
        written, total = 0, sum(len(states[number]) for number in range(partitions))
        for number in range(partitions):
            following, memo = replay.reached(number)
            ids = dict(replay.topic_ids(number))
            position = Position(following, partitions, memo, topic_ids=ids)
            for count in self._write(number, states.pop(number, {}), position):
                written += count
                self._told("writing", written, total)
        return total

    def close(self) -> None:
        """Let the producers go."""
        for producer in self._producers.values():
            producer.close()

    def _executed(self, done: int, total: int) -> None:
        self._told("computing", done, total)

    def _write(
        self, number: int, state: Mapping[bytes, bytes], position: Position
    ) -> Iterator[int]:
        """Write a partition's state in transactions; yield how many of its records each holds."""
        producer = self._producers[number]
        with opened(self._application.client, self._changelog, number) as log:
            there, since = latest(log), log.start
        there.pop(POSITION_KEY, None)
        gone = (Record(self._changelog, key, None) for key in there if key not in state)
        for records in _parts([Record(self._changelog, POSITION_KEY, None), *gone]):
            producer.write(records)
        del there
        for records in _parts(Record(self._changelog, *pair) for pair in state.items()):
            producer.write(records)
            yield len(records)
        if Progress(*position.memo).entry:
            value = position._replace(since=since).value()
            producer.write([Record(self._changelog, POSITION_KEY, value)])


def _parts(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield records in lists that fit a transaction."""
    part: list[Record] = []
    weight = 0
    for record in records:
        part.append(record)
        weight += len(record.key or b"") + len(record.value or b"")
        if len(part) == _MOST or weight >= _MOST_BYTES:
            yield part
            part, weight = [], 0
    if part:
        yield part
