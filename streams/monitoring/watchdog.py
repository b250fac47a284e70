"""Looks every second whether a worker goes on, and reports what stands still and why.

Only what was seen before is looked at here, nothing is asked: so no call that hangs delays it.
"""

import time
from collections.abc import Callable
from typing import Final

from streams.lane.lanes import Lanes
from streams.lane.standstills import EVERY, Reason, Standstill
from streams.monitoring.broker import BrokerWatch
from streams.monitoring.periodic import Periodic
from streams.monitoring.progress import looks_at
from streams.monitoring.stalls import STALLED_S, Stalls
from streams.segmenter.leader import Leader
from streams.segmenter.shift import SegmentShift

EVERY_S: Final = 1.0
_BY_ITSELF: Final = (
    "it goes on by itself once that is gone; if it stays, read the worker's log and restart it"
)
_SAME_STATE: Final = "see that all workers run, by the same rules; the log of this worker says more"
_GROUPS: Final = "compare by fewer fields, or raise limits.groups in the rules"


class Watchdog:
    """Reports the standstills of a worker that nobody runs into: where nothing happens.

    Parameters
    ----------
    lanes
        The worker's; their standstills are where it reports.
    watch
        What the broker said last.
    leader
        The worker's, where partition 0 is its own.
    clock
        Monotonic seconds.

    """

    def __init__(
        self,
        lanes: Lanes,
        watch: BrokerWatch,
        leader: Leader,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lanes = lanes
        self._standstills = lanes.config.standstills
        self._watch = watch
        self._leader = leader
        self._clock = clock
        self._stalls = Stalls(clock())
        self._begun_at = clock()
        self._unled_since: float | None = None
        self._thread = Periodic("watchdog", EVERY_S, self.look)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._thread.stop()

    def look(self) -> None:
        """Look once at everything."""
        now = self._clock()
        self._worker(now)
        self._partitions(now)
        self._leading(now)
        self._groups()

    def _report(self, reason: Reason, partition: int, detail: str, remedy: str) -> None:
        """Report a standstill, or with no detail its end."""
        found = Standstill(reason, partition, detail, remedy) if detail else None
        self._standstills.report(reason, partition, found)

    def _worker(self, now: float) -> None:
        self._report(Reason.BROKER_SILENT, EVERY, *self._watch.silence())
        detail = ""
        if not self._lanes.is_joined and now - self._begun_at > STALLED_S:
            detail = "the group has not let it in"
        elif self._lanes.is_joined and now - self._lanes.turned_at > STALLED_S:
            detail = "the loop that fetches messages does not turn"
        self._report(Reason.STALLED, EVERY, detail, _BY_ITSELF)

    def _partitions(self, now: float) -> None:
        owned = self._lanes.owned
        if self._watch.silence()[0]:
            return  # what is known of the ends is old; the silence stands for every partition
        stalled = self._stalls.look(now, looks_at(self._lanes, self._watch.ends))
        for partition in owned:
            detail = "" if self._is_explained(partition) else stalled.get(partition, "")
            self._report(Reason.STALLED, partition, detail, _BY_ITSELF)
        self._standstills.keep_partitions(self._lanes.owned)

    def _is_explained(self, partition: int) -> bool:
        """Tell whether a partition stands still for a cause that somebody ran into."""
        return any(
            each.partition == partition and each.reason not in (Reason.STALLED, Reason.NO_SNAPSHOT)
            for each in self._standstills.of(partition)
        )

    def _leading(self, now: float) -> None:
        obstacle = ""
        if 0 in self._lanes.owned and not self._watch.silence()[0]:
            obstacle = self._leader.obstacle
            if now - self._leader.turned_at > STALLED_S:
                obstacle = obstacle or "it waits for an answer of the broker"
        if not obstacle:
            self._unled_since = None
        elif self._unled_since is None:
            self._unled_since = now
        is_long = self._unled_since is not None and now - self._unled_since >= STALLED_S
        self._report(Reason.NO_SNAPSHOT, EVERY, obstacle if is_long else "", _SAME_STATE)

    def _groups(self) -> None:
        for lane in self._lanes:
            if isinstance(shift := lane.shift, SegmentShift):
                is_over = shift.summarising.alarm.is_on
                detail = "its figures have more groups than limits.groups" if is_over else ""
                self._report(Reason.NO_SNAPSHOT, lane.partition, detail, _GROUPS)
