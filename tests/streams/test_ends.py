"""Where partitions end, of a broker that answers, is slow to know its leaders, or says nothing."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.ends import Ends
from streams.place import Place

PLACE = Place("work", 0)


class Admin:
    """An admin client that gives these replies, one after the other, the last one for ever."""

    def __init__(self, *replies: int | KafkaException) -> None:
        self._replies = list(replies)
        self.looks = 0

    def poll(self, _: float) -> None:
        return None

    def list_topics(self, timeout: float) -> None:
        assert timeout > 0
        self.looks += 1

    def list_offsets(self, asked: Mapping[TopicPartition, Any], **_: Any) -> Any:
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        return {place: _future(reply) for place in asked}


def _future(reply: int | KafkaException) -> "Future[Any]":
    future: Future[Any] = Future()
    if isinstance(reply, int):
        future.set_result(SimpleNamespace(offset=reply))
    else:
        future.set_exception(reply)
    return future


def ends_of(admin: Admin) -> Ends:
    return Ends(cast("AdminClient", admin))


@pytest.mark.parametrize("ask", [Ends.committed, Ends.written])
def test_a_broker_that_does_not_answer_is_a_time_out_and_no_offset(
    ask: Callable[[Ends, Any], dict[Place, int]],
) -> None:
    with pytest.raises(KafkaException) as caught:
        ask(ends_of(Admin(OFFSET_INVALID)), [PLACE])
    assert caught.value.args[0].code() == KafkaError._TIMED_OUT


def test_after_a_refusal_the_topics_are_looked_at_and_asked_again() -> None:
    admin = Admin(KafkaException(KafkaError(KafkaError.NOT_LEADER_FOR_PARTITION)), 7)
    assert ends_of(admin).committed([PLACE]) == {PLACE: 7}
    assert admin.looks == 1
