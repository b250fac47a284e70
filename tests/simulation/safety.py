"""Laws that hold at every commit, looked at as each transaction is decided."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from schemas.envelope import loads
from simulation.kernel import Violation
from simulation.logs import Record, Txn
from streams import topics
from streams.lane.changelog import POSITION_KEY
from streams.segmenter.entry import Composition, Entry, Learning, read_entry
from streams.segmenter.progress import Progress
from streams.segmenter.snapshots import EPOCH_KEY
from streams.segmenter.summaries import HEADER_KEY


class Safety:
    """Follows all that is committed.

    Parameters
    ----------
    changelog
        The topic of the state.

    Attributes
    ----------
    commits, aborts
        How many there were, by transactional id.
    reached
        By partition, the next offset of each source topic by the journal.

    """

    def __init__(self, changelog: str) -> None:
        self.commits: Counter[str] = Counter()
        self.aborts: Counter[str] = Counter()
        self.reached: dict[int, dict[str, int]] = {}
        self.entries: Counter[int] = Counter()
        self.sometimes: Counter[str] = Counter()
        self.snapshot = 0
        self.epoch = 0
        self._changelog = changelog
        self._ids: set[str] = set()
        self._in_use: Counter[int] = Counter()
        self._sweeping: dict[int, tuple[int, int]] = {}

    def decided(self, name: str, txn: Txn) -> None:
        """Take note of a transaction that was decided."""
        if not txn.result:
            self.aborts[name] += 1
            return
        self.commits[name] += 1
        self._check_whole(name, txn)
        entries: dict[int, Entry] = {}
        positions: dict[int, Any] = {}
        for topic, partition, record in txn.records:
            if topic == topics.JOURNAL:
                self._check_journal(partition, record, entries)
                self._note_sweeps(partition, txn, entries)
            elif topic == self._changelog and record.key == POSITION_KEY:
                positions[partition] = loads(record.value or b"null")
            elif topic == topics.SEGMENT_EVENTS:
                self._check_id(record)
            elif topic == topics.SNAPSHOTS:
                self._check_snapshot(record)
        self._check_positions(entries, positions)
        self._check_composed(txn)

    def _check_whole(self, name: str, txn: Txn) -> None:
        intents = {record.intent for _, _, record in txn.records}
        counted = Counter(record.intent for _, _, record in txn.records)
        if len(intents) > 1:
            raise Violation(f"torn: {name} committed parts of {len(intents)} transactions as one")
        for intent in intents:
            assert intent is not None
            if counted[intent] != intent.count:
                raise Violation(
                    f"torn: {counted[intent]} of {intent.count} records of {intent.name} committed"
                )

    def _check_journal(self, partition: int, record: Record, entries: dict[int, Entry]) -> None:
        entry = read_entry(record.value or b"")
        if isinstance(entry, Composition):
            if entry.snapshot != self.snapshot + 1:
                raise Violation(f"snapshot {entry.snapshot} follows {self.snapshot}")
            self.snapshot = entry.snapshot
            return
        if isinstance(entry, Learning):
            if entry.epoch != self.epoch + 1:
                raise Violation(f"epoch {entry.epoch} follows {self.epoch}")
            self.epoch = entry.epoch
            return
        if partition in entries:
            raise Violation(f"partition {partition}: two entries in one transaction")
        self._check_entry(partition, entry)
        entries[partition] = entry

    def _check_entry(self, partition: int, entry: Entry) -> None:
        if entry.number != self.entries[partition] + 1:
            raise Violation(
                f"partition {partition}: entry {entry.number} follows {self.entries[partition]}"
            )
        self.entries[partition] = entry.number
        reached = self.reached.setdefault(partition, {})
        for topic, start, end in entry.spans:
            if start != reached.get(topic, 0):
                raise Violation(
                    f"partition {partition}, entry {entry.number}: {topic} goes on at {start}, "
                    f"not at {reached.get(topic, 0)}"
                )
            reached[topic] = end
        if 0 < entry.snapshot < self._in_use[partition]:
            raise Violation(f"partition {partition} went back to snapshot {entry.snapshot}")
        self._in_use[partition] = max(entry.snapshot, self._in_use[partition])
        self._note(entry)

    def _note_sweeps(self, partition: int, txn: Txn, entries: Mapping[int, Entry]) -> None:
        """Count the sweeps that go on where another life of the partition has left them."""
        entry = entries.get(partition)
        if entry is None or entry.sweep is None:
            return
        before = self._sweeping.get(partition)
        if entry.sweep.first > 0 and before not in (None, txn.producer):
            self.sometimes["sweep goes on after a load"] += 1
        self._sweeping[partition] = txn.producer

    def _note(self, entry: Entry) -> None:
        if entry.sweep is not None:
            self.sometimes[f"sweep of {entry.sweep.whom}"] += 1
            self.sometimes[f"sweep for {entry.sweep.cause}"] += 1
        if entry.poison is not None:
            self.sometimes["poison"] += 1
        if entry.summary:
            self.sometimes["summary"] += 1
        if entry.epoch:
            self.sometimes["epoch in use"] += 1

    def _check_positions(self, entries: Mapping[int, Entry], positions: Mapping[int, Any]) -> None:
        if set(entries) != set(positions):
            raise Violation(
                f"journal of {sorted(entries)} and position of {sorted(positions)} in one "
                "transaction"
            )
        for partition, entry in entries.items():
            position = positions[partition]
            if position["next"] != self.reached[partition]:
                raise Violation(
                    f"partition {partition}, entry {entry.number}: position {position['next']}, "
                    f"by the journal {self.reached[partition]}"
                )
            if Progress(*position["memo"]).entry != entry.number:
                raise Violation(f"partition {partition}: the state names another entry")

    def _check_composed(self, txn: Txn) -> None:
        """A snapshot and what the journal says of it are one transaction."""
        headers, compositions = [], []
        for topic, _, record in txn.records:
            if topic == topics.SNAPSHOTS and record.key == HEADER_KEY:
                headers.append(loads(record.value or b"")["number"])
            elif topic == topics.JOURNAL:
                entry = read_entry(record.value or b"")
                if isinstance(entry, Composition):
                    compositions.append(entry.snapshot)
        if headers != compositions:
            raise Violation(f"snapshots {headers} with compositions {compositions}")

    def _check_id(self, record: Record) -> None:
        event_id = loads(record.value or b"")["id"]
        if event_id in self._ids:
            raise Violation("a segment event's id twice")
        self._ids.add(event_id)

    def _check_snapshot(self, record: Record) -> None:
        if record.key == HEADER_KEY:
            self.sometimes["snapshot"] += 1
        elif record.key == EPOCH_KEY:
            self.sometimes["epoch"] += 1
