"""The full job without Kafka: the same messages in the same batches, on the same state."""

import gc
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bench.ground import PARTITIONS, Ground
from bench.journal import Commit
from nyxter_online.epochs import Epoch
from nyxter_online.intake import Line
from nyxter_online.ranks import Snapshot
from schemas.rules import Rules
from streams import topics
from streams.clock import now
from streams.lane.changelog import Position, read_changelog, read_position
from streams.lane.records import Batch, Portion
from streams.segmenter.board import Board
from streams.segmenter.shift import SegmentShift
from streams.segmenter.told import Site


class Bench:
    """The shifts of all partitions, in one process, as a changelog holds them now."""

    def __init__(self, ground: Ground, rules: Rules, snapshot: Snapshot, epoch: Epoch) -> None:
        self._board = Board()
        self._board.post(snapshot)
        self._board.post_epoch(epoch)
        changelog = topics.changelog(ground.settings)
        self._shifts: list[SegmentShift] = []
        self._positions: list[Mapping[str, int]] = []
        for number in range(PARTITIONS):
            stored = read_changelog(ground.client, changelog, number)
            position = read_position(stored) or Position({}, PARTITIONS, None)
            site = Site(number, PARTITIONS, changelog, rules, b"")
            shift = SegmentShift(site, self._board, now)
            shift.load(stored, position.memo)
            assert shift.ready()
            self._shifts.append(shift)
            self._positions.append(position.next)

    def run(self, batches: Sequence[tuple[int, Batch]]) -> float:
        """Work through batches; return how many messages a second."""
        gc.collect()
        gc.disable()  # a worker hardly ever collects
        began = time.perf_counter()
        for partition, batch in batches:
            shift, before = self._shifts[partition], self._positions[partition]
            records = shift.handle(batch, before)
            shift.settle()
            self._positions[partition] = {**before, **{topic: n for topic, _, n in batch.spans}}
        seconds = time.perf_counter() - began
        gc.enable()
        assert all(record.topic != topics.DEAD_LETTERS for record in records), "it was refused"
        return sum(len(batch.messages) for _, batch in batches) / seconds


def batches_of(
    commits: Iterable[Commit], sent: Iterable[tuple[int, Line]]
) -> list[tuple[int, Batch]]:
    """Return the batches that commits were made of, with the messages that were sent."""
    lines: dict[int, dict[int, Line]] = defaultdict(dict)
    for partition, line in sent:
        lines[partition][line.offset] = line
    return [
        (partition, Batch([_portion(span, lines[partition]) for span in entry.spans]))
        for partition, entry, _ in commits
        if entry.spans
    ]


def _portion(span: tuple[str, int, int], lines: Mapping[int, Line]) -> Portion:
    topic, start, end = span
    return Portion(topic, start, end, [lines[offset] for offset in range(start, end)])
