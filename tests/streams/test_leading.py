"""Who leads: the owner of partition 0, again after leading broke off, one at a time."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from lane_fakes import PATIENCE_S

from streams import app as app_module
from streams.app import Segmenter


class FakeLeader:
    """Leads until told to stop, or until `breaks_off` is set; notes how often it began."""

    def __init__(self) -> None:
        self.began = 0
        self.leading = 0
        self.most = 0
        self.breaks_off = threading.Event()
        self.may_end = threading.Event()
        self.may_end.set()

    def lead(self, stop: threading.Event) -> None:
        self.began += 1
        self.leading += 1
        self.most = max(self.most, self.leading)
        while not (stop.is_set() or self.breaks_off.is_set()):
            time.sleep(0.001)
        assert self.may_end.wait(PATIENCE_S)
        self.leading -= 1


class FakeReader:
    def __init__(self) -> None:
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture
def segmenter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A segmenter whose leader and reader are fakes; it is stopped in the end."""
    monkeypatch.setattr(app_module, "_LEAD_AGAIN_S", 0.001)
    made: Any = Segmenter.__new__(Segmenter)
    made._leader, made._reader = FakeLeader(), FakeReader()
    made._leading = None, threading.Event()
    made._leading[1].set()
    watch = Mock()
    made._states, made._watches, made._monitor = Mock(), (watch,), None
    yield made
    made._leader.may_end.set()
    made.stop()
    assert made._reader.stopped
    made._states.close.assert_called_once()
    watch.stop.assert_called_once()
    assert made._leader.leading == 0


def wait_until(condition: Callable[[], Any], what: str) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < limit, f"waited in vain until {what}"
        time.sleep(0.001)


def test_the_owner_of_partition_0_leads_and_nobody_else(segmenter: Any) -> None:
    segmenter._lead_or_not(frozenset({1, 2}))
    assert segmenter._leader.began == 0
    segmenter._lead_or_not(frozenset({0, 2}))
    wait_until(lambda: segmenter._leader.leading == 1, "it leads")
    segmenter._lead_or_not(frozenset({0}))
    segmenter._lead_or_not(frozenset({1}))
    wait_until(lambda: segmenter._leader.leading == 0, "it leads no more")
    assert segmenter._leader.began == 1


def test_who_was_fenced_leads_again_while_it_owns_partition_0(segmenter: Any) -> None:
    leader = segmenter._leader
    segmenter._lead_or_not(frozenset({0}))
    wait_until(lambda: leader.leading == 1, "it leads")
    leader.breaks_off.set()
    wait_until(lambda: leader.began > 3, "it tries again and again")
    leader.breaks_off.clear()
    wait_until(lambda: leader.leading == 1, "it leads")


def test_losing_partition_0_does_not_wait_for_the_leaders_work_in_hand(segmenter: Any) -> None:
    """Assignments are heard on the event loop, which must not stand still for a broker."""
    leader = segmenter._leader
    segmenter._lead_or_not(frozenset({0}))
    wait_until(lambda: leader.leading == 1, "it leads")
    leader.may_end.clear()
    segmenter._lead_or_not(frozenset())
    segmenter._lead_or_not(frozenset({0}))  # regained meanwhile
    segmenter._lead_or_not(frozenset())
    segmenter._lead_or_not(frozenset({0}))
    leader.may_end.set()
    wait_until(lambda: leader.began >= 2 and leader.leading == 1, "it leads again")
    assert leader.most == 1


def test_a_fault_of_our_own_in_the_leader_is_told_and_does_not_end_leading(
    segmenter: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that dies without a word would leave everyone without snapshots and days."""
    leader, lead, told = segmenter._leader, segmenter._leader.lead, []

    def fails_once(stop: threading.Event) -> None:
        if not leader.began:
            leader.began += 1
            raise ZeroDivisionError("what a customer's event says")
        lead(stop)

    class Log:
        def error(self, event: str, **fields: Any) -> None:
            told.append((event, fields))

        info = warning = exception = error

    monkeypatch.setattr(app_module, "log", Log(), raising=False)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(leader, "lead", fails_once)
    segmenter._lead_or_not(frozenset({0}))
    thread = segmenter._leading[0]
    wait_until(lambda: leader.leading == 1 or not thread.is_alive(), "it leads, or has died")
    assert leader.leading == 1
    assert "ZeroDivisionError" in str(told)
    assert "customer's event" not in str(told)
