"""Callbacks are served as long as somebody holds what they are of."""

import gc
import threading

import pytest
from structlog.testing import capture_logs

from streams.lane import polling
from streams.lane.polling import Poller

PATIENCE_S = 60.0


class Served:
    """Counts how often it is served."""

    def __init__(self) -> None:
        self.twice = threading.Event()
        self.times = 0
        self.fails = False

    def serve_callbacks(self) -> None:
        self.times += 1
        if self.times > 1:
            self.twice.set()
        if self.fails:
            raise ZeroDivisionError


@pytest.fixture
def poller(monkeypatch: pytest.MonkeyPatch) -> Poller:
    monkeypatch.setattr(polling, "_EVERY_S", 0.01)
    return Poller()


def test_each_is_served_again_and_again(poller: Poller) -> None:
    served = [Served(), Served()]
    for each in served:
        poller.add(each)
    assert all(each.twice.wait(PATIENCE_S) for each in served)


def test_one_that_fails_keeps_no_other_from_being_served(poller: Poller) -> None:
    with capture_logs() as logs:
        failing, good = Served(), Served()
        failing.fails = True
        poller.add(failing)
        poller.add(good)
        assert failing.twice.wait(PATIENCE_S)
        assert good.twice.wait(PATIENCE_S)
    assert logs[0]["event"] == "callbacks broken"


def test_it_ends_with_the_last_and_begins_again_with_the_next(poller: Poller) -> None:
    first = Served()
    poller.add(first)
    thread = next(each for each in threading.enumerate() if each.name == "polling")
    del first
    gc.collect()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    second = Served()
    poller.add(second)
    assert second.twice.wait(PATIENCE_S)
    poller.discard(second)
