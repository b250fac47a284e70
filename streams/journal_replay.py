"""`replay --journal`: run again exactly what live ran, from the journal and the input topics.

Each partition's entries are executed in order on a state built from nothing; a snapshot is merged
from the partitions at the very entries that its composition names. What comes out must be what
live published, id by id: an oracle that shares live's code but none of its state.
"""

from collections import deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, Final

from nyxter_online.epochs import Epoch
from nyxter_online.gmm import Statistics
from nyxter_online.intake import Message
from nyxter_online.population import merge_populations
from nyxter_online.ranks import Snapshot
from schemas.rules import Rules
from streams import topics
from streams.lane.changelog import put
from streams.lane.input_checks import Observed
from streams.lane.records import Record
from streams.paced import Paced, RecordsDeleted
from streams.segmenter.entry import Composition, Entry, Learning, read_entry
from streams.segmenter.input_history import InputHistory, JournalBroken
from streams.segmenter.shift import SegmentShift
from streams.segmenter.told import Site
from streams.segmenter.trainer import next_epoch
from streams.topics import SOURCES

__all__ = ["OUTPUTS", "JournalBroken", "JournalReplay", "check_joined"]

OUTPUTS: Final = (topics.SEGMENT_EVENTS, topics.PROFILES, topics.DEAD_LETTERS)


