"""A message on which the work fails: found, set aside in its place, its neighbours unharmed."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lane_fakes import CONTROL, WORK, FakeProducer, FakeShift, Message, messages

from streams.lane.changelog import Position
from streams.lane.lane import Lane

COUNT = 1_000


class Trouble:
    """Raises on some messages, as often as told (None: always)."""

    def __init__(self, offsets: set[int], times: int | None = None) -> None:
        self._left = dict.fromkeys(offsets, times)

    def __call__(self, message: Message) -> None:
        left = self._left.get(message.offset, 0)
        if left == 0:
            return
        self._left[message.offset] = None if left is None else left - 1
        raise ZeroDivisionError("a customer's data")


def worked(trouble: Trouble, deliveries: list[list[Message]]) -> tuple[FakeShift, FakeProducer]:
    shift, producer = FakeShift(trouble), FakeProducer()
    lane = Lane(
        0,
        Position({}, 1, None),
        shift,
        producer,
        "changelog",
        frozenset({CONTROL}),
        ThreadPoolExecutor(1),
    )
    for delivery in deliveries:
        lane.put(delivery[0].topic, delivery)
    while lane._work(lane._take()):
        pass
    return shift, producer


def poison_of(shift: FakeShift) -> list[tuple[int, str]]:
    return [(b.messages[0].offset, b.poison) for b in shift.kept if b.poison is not None]


def assert_all_in_order(shift: FakeShift, sent: list[Message]) -> None:
    assert shift.handled == sent
    reached: dict[str, int] = {}
    for batch in shift.kept:
        for topic, start, end in batch.spans:
            assert start == reached.get(topic, 0)
            reached[topic] = end


@pytest.mark.parametrize("bad", [0, 1, 499, 500, 777, 998, 999])
def test_the_one_message_is_found(bad: int) -> None:
    sent = messages(COUNT)
    shift, producer = worked(Trouble({bad}), [sent[:300], sent[300:301], sent[301:]])
    assert poison_of(shift) == [(bad, "ZeroDivisionError")]
    assert_all_in_order(shift, sent)
    written = [r for records in producer.transactions for r in records]
    assert [r.value for r in written if r.topic == "dead"] == [sent[bad].value]
    assert len([r for r in written if r.topic == "out"]) == COUNT - 1
    assert len(shift.kept) <= 14  # portions, then ten halvings: no batch is cut without need


def test_its_dead_letter_and_the_position_are_one_transaction() -> None:
    _, producer = worked(Trouble({4}), [messages(9)])
    (records,) = [t for t in producer.transactions if any(r.topic == "dead" for r in t)]
    assert [record.topic for record in records] == ["dead", "changelog"]


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 199), max_size=6), st.lists(st.integers(0, 200), max_size=5))
def test_any_number_of_them_at_any_places(bad: set[int], cuts: list[int]) -> None:
    sent = messages(200)
    edges = [0, *sorted(cuts), len(sent)]
    pieces = [sent[a:b] for a, b in pairwise(edges) if a < b]
    shift, _ = worked(Trouble(bad), pieces)
    assert {offset for offset, _ in poison_of(shift)} == bad
    assert_all_in_order(shift, sent)


def test_what_fails_once_is_done_again_and_is_no_poison() -> None:
    sent = messages(COUNT)
    shift, producer = worked(Trouble({500}, times=1), [sent])
    assert not poison_of(shift)
    assert shift.undone == 1
    assert len(producer.transactions) == len(shift.kept) == 1
    assert_all_in_order(shift, sent)


def test_what_fails_twice_and_not_again_is_no_poison() -> None:
    sent = messages(COUNT)
    shift, _ = worked(Trouble({500}, times=2), [sent])
    assert not poison_of(shift)
    assert_all_in_order(shift, sent)


def test_a_control_message_can_be_poison() -> None:
    sent = [*messages(2), *messages(1, CONTROL), *messages(2, start=2)]
    shift = FakeShift(lambda m: 1 // (m.topic != CONTROL))  # type: ignore[arg-type]
    producer = FakeProducer()
    lane = Lane(
        0,
        Position({}, 1, None),
        shift,
        producer,
        "changelog",
        frozenset({CONTROL}),
        ThreadPoolExecutor(1),
    )
    for message in sent:
        lane.put(message.topic, [message])
    while lane._work(lane._take()):
        pass
    assert poison_of(shift) == [(0, "ZeroDivisionError")]
    assert_all_in_order(shift, sent)


def test_poison_in_the_last_of_several_topics() -> None:
    sent = [*messages(3), *messages(3, "other"), *messages(1, "third")]
    shift, producer = worked(Trouble({2}), [sent[:3], sent[3:6], sent[6:]])
    assert poison_of(shift) == [(2, "ZeroDivisionError"), (2, "ZeroDivisionError")]
    assert_all_in_order(shift, sent)
    assert producer.positions()[-1].next == {WORK: 3, "other": 3, "third": 1}
