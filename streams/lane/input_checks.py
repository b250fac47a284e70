"""Whether a partition can go on where it stopped: positions beside what the broker has.

Pure: whoever asks the broker (`streams.lane.inputs`) hands in what it answered.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from streams.lane.standstills import EVERY, Reason, Standstill

RESTORE = "restore the topic from an archive"


class Observed(NamedTuple):
    """What the broker says of a source topic and of one of its partitions; None: not known.

    Attributes
    ----------
    topic_id
        The id that a topic has from its creation to its deletion.
    partitions
        How many there are.
    start, end
        The first offset of the partition, and the one after its last record.

    """

    topic_id: str | None = None
    partitions: int | None = None
    start: int | None = None
    end: int | None = None


class Hole(NamedTuple):
    """Why a partition cannot go on at its position of a topic, and where it could.

    Attributes
    ----------
    reason
        `INPUT_DELETED` or `TOPIC_RECREATED`.
    topic, partition, position
        Where it stands.
    resume
        The first offset that is there and was not applied.
    detail
        What was found, in words.
    is_other_topic
        Whether the topic that is there now is known to be another one.

    """

    reason: Reason
    topic: str
    partition: int
    position: int
    resume: int
    detail: str
    is_other_topic: bool = False

    @property
    def remedy(self) -> str:
        """What a person can do."""
        skip = f"nyxter skip {self.topic} --partition {self.partition}"
        return f"{RESTORE}, or go on behind it: `{skip}`"


def find_holes(
    partition: int,
    positions: Mapping[str, int],
    topic_ids: Mapping[str, str],
    observed: Mapping[str, Observed],
) -> list[Hole]:
    """Return what keeps a partition from going on, topic by topic.

    Parameters
    ----------
    partition
        Its number.
    positions, topic_ids
        The next offset of each source topic, and the id that it had when they were read.
    observed
        What the broker says of the topics.

    Examples
    --------
    >>> [hole] = find_holes(3, {"orders": 40}, {}, {"orders": Observed(start=90, end=100)})
    >>> hole.detail
    'orders, partition 3: offsets 40 to 89 were deleted before they were applied'
    >>> find_holes(3, {"orders": 90}, {"orders": "A"}, {"orders": Observed("A", 4, 90, 100)})
    []

    """
    found = (
        _hole(topic, partition, at, topic_ids.get(topic), observed.get(topic, Observed()))
        for topic, at in sorted(positions.items())
    )
    return [hole for hole in found if hole is not None]


def _hole(
    topic: str, partition: int, at: int, topic_id: str | None, there: Observed
) -> Hole | None:
    name = f"{topic}, partition {partition}"
    known = None not in (topic_id, there.topic_id)
    start = there.start or 0
    if known and there.topic_id != topic_id:
        detail = (
            f"{name}: the topic was deleted and made anew (its id is {there.topic_id}, "
            f"the position {at} is of {topic_id})"
        )
        return Hole(
            Reason.TOPIC_RECREATED, topic, partition, at, start, detail, is_other_topic=True
        )
    if there.end is not None and there.end < at:
        # The same topic has lost its last records; of another one nothing was applied.
        resume = there.end if known else start
        detail = f"{name}: ends at {there.end}, before the position {at}: made anew, or cut"
        return Hole(Reason.TOPIC_RECREATED, topic, partition, at, resume, detail)
    if start > at:
        detail = f"{name}: offsets {at} to {start - 1} were deleted before they were applied"
        return Hole(Reason.INPUT_DELETED, topic, partition, at, start, detail)
    return None


def standstills_of(holes: Iterable[Hole]) -> Iterator[Standstill]:
    """Yield the standstills that holes come to: one for each partition and reason.

    >>> observed = {"a": Observed(start=2, end=9), "b": Observed(start=3, end=9)}
    >>> [stands] = standstills_of(find_holes(0, {"a": 1, "b": 1}, {}, observed))
    >>> stands.detail.count("were deleted")
    2
    """
    listed: dict[tuple[Reason, int], list[Hole]] = {}
    for hole in holes:
        listed.setdefault((hole.reason, hole.partition), []).append(hole)
    for (reason, partition), some in listed.items():
        detail = "; ".join(hole.detail for hole in some)
        yield Standstill(reason, partition, detail, some[0].remedy)


def find_partition_changes(expected: int, observed: Mapping[str, Observed]) -> Standstill | None:
    """Return the standstill of a worker whose source topics have another number of partitions.

    >>> find_partition_changes(4, {"orders": Observed(partitions=8)}).detail
    'orders has 8 partitions, expected 4'
    >>> find_partition_changes(4, {"orders": Observed(partitions=4), "returns": Observed()})
    """
    other = {
        topic: there.partitions
        for topic, there in sorted(observed.items())
        if there.partitions not in (None, expected)
    }
    if not other:
        return None
    detail = "; ".join(f"{t} has {n} partitions, expected {expected}" for t, n in other.items())
    remedy = (
        f"what lies in others than the first {expected} is not applied: copy the records of those "
        f"topics, by key, into topics with {expected} partitions, or start another app_id on "
        "topics that all have the new number (docs/operations.md)"
    )
    return Standstill(Reason.PARTITIONS_CHANGED, EVERY, detail, remedy)


def find_missing(sources: Iterable[str], observed: Mapping[str, Observed]) -> Standstill | None:
    """Return the standstill of a worker whose source topics are not all there.

    >>> find_missing(["orders", "returns"], {"orders": Observed("A", 4)}).detail
    'returns: there is no such topic'
    >>> find_missing(["orders"], {"orders": Observed()})
    """
    missing = [topic for topic in sources if topic not in observed]
    if not missing:
        return None
    detail = f"{', '.join(missing)}: there is no such topic"
    remedy = f"{RESTORE}, or `nyxter topics create`, and then `nyxter skip` for each partition"
    return Standstill(Reason.TOPIC_RECREATED, EVERY, detail, remedy)


def known_ids(observed: Mapping[str, Observed]) -> dict[str, str]:
    """Return the ids of topics, of those that have one.

    >>> known_ids({"a": Observed("A"), "b": Observed()})
    {'a': 'A'}
    """
    return {t: there.topic_id for t, there in observed.items() if there.topic_id is not None}