class _Made:
    """A board of the snapshots and epochs that the replay made itself."""

    def __init__(self) -> None:
        self.latest: Snapshot | None = None
        self.epoch: Epoch | None = None
        self._snapshots: dict[int, Snapshot] = {}
        self._epochs: dict[int, Epoch] = {}

    def get_epoch(self, number: int) -> Epoch | None:
        """Return the epoch of a number."""
        return self._epochs.get(number)

    def post_epoch(self, epoch: Epoch) -> None:
        """Keep an epoch."""
        self.epoch = self._epochs[epoch.number] = epoch

    def get(self, number: int) -> Snapshot | None:
        """Return the snapshot of a number."""
        return self._snapshots.get(number)

    def post(self, snapshot: Snapshot) -> None:
        """Keep a snapshot."""
        self.latest = self._snapshots[snapshot.number] = snapshot

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
    former
        Rules that were in force before, in any order.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        partitions: int,
        changelog: str,
        rules: Rules,
        secret: bytes,
        on_entry: Callable[[int, int], None] = lambda *_: None,
        former: Sequence[Rules] = (),
    ) -> None:
        self._rules = {each.version: each for each in (*former, rules)}
        self._on_entry = on_entry
        self._executed = self._total = 0
        self._partitions = range(partitions)
        self._board = _Made()
        self._inputs = Paced(client, SOURCES, partitions)
        self._journal = Paced(client, (topics.JOURNAL,), partitions)
        self._entries: dict[int, deque[Entry]] = {}
        self._histories: dict[int, InputHistory] = {}
        self._made: list[Composition | Learning] = []
        self._stored: dict[int, dict[bytes, bytes]] = {p: {} for p in self._partitions}
        sites = [Site(p, partitions, changelog, rules, secret) for p in self._partitions]
        self._shifts = {site.partition: SegmentShift(site, self._board, str) for site in sites}

    def run(self, wanted: Container[str] = OUTPUTS) -> Iterator[tuple[int, Record]]:
        """Yield every output with the partition number that it was published to, in its order.

        `wanted` are the topics whose records are yielded.

        Raises
        ------
        JournalBroken
            Entries or messages are missing, or rules of the journal are not given.

        """
        try:
            yield from self._run(wanted)
        except RecordsDeleted as error:
            raise JournalBroken(str(error)) from None

    def _run(self, wanted: Container[str]) -> Iterator[tuple[int, Record]]:
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
        return self._histories[partition].next, self._shifts[partition].memo()

    def topic_ids(self, partition: int) -> Mapping[str, str]:
        """Return, after `run`, the ids of the topics that a partition's offsets are of."""
        return self._histories[partition].topic_ids

    def _read_journal(self) -> None:
        for partition in self._partitions:
            read = [
                read_entry(m.value or b"") for m in self._journal.all_of(topics.JOURNAL, partition)
            ]
            entries = [entry for entry in read if isinstance(entry, Entry)]
            self._made += [made for made in read if not isinstance(made, Entry)]
            self._histories[partition] = check_joined(partition, entries)
            self._entries[partition] = deque(entries)
            self._total += len(entries)
        self._journal.close()

    def _check_inputs(self) -> None:
        """Raise JournalBroken where messages that the journal tells of are gone."""
        ids = self._inputs.topic_ids()
        for partition, history in self._histories.items():
            there = {
                topic: Observed(ids.get(topic), start=self._inputs.start(topic, partition))
                for topic in SOURCES
            }
            if (missing := history.missing(there)) is not None:
                raise JournalBroken(missing)

    def _advance(
        self, partition: int, before: int | None, wanted: Container[str]
    ) -> Iterator[tuple[int, Record]]:
        """Execute entries up to, not including, number `before`, and make ready for that one."""
        entries = self._entries[partition]
        while entries:
            self._follow_rules(partition, entries[0])
            if before is not None and entries[0].number >= before:
                return
            records = self._execute(partition, entries.popleft())
            yield from ((partition, record) for record in records if record.topic in wanted)

    def _execute(self, partition: int, entry: Entry) -> list[Record]:
        shift = self._shifts[partition]
        records = shift.execute(entry, self._messages(partition, entry), {})
        shift.settle()
        if len(self._rules) > 1:
            for topic, key, value, *_ in records:
                if topic == shift.site.changelog and key is not None:
                    put(self._stored[partition], key, value)
        self._executed += 1
        self._on_entry(self._executed, self._total)
        return records

    def _follow_rules(self, partition: int, entry: Entry) -> None:
        """Go on by the rules of an entry: whoever changed them loaded the state anew."""
        before = self._shifts[partition]
        if entry.rules == before.site.rules.version:
            return
        if entry.rules not in self._rules:
            raise JournalBroken(
                f"partition {partition}, entry {entry.number}: made by the rules {entry.rules}, "
                f"which are none of those given ({', '.join(self._rules)})"
            )
        site = before.site._replace(rules=self._rules[entry.rules])
        self._shifts[partition] = shift = SegmentShift(site, self._board, str)
        shift.load(self._stored[partition], before.memo())
        if not shift.ready():
            raise JournalBroken(f"partition {partition}, entry {entry.number}: no such snapshot")

    def _messages(self, partition: int, entry: Entry) -> list[Message]:
        messages: list[Message] = []
        for topic, _, end in entry.spans:
            messages += self._inputs.before(topic, partition, end)
        return messages if entry.skipped is None else []

    def _learn(self, learning: Learning) -> None:
        shifts = list(self._shifts.values())
        before = self._board.get_epoch(learning.epoch - 1)
        accepted = shifts[0].accepted if learning.accepted >= 0 else None
        statistics = Statistics.merged(shift.customers.mixture.statistics for shift in shifts)
        self._board.post_epoch(next_epoch(before, statistics, accepted))

    def _merge(self, composition: Composition) -> None:
        shifts = self._shifts.values()
        stands = {(s.customers.period.day, s.site.rules.version) for s in shifts}
        if stands != {(composition.day, composition.rules)}:
            raise JournalBroken(
                f"snapshot {composition.snapshot}: partitions stand at another day, or other rules"
            )
        customers = [shift.customers for shift in shifts]
        population = merge_populations(c.head_count.population(c.groups) for c in customers)
        number, day, rules, _ = composition
        ranking = self._rules[rules].analysis.ranking
        self._board.post(Snapshot(number, day, rules, population, ranking))


def check_joined(partition: int, entries: list[Entry]) -> InputHistory:
    """Return what entries say of a partition's inputs.

    Raises JournalBroken unless they are numbered from 1 and the ranges of topics join.
    """
    history = InputHistory(partition)
    for entry in entries:
        history.take(entry)
    return history
