"""Segment events as rows: what is new for each subject, and who was erased."""

from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import Message

from schemas.envelope import loads
from schemas.events import BUSINESS, CustomerErased
from schemas.outputs import JOURNEY_TRIGGERED, SEGMENT_CHANGED
from streams.exporting.met import UNREADABLE, Met
from streams.exporting.schema import day_of
from streams.exporting.spool import Spool
from streams.exporting.star import Subject
from streams.place import Place

_SUBJECTS: Final[dict[str, Subject]] = {
    SEGMENT_CHANGED: "transitions",
    JOURNEY_TRIGGERED: "triggers",
}
_ERASED: Final = next(name for name, model in BUSINESS.items() if model is CustomerErased)


class Events:
    """Takes segment events; `spools` fill, and `erased` is known once all are taken.

    Parameters
    ----------
    spools
        Of the subjects that are asked for.
    following
        By subject (and ``erasures``), the next offset of each partition.
    met
        What is noted besides.

    Attributes
    ----------
    erased, freshly
        By customer, the offset of the last event that follows from an erasure: of all that were
        read, and of those that nobody read for erasures before.

    """

    def __init__(
        self,
        spools: Mapping[Subject, Spool],
        following: Mapping[str, Mapping[int, int]],
        met: Met,
    ) -> None:
        self._spools = spools
        self._following = following
        self._met = met
        self.erased: dict[str, int] = {}
        self.freshly: dict[str, int] = {}

    def add(self, message: Message) -> None:
        """Take one record; a type that is not known is passed over."""
        value = message.value()
        if value is None:
            return
        try:
            event = loads(value)
            subject = _SUBJECTS.get(event["type"])
            if subject is not None:
                self._add(subject, event, message.partition() or 0, message.offset() or 0)
        except UNREADABLE:
            place = Place(message.topic() or "", message.partition() or 0)
            self._met.note_unreadable(place, message.offset() or 0)

    def _add(self, subject: Subject, event: dict[str, Any], partition: int, offset: int) -> None:
        if _is_of_erasure(event):
            self.erased[event["subject"]] = offset
            if offset >= self._following["erasures"].get(partition, 0):
                self.freshly[event["subject"]] = offset
        spool = self._spools.get(subject)
        if spool is None or offset < self._following[subject].get(partition, 0):
            return
        spool.add(day_of(event["time"]), spool.table.row(event), offset)
        self._note(event["data"])

    def _note(self, data: dict[str, Any]) -> None:
        named = (data["segment"],) if "segment" in data else (data["old"], data["new"])
        self._met.segments |= {(data["kind"], name) for name in named if name is not None}
        if "stage" in data:
            self._met.stages.add((data["phase"], data["stage"]))


def _is_of_erasure(event: dict[str, Any]) -> bool:
    return (event["data"]["why"]["event"] or {}).get("type") == _ERASED
