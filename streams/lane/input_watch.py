"""Watches the source topics of a worker: made anew, deleted before they were applied, grown.

A fetch shows only some of it: a topic that was made anew and has outgrown the position answers as
if nothing had happened. So the topics are looked at whenever a partition begins to be fetched, and
once a second.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import structlog
from confluent_kafka import KafkaException

from streams.lane.changelog import POSITION_KEY, Position, opened, position_of
from streams.lane.input_checks import (
    Observed,
    find_holes,
    find_missing,
    find_partition_changes,
    known_ids,
    standstills_of,
)
from streams.lane.inputs import InputFacts
from streams.lane.lane import Lane
from streams.lane.standstills import EVERY, Reason, Standstill
from streams.logs import where

if TYPE_CHECKING:
    from streams.lane.lanes import Lanes

log = structlog.get_logger()

OF_INPUTS: Final = (Reason.INPUT_DELETED, Reason.TOPIC_RECREATED)
_EVERY_S: Final = 1.0
_MISSED: Final = 3
_NEAR_END: Final = 100  # every transaction ends with a position


class InputWatch:
    """Looks at the source topics for the lanes of a worker.

    Parameters
    ----------
    lanes
        The worker's.
    facts
        Asks the broker; None: nothing is known, and nothing refused.

    """

    def __init__(self, lanes: "Lanes", facts: InputFacts | None) -> None:
        self._lanes = lanes
        self._facts = facts
        self._task: asyncio.Task[None] | None = None
        self._missed = 0

    def start(self) -> None:
        """Begin to look, once; on the loop."""
        if self._facts is not None and self._task is None:
            self._task = asyncio.ensure_future(self._run())

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    def load(self, partition: int, position: Position) -> tuple[dict[str, int], dict[str, str]]:
        """Return what a stored position lacks: where topics begin, and their ids.

        Called where a partition is loaded. Raises ``KafkaException`` where the broker does not say.
        """
        if self._facts is None:
            return {}, {}
        there = self._facts.look(partition)
        starts = {
            topic: observed.start or 0
            for topic, observed in there.items()
            if topic not in position.next
        }
        ids = {t: name for t, name in known_ids(there).items() if t not in position.topic_ids}
        return starts, ids

    async def check(self, partition: int, positions: Mapping[str, int]) -> list[Standstill]:
        """Return what keeps a partition from being read from positions on.

        Raises ``KafkaException`` where the broker does not say.
        """
        if self._facts is None:
            return []
        there = await asyncio.to_thread(self._facts.look, partition)
        if any((there[t].end or at) < at for t, at in positions.items() if t in there):
            # A leader that was just elected may not know yet how far its followers are.
            await asyncio.sleep(_EVERY_S)
            there = await asyncio.to_thread(self._facts.look, partition)
        lane = self._lanes.get(partition)
        ids = lane.position.topic_ids if lane is not None else {}
        return list(standstills_of(find_holes(partition, positions, ids, there)))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.look()
            except KafkaException:
                continue  # not known; whoever asks for more says that the broker is away
            except Exception as error:  # noqa: BLE001 - it looks again
                log.error("watch of the inputs broken", **where(error))  # noqa: TRY400

    async def look(self) -> None:
        """Look once at all topics, and again at what stands still for them."""
        if self._facts is None:
            return
        there = await asyncio.to_thread(self._facts.topics)
        self._report_partitions(there)
        self._report_missing(there)
        for lane in [each for each in self._lanes if not each.stands]:
            holes = find_holes(lane.partition, lane.expected, lane.position.topic_ids, there)
            for standstill in standstills_of(holes):
                self._lanes.stop_partition(*_parts(standstill))
        for lane in self._lanes:
            if lane.has_stopped and self._stand_for_inputs(lane.partition):
                await self._look_again(lane)

    def _report_partitions(self, there: Mapping[str, Observed]) -> None:
        config = self._lanes.config
        change = find_partition_changes(config.partitions, there)
        config.standstills.report(Reason.PARTITIONS_CHANGED, EVERY, change)

    def _report_missing(self, there: Mapping[str, Observed]) -> None:
        """Report topics that are not there, look after look: a broker may learn of them late."""
        config = self._lanes.config
        missing = find_missing(config.sources, there)
        self._missed = 0 if missing is None else self._missed + 1
        if missing is None:
            config.standstills.end(Reason.TOPIC_RECREATED, EVERY)
        elif self._missed >= _MISSED:
            config.standstills.begin(missing)

    def _stand_for_inputs(self, partition: int) -> bool:
        """Tell whether the inputs of a partition keep it, and nothing else."""
        current = self._lanes.config.standstills.current()
        reasons = {each.reason for each in current if each.partition == partition}
        return bool(reasons & set(OF_INPUTS)) and Reason.UNREADABLE not in reasons

    async def _look_again(self, lane: Lane) -> None:
        """Let a partition go on where its inputs are there again, or were skipped meanwhile."""
        config = self._lanes.config
        stored = await asyncio.to_thread(
            _last_position, config.client, config.changelog, lane.partition
        )
        if self._lanes.get(lane.partition) is not lane or not lane.has_stopped:
            return
        if stored is not None and _place(stored) != _place(lane.position):
            log.warning("position written by another", partition=lane.partition)
            lane.supersede()
        elif not await self.check(lane.partition, lane.expected) and lane.has_stopped:
            self._lanes.resume(lane.partition)


def _parts(standstill: Standstill) -> tuple[int, Reason, str, str]:
    return standstill.partition, standstill.reason, standstill.detail, standstill.remedy


def _place(position: Position) -> tuple[dict[str, int], dict[str, str]]:
    return dict(position.next), dict(position.topic_ids)


def _last_position(client: Mapping[str, object], changelog: str, partition: int) -> Position | None:
    """Return the last committed position, None where none lies near the end."""
    with opened(client, changelog, partition) as source:
        pairs: Sequence[tuple[bytes, bytes | None]] = [
            pair
            for some, _ in source.read(max(source.start, source.end - _NEAR_END))
            for pair in some
            if pair[0] == POSITION_KEY
        ]
    return position_of(pairs[-1][1]) if pairs else None
