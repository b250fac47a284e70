"""When an epoch is trusted: by the time that an answer took, and by what was sent."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from streams.lane import end_txn
from streams.lane.end_txn import FIRST_ANSWER_S, SENT_AGAIN, UNCOUNTED, EndTxns

SLOW = FIRST_ANSWER_S + 0.1


class Client:
    """A client and its clock: counts what it sends, and emits statistics when they are due."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.sent = 0
        self.polled = 0
        self.every = 0.5
        self.astray = 0.0
        self.ends = EndTxns()

    def end(self, seconds: float, times: int = 1) -> None:
        """End a transaction: its request is sent so many times, and answered after seconds."""
        with self.ends.asked():
            self.sent += times
            self.now += seconds

    def poll(self, seconds: float) -> None:
        self.polled += 1
        self.now += seconds
        if self.every and int(self.now / self.every) != int((self.now - seconds) / self.every):
            self.emit()

    def emit(self) -> None:
        broker = {"name": "TxnCoordinator", "req": {"Produce": 9, "EndTxn": self.sent}}
        statistics: dict[str, Any] = {
            "ts": int((self.now + self.astray) * 1e6),
            "brokers": {"localhost:9092/1": {"req": {"EndTxn": 0}}, "TxnCoordinator": broker},
        }
        self.ends.count(json.dumps(statistics))

    def distrust(self) -> str:
        return self.ends.distrust(self.poll)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    made = Client()
    monkeypatch.setattr(end_txn, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_what_was_answered_at_once_is_trusted_without_looking(client: Client) -> None:
    for _ in range(3):
        client.end(FIRST_ANSWER_S - 0.01)
        assert client.distrust() == ""
    assert client.polled == 0


def test_a_slow_answer_to_what_was_sent_once_is_trusted(client: Client) -> None:
    client.end(0.01)
    client.end(SLOW)
    assert client.distrust() == ""
    assert 0 < client.polled <= 11
    before = client.polled
    assert client.distrust() == ""
    assert client.polled == before


def test_what_was_sent_again_is_not_trusted_any_more(client: Client) -> None:
    client.end(SLOW, times=2)
    assert client.distrust() == SENT_AGAIN
    client.end(0.01)
    assert client.distrust() == SENT_AGAIN


def test_statistics_of_before_the_answer_say_nothing(client: Client) -> None:
    with client.ends.asked():
        client.sent += 1
        client.now += SLOW
        client.emit()  # one was sent up to here …
        client.sent += 1  # … and one after it
        client.now += 0.01
    assert client.distrust() == SENT_AGAIN


def test_any_statistics_that_count_too_many_are_heeded(client: Client) -> None:
    client.end(0.01, times=2)
    client.emit()
    assert client.distrust() == SENT_AGAIN
    assert client.polled == 0


def test_without_statistics_a_slow_answer_is_not_trusted(client: Client) -> None:
    client.every = 0
    client.end(SLOW)
    assert client.distrust() == UNCOUNTED


def test_statistics_by_another_clock_are_none(client: Client) -> None:
    client.astray = 1e9
    client.end(SLOW)
    assert client.distrust() == UNCOUNTED


def test_fewer_than_were_asked_for_are_a_count_that_is_not_understood(client: Client) -> None:
    client.end(SLOW, times=0)
    assert client.distrust() == UNCOUNTED


@pytest.mark.parametrize(("seconds", "trusted"), [(0.01, True), (SLOW, False)])
def test_an_abort_is_trusted_where_it_was_quick(
    client: Client, seconds: float, *, trusted: bool
) -> None:
    client.ends.give_up_counting()
    client.end(seconds)
    assert (client.distrust() == "") is trusted
    assert client.polled == 0


def test_after_an_abort_counts_hide_what_was_sent_again(client: Client) -> None:
    client.ends.give_up_counting()
    client.end(0.01, times=0)  # nothing was registered: nothing was sent
    client.end(SLOW, times=2)
    assert client.distrust() == UNCOUNTED


def test_what_fails_is_timed_and_counted_too(client: Client) -> None:
    def refused() -> None:
        with client.ends.asked():
            client.sent += 2
            client.now += SLOW
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        refused()
    assert client.distrust() == SENT_AGAIN


def test_the_client_waits_before_it_sends_again_and_counts(client: Client) -> None:
    settings = client.ends.settings
    assert settings["retry.backoff.ms"] * 0.8 >= FIRST_ANSWER_S * 1000
    assert settings["retry.backoff.max.ms"] >= settings["retry.backoff.ms"]
    assert settings["statistics.interval.ms"] > 0
    assert settings["stats_cb"] == client.ends.count
