"""The reader of a whole topic: records in order, and the end of all partitions told again."""

import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError
from lane_fakes import PATIENCE_S

from streams.lane import tail as tail_module
from streams.lane.tail import Tail


class Heard:
    """A record, or the end of a partition, or another error, as `consume` gives it."""

    def __init__(self, partition: int, value: bytes | None = None, code: int | None = None) -> None:
        self._partition, self._value, self._code = partition, value, code

    def partition(self) -> int:
        return self._partition

    def value(self) -> bytes | None:
        return self._value

    def error(self) -> KafkaError | None:
        return None if self._code is None else KafkaError(self._code)


def end(partition: int) -> Heard:
    return Heard(partition, code=KafkaError._PARTITION_EOF)


class FakeConsumer:
    """Hands over what is put on its table, a batch at a time."""

    table: list[list[Heard]]
    places: list[tuple[str, int, int]]
    config: dict[str, Any]
    closed = False
    rest: list[Heard]

    def __init__(self, config: dict[str, Any]) -> None:
        type(self).config = config

    def assign(self, places: Any) -> None:
        type(self).places = [(p.topic, p.partition, p.offset) for p in places]

    def poll(self, _: float) -> Heard | None:
        time.sleep(0.001)
        self.rest = self.table.pop(0) if self.table else []
        return self.rest.pop(0) if self.rest else None

    def consume(self, _: int, timeout: float) -> list[Heard]:
        assert timeout == 0
        return self.rest

    def close(self) -> None:
        type(self).closed = True


Told = list[Any]


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Told]]:
    """Start a tail over batches; returns what it told: values, and "end"."""
    monkeypatch.setattr(tail_module, "Consumer", FakeConsumer)
    tails: list[Tail] = []

    def start(*batches: list[Heard], on_record: Callable[[Any], None] | None = None) -> Told:
        told: Told = []
        FakeConsumer.table = list(batches)
        FakeConsumer.closed = False
        heard = on_record or (lambda message: told.append(message.value()))
        tail = Tail({"a": 1}, "topic", 2, heard, lambda: told.append("end"))
        tails.append(tail)
        tail.start()
        return told

    yield start
    for tail in tails:
        tail.stop()
    assert FakeConsumer.closed


def wait_until(condition: Callable[[], Any], what: str) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < limit, f"waited in vain until {what}"
        time.sleep(0.001)


def test_all_partitions_are_read_from_their_beginning_committed_only(reading: Any) -> None:
    reading()
    assert FakeConsumer.places == [("topic", 0, 0), ("topic", 1, 0)]
    assert FakeConsumer.config["isolation.level"] == "read_committed"
    assert FakeConsumer.config["a"] == 1


def test_the_end_is_told_when_every_partition_has_reached_its_own(reading: Any) -> None:
    told = reading([Heard(0, b"a"), end(0)], [Heard(1, b"b")], [Heard(1, b"c"), end(1)])
    wait_until(lambda: told == [b"a", b"b", b"c", "end"], "the end is told")


def test_the_end_is_told_again_after_what_comes_later(reading: Any) -> None:
    told = reading([end(0), end(1)], [Heard(0, b"a")], [Heard(0, b"b"), end(0)])
    wait_until(lambda: told == ["end", b"a", b"b", "end"], "the end is told again")


def test_another_error_is_passed_over(reading: Any) -> None:
    told = reading([Heard(0, code=KafkaError._TRANSPORT)], [Heard(0, b"a"), end(0), end(1)])
    wait_until(lambda: told == [b"a", "end"], "reading goes on")


def test_a_fault_of_our_own_is_told(reading: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that dies without a word would leave a worker without snapshots for good."""
    told: Told = []

    class Log:
        def error(self, event: str, **fields: Any) -> None:
            told.append((event, fields))

        info = warning = exception = error

    def fails(_: Any) -> None:
        raise ZeroDivisionError("what a customer's event says")

    dead = threading.Event()
    monkeypatch.setattr(tail_module, "log", Log())
    monkeypatch.setattr(threading, "excepthook", lambda _: dead.set())
    reading([Heard(0, b"a")], on_record=fails)
    wait_until(lambda: told or dead.is_set(), "it is told, or the thread has died")
    assert "ZeroDivisionError" in str(told)


def test_one_that_was_not_started_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "Consumer", FakeConsumer)
    FakeConsumer.closed = False
    nothing: Any = SimpleNamespace(__call__=None)
    Tail({}, "topic", 1, nothing, nothing).stop()
    assert FakeConsumer.closed
