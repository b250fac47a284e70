"""Which topics these are: one that is deleted and made anew has the same name and another id."""

from collections.abc import Iterable
from typing import Final

from confluent_kafka import KafkaException, TopicCollection, Uuid
from confluent_kafka.admin import AdminClient

_UNKNOWN: Final = str(Uuid(0, 0))
_ANSWER_S: Final = 5.0


def topic_ids(
    admin: AdminClient, names: Iterable[str], answer_s: float = _ANSWER_S
) -> dict[str, str]:
    """Return the id of each topic of which the broker says one.

    A topic that is not there has none, nor has any topic of a broker that knows no ids.

    Raises ``KafkaException`` where there is no answer.
    """
    asked = admin.describe_topics(TopicCollection(list(names)), request_timeout=answer_s)
    found = {name: _id_of(answer) for name, answer in asked.items()}
    return {name: id_ for name, id_ in found.items() if id_ is not None}


def _id_of(answer: object) -> str | None:
    try:
        id_ = str(answer.result().topic_id)  # type: ignore[attr-defined]
    except KafkaException as error:
        if error.args[0].retriable() or error.args[0].code() < 0:
            raise
        return None  # there is no such topic, or we may not ask
    return None if id_ == _UNKNOWN else id_
