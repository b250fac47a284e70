"""Which topics these are: one that is deleted and made anew has the same name and another id."""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection, Uuid
from confluent_kafka.admin import AdminClient

_UNKNOWN: Final = str(Uuid(0, 0))
_ANSWER_S: Final = 5.0
_LOOK_S: Final = 5.0


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
        return known_id(answer.result().topic_id)  # type: ignore[attr-defined]
    except KafkaException as error:
        if error.args[0].retriable() or error.args[0].code() < 0:
            raise
        return None  # there is no such topic, or we may not ask


def known_id(id_: object) -> str | None:
    """Return the id that a broker gave for a topic; None of one that knows no ids."""
    name = str(id_)
    return None if name == _UNKNOWN else name


class TopicMadeAnew(KafkaException):  # type: ignore[misc]
    """A topic was deleted and made anew under its reader: offsets mean something else now."""

    def __init__(self, name: str) -> None:
        told = f"{name} was deleted and made anew while it was read (its id differs): start again"
        super().__init__(KafkaError(KafkaError.UNKNOWN_TOPIC_ID, told))


class SameTopic:
    """Looks now and then whether a topic that is followed is still the same.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    name
        The topic's.

    """

    def __init__(self, client: Mapping[str, Any], name: str) -> None:
        self._admin = AdminClient({**client, "log_level": 0})
        self._name = name
        self._known = self._ask()
        self._due_at = time.monotonic() + _LOOK_S

    def check(self) -> None:
        """Raise ``TopicMadeAnew`` where it is not; without an answer, nothing is said."""
        if time.monotonic() < self._due_at:
            return
        self._due_at = time.monotonic() + _LOOK_S
        found = self._ask()
        self._known = self._known or found
        if found is not None and found != self._known:
            raise TopicMadeAnew(self._name)

    def _ask(self) -> str | None:
        try:
            return topic_ids(self._admin, [self._name]).get(self._name)
        except KafkaException:
            return None
