"""What the broker alone shows of standstills, from glimpses made by hand."""

from collections.abc import Mapping

import pytest

from streams.kafka.group import Member
from streams.lane.changelog import Position
from streams.lane.input_checks import Observed
from streams.lane.standstills import EVERY, Reason, Standstill
from streams.monitoring.diagnosis import Glimpse, find_standstills, find_unmoved
from streams.monitoring.merging import Merging, find_unmerged
from streams.place import Place
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import Summary
from streams.topics import PURCHASES, SOURCES

SAME = Observed("A", 2)
ONE, OTHER = Member("nyxter-rules-a1", "/10.0.0.7"), Member("nyxter-rules-b2", "/10.0.0.8")


def seen(
    at: int | None = 40,
    end: int = 40,
    start: int = 0,
    topic: Observed = SAME,
    members: list[Member] | None = None,
) -> Glimpse:
    """Return what there is of partition 0; purchases alone hold anything."""
    positions = {} if at is None else {0: Position({PURCHASES: at}, 2, None, 0, {PURCHASES: "A"})}
    edges = {Place(name, 0): (0, 0) for name in SOURCES} | {Place(PURCHASES, 0): (start, end)}
    return Glimpse(positions, edges, {PURCHASES: topic}, members)


def test_nothing_is_found_where_all_goes_well() -> None:
    assert find_standstills(2, seen(members=[ONE, ONE])) == []
    assert find_unmoved(seen(), seen(), grown=False) == []


@pytest.mark.parametrize(
    ("glimpse", "reason", "partition"),
    [
        (seen(start=50, end=60), Reason.INPUT_DELETED, 0),
        (seen(end=90, topic=Observed("B", 2)), Reason.TOPIC_RECREATED, 0),
        (seen(end=10), Reason.TOPIC_RECREATED, 0),
        (seen(topic=Observed("A", 8)), Reason.PARTITIONS_CHANGED, EVERY),
        (seen(members=[ONE, OTHER]), Reason.OTHER_RULES, EVERY),
    ],
)
def test_what_cannot_go_on_is_found_in_one_glimpse(
    glimpse: Glimpse, reason: Reason, partition: int
) -> None:
    (found,) = find_standstills(2, glimpse)
    assert (found.reason, found.partition) == (reason, partition)


def test_workers_that_name_no_rules_are_not_judged() -> None:
    assert find_standstills(2, seen(members=[ONE, Member("older", "/10.0.0.9")])) == []
    assert find_standstills(2, seen(members=None)) == []


@pytest.mark.parametrize(
    ("before", "now", "grown", "stands"),
    [
        (seen(40, 50), seen(40, 60), True, True),
        (seen(40, 50), seen(40, 50), True, False),
        (seen(40, 50), seen(40, 50), False, True),
        (seen(40, 50), seen(41, 60), False, False),
        (seen(40, 40), seen(40, 60), True, False),
        (seen(None, 5), seen(None, 9), True, True),
    ],
    ids=["grew", "did not grow", "lies behind", "moved", "had nothing", "never began"],
)
def test_what_does_not_move_is_found_in_two(
    before: Glimpse, now: Glimpse, *, grown: bool, stands: bool
) -> None:
    found = find_unmoved(before, now, grown=grown)
    assert [(each.reason, each.partition) for each in found] == [(Reason.STALLED, 0)] * stands


def summary(entry: int = 5, rules: str = "a1", day: int = 739_000) -> Summary:
    return Summary(entry, day, rules, {PURCHASES: entry}, [], 0, None, 0, None)


def header(number: int, following: Mapping[str, Mapping[str, int]]) -> SnapshotHeader:
    return SnapshotHeader(number, 739_000, "a1", following, [])


def test_a_leader_that_merges_is_no_standstill() -> None:
    done = Merging({0: summary()}, header(3, {"0": {PURCHASES: 5}}))
    assert done.is_done
    assert find_unmerged(done, done, 1) is None
    late, later = (Merging({0: summary(9)}, header(n, {"0": {PURCHASES: 5}})) for n in (3, 4))
    assert not late.is_done
    assert find_unmerged(late, later, 1) is None, "another one was made meanwhile"


@pytest.mark.parametrize(
    ("summaries", "why"),
    [
        ({0: summary(9)}, "partition 1 has given no figures yet"),
        (
            {0: summary(9), 1: summary(rules="b2")},
            "partition 1 stands at rules b2, the leader at a1",
        ),
        ({0: summary(9), 1: summary(day=738_999)}, "partition 1 has not come to 2024-04-24"),
        ({0: summary(9), 1: summary(9)}, "figures are there, and nobody merges them"),
    ],
)
def test_a_leader_that_does_not_is_one_with_what_it_waits_for(
    summaries: Mapping[int, Summary], why: str
) -> None:
    made = Merging(summaries, header(3, {"0": {PURCHASES: 5}, "1": {PURCHASES: 5}}))
    found = find_unmerged(made, made, 2)
    assert found is not None
    assert (found.reason, found.partition) == (Reason.NO_SNAPSHOT, EVERY)
    assert found.detail == f"no snapshot is made: {why}"
    assert found.sentence.startswith("the leader stands still: ")


def test_each_reason_has_one_sentence() -> None:
    assert Standstill(Reason.STALLED, 3, "a", "b").sentence == "partition 3 stands still: a; b"
