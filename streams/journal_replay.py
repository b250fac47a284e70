"""`replay --journal`: run again exactly what live ran, from the journal and the input topics.

Each partition's entries are executed in order on a state built from nothing; a snapshot is merged
from the partitions at the very entries that its composition names. What comes out must be what
live published, id by id: an oracle that shares live's code but none of its state.
"""

from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from nyxter_online.epochs import Epoch
from nyxter_online.gmm import Statistics
from nyxter_online.intake import Message
from nyxter_online.population import merge_populations
from nyxter_online.ranks import Snapshot
from schemas.rules import Rules
from streams import topics
from streams.agents import SOURCES
from streams.lane.groupless import COMMITTED, is_end, is_hopeless, watermarks
from streams.lane.records import Record
from streams.segmenter.entry import Composition, Entry, Learning, read_entry
from streams.segmenter.shift import SegmentShift
from streams.segmenter.told import Site
from streams.segmenter.trainer import next_epoch

OUTPUTS: Final = (topics.SEGMENT_EVENTS, topics.PROFILES, topics.DEAD_LETTERS)
_MOST_BUFFERED: Final = 20_000
_ANSWER_S: Final = 20.0


class JournalBroken(Exception):  # noqa: N818 - it names what is the case
    """The journal or the inputs do not tell everything: what is missing, in words."""


class _Message(NamedTuple):
    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Any


class Paced:
    """Committed messages of topics in the order of their offsets, each partition at its own pace.

    At most some thousands of a partition are held.
    """

    def __init__(self, client: Mapping[str, Any], names: tuple[str, ...], partitions: int) -> None:
        self._consumer = Consumer({**client, **COMMITTED})
        places = [(name, number) for name in names for number in range(partitions)]
        self._queues: dict[tuple[str, int], deque[_Message]] = {p: deque() for p in places}
        self._ended: set[tuple[str, int]] = set()
        self._paused: set[tuple[str, int]] = set()
        self._consumer.assign([TopicPartition(*place, 0) for place in places])

    def before(self, topic: str, partition: int, end: int) -> Iterator[_Message]:
        """Yield the messages of a partition not yet taken whose offsets lie before `end`."""
        place = topic, partition
        queue = self._queues[place]
        while True:
            while queue and queue[0].offset < end:
                yield queue.popleft()
            if queue or place in self._ended:
                return
            self._poll(place)

    def all_of(self, topic: str, partition: int) -> Iterator[_Message]:
        """Yield all messages of a partition up to its end."""
        yield from self.before(topic, partition, 2**62)

    def _poll(self, wanted: tuple[str, int]) -> None:
        if wanted in self._paused:
            self._paused.discard(wanted)
            self._consumer.resume([TopicPartition(*wanted)])
        for message in self._consumer.consume(2_000, 0.2):
            error = message.error()
            place = message.topic() or "", message.partition() or 0
            if error is not None:
                if is_end(error):
                    self._ended.add(place)
                elif is_hopeless(error):
                    raise KafkaException(error)
                continue
            self._queues[place].append(
                _Message(
                    place[0],
                    message.offset() or 0,
                    message.timestamp()[1],
                    message.key(),
                    message.value(),
                    message.headers(),
                )
            )
        full = [p for p, q in self._queues.items() if len(q) > _MOST_BUFFERED and p != wanted]
        fresh = [place for place in full if place not in self._paused]
        self._consumer.pause([TopicPartition(*place) for place in fresh])
        self._paused.update(fresh)

    def start(self, topic: str, partition: int) -> int:
        """Return the first offset that a partition still has."""
        place = TopicPartition(topic, partition)
        return watermarks(self._consumer, place, _ANSWER_S)[0]

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()


class _Made:
    """A board of the snapshots and epochs that the replay made itself."""

    latest: Snapshot | None = None
    epoch: Epoch | None = None

    def __init__(self) -> None:
        self._snapshots: dict[int, Snapshot] = {}
        self._epochs: dict[int, Epoch] = {}

    def get_epoch(self, number: int) -> Epoch | None:
        """Return the epoch of a number."""
        return self._epochs.get(number)

    def post_epoch(self, epoch: Epoch) -> None:
        """Keep an epoch."""
        self._epochs[epoch.number] = epoch

    def get(self, number: int) -> Snapshot | None:
        """Return the snapshot of a number."""
        return self._snapshots.get(number)

    def post(self, snapshot: Snapshot) -> None:
        """Keep a snapshot."""
        self._snapshots[snapshot.number] = snapshot

    def may_sweep(self) -> bool:
        """Sweep only where the journal says so."""
        return False

    def swept(self, seconds: float) -> None:
        """Take no note of time."""


