"""What keeps partitions from going on: raised where it is found, reported everywhere.

Whoever finds that a partition (or a whole worker) cannot go on raises a standstill, and clears it
once the cause is gone. `/ready`, the log, `nyxter_standstill`, doctor and the console report the
same reasons in the same words.
"""

import threading
from enum import StrEnum
from typing import Final, NamedTuple

import structlog

log = structlog.get_logger()


class Reason(StrEnum):
    """Why no progress is made; the value is the label `reason` of the metric.

    `docs/operations.md` has a table of all of them.
    """

    INPUT_DELETED = "input_deleted"
    TOPIC_RECREATED = "topic_recreated"
    PARTITIONS_CHANGED = "partitions_changed"
    UNREADABLE = "unreadable"
    OTHER_RULES = "other_rules"
    BROKER_SILENT = "broker_silent"
    STALLED = "stalled"
    NO_SNAPSHOT = "no_snapshot"
    FOREIGN_KEY = "foreign_key"


EVERY: Final = -1
"""Stands for all partitions of a worker."""


class Standstill(NamedTuple):
    """One cause that keeps a partition from going on.

    Attributes
    ----------
    reason
        What kind of cause.
    partition
        Which partition, `EVERY` where it concerns the whole worker.
    detail
        What was found: topic, offsets, versions. Nothing of a customer.
    remedy
        What a person can do.

    """

    reason: Reason
    partition: int
    detail: str
    remedy: str

    @property
    def sentence(self) -> str:
        """Detail and remedy in one sentence.

        >>> Standstill(Reason.UNREADABLE, 3, "orders is corrupt", "restore it").sentence
        'partition 3 stands still: orders is corrupt; restore it'
        """
        return f"{self._subject} stands still: {self.detail}; {self.remedy}"

    @property
    def _subject(self) -> str:
        if self.partition != EVERY:
            return f"partition {self.partition}"
        return "the leader" if self.reason == Reason.NO_SNAPSHOT else "the worker"


class Standstills:
    """The standstills of a process; safe to use from any thread.

    Each is logged once when it begins (again where its detail changes) and once when it ends.
    """

    def __init__(self) -> None:
        self._current: dict[tuple[Reason, int], Standstill] = {}
        self._lock = threading.Lock()

    def begin(self, standstill: Standstill) -> None:
        """Report a standstill; one that is known in the same words changes nothing."""
        key = standstill.reason, standstill.partition
        with self._lock:
            known = self._current.get(key)
            self._current[key] = standstill
        if known != standstill:
            log.error("standstill", **standstill._asdict())

    def end(self, reason: Reason, partition: int) -> None:
        """Report that a cause is gone; one that was not there changes nothing."""
        with self._lock:
            known = self._current.pop((reason, partition), None)
        if known is not None:
            log.warning("standstill ended", reason=reason, partition=partition)

    def report(self, reason: Reason, partition: int, found: Standstill | None) -> None:
        """Begin the standstill that was found, or end that of the reason where none was."""
        if found is None:
            self.end(reason, partition)
        else:
            self.begin(found)

    def keep_partitions(self, owned: frozenset[int]) -> None:
        """Forget standstills of partitions that are not owned any more."""
        with self._lock:
            self._current = {
                key: each for key, each in self._current.items() if key[1] in owned | {EVERY}
            }

    def end_all(self) -> None:
        """Report that no cause is left, as nothing is owned that it could concern."""
        for each in self.current():
            self.end(each.reason, each.partition)

    def of(self, partition: int) -> list[Standstill]:
        """Return the standstills of one partition, those of the whole worker included."""
        return [each for each in self.current() if each.partition in (partition, EVERY)]

    def current(self) -> list[Standstill]:
        """Return all standstills, by partition and reason."""
        with self._lock:
            return sorted(self._current.values(), key=lambda each: (each.partition, each.reason))
