"""What storms in `test_small_system.py` came upon, each as small as it gets."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from driving import purchase, replayed
from running import same_profiles
from small_system import ModestBoard, SmallSystem, small_world

from schemas.envelope import loads
from schemas.outputs import JOURNEY_TRIGGERED
from schemas.rules import read_rules
from streams import topics
from streams.segmenter.shift import QUIET_S

TODAY = date(2026, 11, 22)
YESTERDAY = date(2026, 11, 21)


@pytest.fixture
def clock() -> Iterator[Any]:
    with small_world() as still:
        yield still


def test_a_settled_card_has_the_marks_of_the_last_snapshot(clock: Any) -> None:
    """Quartiles move with the others while scores and the segment's name stay: v 2 becomes 3."""
    system = SmallSystem(read_rules(""), 1, (TODAY, TODAY), 1, clock, 0.0)
    without = {"value": None}
    first = [purchase("K1", "o1"), purchase("K1", "o2", **without), purchase("K2", **without)]
    amended = purchase("K1", "o1", time="2026-11-22T13:00:00Z", **without)
    for one in first:
        system.send(one)
    system.settle()
    assert same_profiles(system.profiles(), replayed(first).profiles) == []
    system.send(amended)
    system.settle()
    assert same_profiles(system.profiles(), replayed([*first, amended]).profiles) == []


def test_a_sweep_of_everyone_that_a_crash_cuts_short_still_meets_everyone(clock: Any) -> None:
    """A day turns, everyone's card is due. Halfway the partition is loaded anew; its snapshot has
    been followed by another, whose sweep is no smaller for that."""
    system = SmallSystem(read_rules(""), 1, (YESTERDAY, TODAY), 1, clock, 0.0)
    sent = [
        purchase(
            f"K{n}", f"o{n}", ordered_on="2026-11-20", value=100 * n, time=f"{YESTERDAY}T12:00:00Z"
        )
        for n in range(8)
    ]
    for one in sent:
        system.send(one)
    system.settle()
    system.day = TODAY
    system.look()
    lane: Any = system.lanes[0]
    _work_off(system)
    clock.now += 2
    _do(lane)  # summarises the new day
    _publish_and_post(system)
    _do(lane)  # adopts the snapshot and sweeps the first part
    assert lane.shift.progress.whom == "everyone"
    assert lane.shift.progress.bucket
    system.send(sent[0])  # changes nothing, but makes for another summary and snapshot
    lane.put(
        topics.PURCHASES, system.broker.after(topics.PURCHASES, 0, lane.expected[topics.PURCHASES])
    )
    clock.now += 2
    _do(lane)
    assert lane.shift.progress.bucket
    clock.now += 2
    _do(lane)
    assert lane.shift.progress.bucket
    _publish_and_post(system)
    system.load(0)
    system.settle()
    assert same_profiles(system.profiles(), replayed(sent).profiles) == []


@pytest.mark.parametrize("looks", range(6))
def test_a_day_whose_snapshot_comes_while_a_chore_is_chosen_is_on_every_card(
    clock: Any, looks: int
) -> None:
    """Cards are about to be made exact in a lull as the snapshot of a new day comes, which is
    due to everyone, not to those alone whose scores it changes."""
    system = SmallSystem(read_rules(""), 1, (YESTERDAY, TODAY), 1, clock, 0.0)
    lane: Any = system.lanes[0]
    sent = [purchase(f"K{n}", f"o{n}", ordered_on="2026-11-20") for n in range(3)]
    for one in sent:
        system.send(one)
        while system.work(0):
            pass
        clock.now += 2
        _do(lane)  # summarises
        _publish_and_post(system)
    _do(lane)  # adopts the last snapshot
    while lane.shift.progress.bucket is not None:
        _do(lane)  # publishes whoever moved
    assert not lane.shift.progress.settled
    system.day = TODAY
    system.look()
    _work_off(system)
    clock.now += 2
    _do(lane)  # summarises the new day
    system.read_summaries()
    system.look()
    clock.now += QUIET_S
    for board in system._boards:
        system.post(board, looks)
    _do(lane)
    system.settle()
    assert same_profiles(system.profiles(), replayed(sent).profiles) == []


def test_new_rules_fire_nothing_for_customers_who_order_before_the_sweep_meets_them(
    clock: Any,
) -> None:
    """What the rules change is put down to them and held back, what the order changes fires."""
    system = SmallSystem(read_rules(""), 1, (TODAY, TODAY), 1, clock, 0.0)
    sent = [purchase(f"K{n}", f"o{n}", ordered_on="2026-11-20", value=100 * n) for n in range(9)]
    for one in sent:
        system.send(one)
    system.settle()
    before = len(system.outputs()[topics.SEGMENT_EVENTS])
    system.former.append(system.rules)
    system.rules = read_rules('[campaigns]\nrecuperacao = { R = "> 0" }\n')
    system.load(0)
    system.lead()
    lane: Any = system.lanes[0]
    for _ in range(9):
        clock.now += 2
        if lane.shift.ready():
            _do(lane)  # summarises by the new rules
        system.read_summaries()
        system.look()
    for board in system._boards:
        system.post(board)
    sent.append(purchase("K3", "more", value=9000, time=f"{TODAY}T14:00:00Z"))
    system.send(sent[-1])
    lane.put(
        topics.PURCHASES, system.broker.after(topics.PURCHASES, 0, lane.expected[topics.PURCHASES])
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ModestBoard, "may_sweep", lambda _: False)
        _do(lane)  # adopts the new snapshot and applies the order
    assert lane.shift.progress.bucket == 0
    told = [loads(value or b"") for _, _, value in system.outputs()[topics.SEGMENT_EVENTS][before:]]
    assert {one["subject"] for one in told} == {"K3"}
    fates = {
        one["data"]["trigger"]: (one["data"]["why"]["cause"], one["data"]["suppressed"])
        for one in told
        if one["type"] == JOURNEY_TRIGGERED
    }
    assert fates == {
        "campaign:recuperacao": ("rules", "rules"),
        "rfm:Campeões": ("customer", None),
    }
    system.settle()
    assert Counter(system.outputs()[topics.SEGMENT_EVENTS]) == Counter(
        system.replayed_outputs()[topics.SEGMENT_EVENTS]
    )


def _work_off(system: SmallSystem) -> None:
    lane: Any = system.lanes[0]
    at = lane.expected.get(topics.CONTROL, 0)
    lane.put(topics.CONTROL, system.broker.after(topics.CONTROL, 0, at))
    while lane._queue:
        _do(lane)


def _do(lane: Any) -> None:
    assert lane.shift.ready()
    lane._work(lane._take())


def _publish_and_post(system: SmallSystem) -> None:
    system._clock.now += 2
    system.read_summaries()
    system.look()
    for board in system._boards:
        system.post(board)
