"""Consumers without a group: what is there is taken, and watermarks are asked for again."""

from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams.lane import groupless
from streams.lane.groupless import some, watermarks

PLACE = TopicPartition("topic", 0)


class Answers:
    """A consumer that gives its answers, one after the other, and then the last one again."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked = 0

    def get_watermark_offsets(self, place: TopicPartition, timeout: float) -> Any:
        assert (place, timeout) == (PLACE, 5.0)
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, int):
            raise KafkaException(KafkaError(answer))
        return answer


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time goes by only where somebody waits."""
    now = [0.0]
    monkeypatch.setattr(groupless.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(groupless.time, "sleep", lambda s: now.__setitem__(0, now[0] + s))


@pytest.mark.parametrize(
    "code",
    [
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError._TRANSPORT,
    ],
)
def test_while_a_leader_is_chosen_it_is_asked_again(code: int) -> None:
    consumer: Any = Answers(code, code, (3, 7))
    assert watermarks(consumer, PLACE, 5.0) == (3, 7)
    assert consumer.asked == 3


def test_what_stays_is_told_after_a_while() -> None:
    consumer: Any = Answers(KafkaError.NOT_LEADER_FOR_PARTITION)
    with pytest.raises(KafkaException, match="NOT_LEADER_FOR_PARTITION"):
        watermarks(consumer, PLACE, 5.0)
    assert consumer.asked > 10


def test_what_cannot_mend_is_told_at_once() -> None:
    consumer: Any = Answers(KafkaError.TOPIC_AUTHORIZATION_FAILED, (0, 1))
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        watermarks(consumer, PLACE, 5.0)
    assert consumer.asked == 1


class Shelf:
    """A consumer with messages at hand."""

    def __init__(self, *messages: int) -> None:
        self.messages = list(messages)
        self.waited: list[float] = []

    def poll(self, timeout: float) -> int | None:
        self.waited.append(timeout)
        return self.messages.pop(0) if self.messages else None

    def consume(self, most: int, timeout: float) -> list[int]:
        self.waited.append(timeout)
        taken, self.messages = self.messages[:most], self.messages[most:]
        return taken


def test_only_the_first_message_is_waited_for() -> None:
    consumer: Any = Shelf(*range(7))
    assert some(consumer, 4, 0.5) == [0, 1, 2, 3]
    assert some(consumer, 4, 0.5) == [4, 5, 6]
    assert consumer.waited == [0.5, 0, 0.5, 0]
    assert some(consumer, 4, 0.5) == []
    assert consumer.waited[4:] == [0.5]