class JournalReplay:
    """A replay of a whole journal.

    Parameters
    ----------
    client
        librdkafka settings.
    partitions, changelog, rules, secret
        As of the application that wrote the journal.
    on_entry
        Called with how many entries are executed, and how many there are.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        partitions: int,
        changelog: str,
        rules: Rules,
        secret: bytes,
        on_entry: Callable[[int, int], None] = lambda *_: None,
    ) -> None:
        self._rules = rules
        self._on_entry = on_entry
        self._executed = self._total = 0
        self._partitions = range(partitions)
        self._board = _Made()
        self._inputs = Paced(client, SOURCES, partitions)
        self._journal = Paced(client, (topics.JOURNAL,), partitions)
        self._entries: dict[int, deque[Entry]] = {}
        self._reached: dict[int, dict[str, int]] = {}
        self._made: list[Composition | Learning] = []
        self._shifts = {
            p: SegmentShift(Site(p, partitions, changelog, rules, secret), self._board, str)
            for p in self._partitions
        }

    def run(self, wanted: Container[str] = OUTPUTS) -> Iterator[tuple[int, Record]]:
        """Yield every output with the partition number that it was published to, in its order.

        `wanted` are the topics whose records are yielded.

        Raises
        ------
        JournalBroken
            Entries or messages are missing, or the rules are not the ones of the journal.

        """
        self._read_journal()
        self._check_inputs()
        used = {e.snapshot for entries in self._entries.values() for e in entries}
        for made in self._made:
            for partition, number in made.summaries.items():
                yield from self._advance(partition, number, wanted)
            if isinstance(made, Learning):
                self._learn(made)
            elif made.snapshot in used:
                self._merge(made)
        for partition in self._partitions:
            yield from self._advance(partition, None, wanted)
        self._inputs.close()

    def reached(self, partition: int) -> tuple[Mapping[str, int], Any]:
        """Return, after `run`, the next offsets of a partition's inputs and its work's memo."""
        return self._reached[partition], self._shifts[partition].memo()

    def _read_journal(self) -> None:
        for partition in self._partitions:
            read = [
                read_entry(m.value or b"") for m in self._journal.all_of(topics.JOURNAL, partition)
            ]
            entries = [entry for entry in read if isinstance(entry, Entry)]
            self._made += [made for made in read if not isinstance(made, Entry)]
            self._reached[partition] = check_joined(partition, entries)
            self._entries[partition] = deque(entries)
            self._total += len(entries)
        self._journal.close()

    def _check_inputs(self) -> None:
        """Raise JournalBroken where messages that the journal tells of are gone."""
        for partition, reached in self._reached.items():
            for topic in reached:
                start = self._inputs.start(topic, partition)
                if start > 0:
                    raise JournalBroken(
                        f"{topic}, partition {partition}, starts at offset {start}: messages that "
                        "the journal tells of were deleted"
                    )

    def _advance(
        self, partition: int, before: int | None, wanted: Container[str]
    ) -> Iterator[tuple[int, Record]]:
        """Execute entries up to, not including, number `before`."""
        entries, shift = self._entries[partition], self._shifts[partition]
        while entries and (before is None or entries[0].number < before):
            entry = entries.popleft()
            if entry.rules != self._rules.version:
                raise JournalBroken(
                    f"partition {partition}, entry {entry.number}: made by the rules "
                    f"{entry.rules}, not by these ({self._rules.version})"
                )
            records = shift.execute(entry, self._messages(partition, entry), {})
            shift.settle()
            self._executed += 1
            self._on_entry(self._executed, self._total)
            yield from ((partition, record) for record in records if record.topic in wanted)

    def _messages(self, partition: int, entry: Entry) -> list[Message]:
        messages: list[Message] = []
        for topic, _, end in entry.spans:
            messages += self._inputs.before(topic, partition, end)
        return messages

    def _learn(self, learning: Learning) -> None:
        shifts = list(self._shifts.values())
        before = self._board.get_epoch(learning.epoch - 1)
        accepted = shifts[0].accepted if learning.accepted >= 0 else None
        statistics = Statistics.merged(shift.customers.mixture.statistics for shift in shifts)
        self._board.post_epoch(next_epoch(before, statistics, accepted))

    def _merge(self, composition: Composition) -> None:
        customers = [shift.customers for shift in self._shifts.values()]
        days = {c.period.day for c in customers}
        if days != {composition.day}:
            raise JournalBroken(f"snapshot {composition.snapshot}: partitions stand at other days")
        population = merge_populations(c.head_count.population(c.groups) for c in customers)
        number, day, rules, _ = composition
        ranking = self._rules.analysis.ranking
        self._board.post(Snapshot(number, day, rules, population, ranking))


def check_joined(partition: int, entries: list[Entry]) -> dict[str, int]:
    """Return the next offset of each topic after entries.

    Raises JournalBroken unless they are numbered from 1 and the ranges of topics join.
    """
    reached: dict[str, int] = {}
    if entries and entries[0].number > 1:
        raise JournalBroken(
            f"partition {partition}: the journal begins with entry {entries[0].number}; what came "
            "before it is gone, and with it what all that follows depends on"
        )
    for number, entry in enumerate(entries, 1):
        if entry.number != number:
            raise JournalBroken(f"partition {partition}: entry {number} is missing")
        for topic, start, end in entry.spans:
            if start != reached.get(topic, 0):
                raise JournalBroken(
                    f"partition {partition}, entry {number}: {topic} goes on at {start}, "
                    f"not at {reached.get(topic, 0)}"
                )
            reached[topic] = end
    return reached
