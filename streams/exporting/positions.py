"""Where a run goes on in the segment events, and whether these are the topics it was in before."""

from collections.abc import Collection, Mapping
from typing import Final

from streams.exporting.source import Source
from streams.exporting.star import EVENT_TABLES, Subject
from streams.exporting.state import BadDirectory, State
from streams.place import Place
from streams.spans import Span
from streams.topics import SEGMENT_EVENTS

ERASURES: Final = "erasures"
_UNKNOWN: Final = "AAAAAAAAAAAAAAAAAAAAAA"  # what earlier releases noted where a broker told no id
Following = dict[str, dict[int, int]]


def check_source(state: State, source: Source) -> None:
    """Raise ``BadDirectory`` where a directory holds what came from elsewhere."""
    if state.cluster != source.cluster:
        raise BadDirectory(
            "this directory holds an export of another broker (its cluster's id differs): export "
            "to another directory"
        )
    for name, topic_id in source.topics.items():
        if state.topics.get(name, _UNKNOWN) not in (topic_id, _UNKNOWN):
            raise BadDirectory(
                f"{name} was made anew since the last export (its id differs), so offsets mean "
                "something else: export to another directory"
            )


def following(
    state: State, spans: Mapping[Place, Span], subjects: Collection[Subject]
) -> Following:
    """Return the next offsets of what is read now: of events asked for, and of erasures.

    Who was erased before the first export is in nothing that it reads of profiles, so the search
    begins where the events end. Raises ``BadDirectory`` where an offset is beyond the end.
    """
    asked = [name for name in EVENT_TABLES if name in subjects]
    read: Following = {name: dict(state.next.get(name, {})) for name in asked}
    ends = {place.partition: span.end for place, span in spans.items()}
    read[ERASURES] = dict(state.next.get(ERASURES, ends))
    for offsets in read.values():
        for place, span in spans.items():
            if offsets.setdefault(place.partition, 0) > span.end:
                raise BadDirectory(
                    f"{place.topic} ends at offset {span.end} of partition {place.partition}, "
                    f"before the next to be exported, {offsets[place.partition]}: "
                    f"{_why(state)}; export to another directory"
                )
    return read


def _why(state: State) -> str:
    """Say why a topic may end before what was exported; the same id says that it is the same."""
    is_known = state.topics.get(SEGMENT_EVENTS, _UNKNOWN) != _UNKNOWN
    return "its end was cut off" if is_known else "it was made anew or cut"


def starts(read: Following, spans: Mapping[Place, Span]) -> dict[Place, int]:
    """Return where to begin in each partition."""
    return {
        place: max(span.start, min(offsets[place.partition] for offsets in read.values()))
        for place, span in spans.items()
    }


def lost(state: State, read: Following, spans: Mapping[Place, Span]) -> int:
    """Return how many offsets the broker has dropped since they should have been exported."""
    known = [offsets for name, offsets in read.items() if name in state.next and name != ERASURES]
    return max(
        (
            sum(max(0, span.start - offsets[at.partition]) for at, span in spans.items())
            for offsets in known
        ),
        default=0,
    )


def gone_on(read: Following, reached: Mapping[int, int]) -> Following:
    """Return the next offsets once everything before `reached` was read."""
    return {
        name: {at: max(offset, reached.get(at, 0)) for at, offset in offsets.items()}
        for name, offsets in read.items()
    }
