"""librdkafka's admin client: what topics there are, which they are, where they end."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from confluent_kafka import IsolationLevel, KafkaError, KafkaException

from simulation import world
from simulation.broker import Broker
from simulation.network import Connection, NoAnswer


def metadata(broker: Broker, topic: str | None) -> Any:
    """Return `ClusterMetadata` of all topics or one."""
    names = broker.topics if topic is None else [topic]
    listed = {}
    for name in names:
        count = broker.partitions(name)
        error = None if count else KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)
        partitions = {n: SimpleNamespace(id=n, replicas=[1], error=None) for n in range(count)}
        listed[name] = SimpleNamespace(topic=name, partitions=partitions, error=error)
    return SimpleNamespace(topics=listed, brokers={1: SimpleNamespace(id=1)})


class _Answer:
    """A future whose question is asked when somebody waits for it, once for all of them."""

    def __init__(self, question: "_Question", pick: Callable[[Any], Any]) -> None:
        self._question = question
        self._pick = pick

    def result(self, timeout: float | None = None) -> Any:
        del timeout
        return self._pick(self._question.answer())


class _Question:
    def __init__(self, admin: "AdminClient", handle: Callable[[], Any], timeout: float) -> None:
        self._admin, self._handle, self._timeout = admin, handle, timeout
        self._given: list[Any] = []

    def answer(self) -> Any:
        if not self._given:
            self._given.append(self._admin._ask(self._handle, self._timeout))
        return self._given[0]


class AdminClient:
    """`confluent_kafka.admin.AdminClient`."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        del config
        self._world = world.current()
        self._broker = self._world.broker
        self._connection = Connection(self._broker.network, self._world.process)

    def poll(self, timeout: float = 0) -> int:
        """Serve callbacks: there are none."""
        del timeout
        return 0

    def list_topics(self, topic: str | None = None, timeout: float = 60.0) -> Any:
        """Return what topics there are."""
        return self._ask(lambda: metadata(self._broker, topic), timeout)

    def list_offsets(
        self, asked: Mapping[Any, Any], isolation_level: Any = None, request_timeout: float = 60.0
    ) -> dict[Any, _Answer]:
        """Return the ends (or beginnings) of partitions."""
        committed = isolation_level == IsolationLevel.READ_COMMITTED
        places = [(place, type(spec).__name__) for place, spec in asked.items()]

        def handle() -> dict[Any, Any]:
            return {place: self._offset(place, kind, committed) for place, kind in places}

        question = _Question(self, handle, request_timeout)
        return {place: _Answer(question, _picker(place)) for place, _ in places}

    def _offset(self, place: Any, kind: str, committed: bool) -> Any:
        log = self._broker.find(place.topic, place.partition)
        if log is None:
            return KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        offset = log.start if "Earliest" in kind else log.limit(committed=committed)
        return SimpleNamespace(offset=offset, timestamp=-1, leader_epoch=None)

    def describe_topics(
        self, collection: Any, request_timeout: float = 60.0, **_: Any
    ) -> dict[str, _Answer]:
        """Return ids and partitions of topics."""
        names = list(getattr(collection, "_topic_names", None) or collection.topic_names)
        question = _Question(self, lambda: {n: self._describe(n) for n in names}, request_timeout)
        return {name: _Answer(question, _picker(name)) for name in names}

    def _describe(self, name: str) -> Any:
        if name not in self._broker.ids:
            return KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))
        numbers = range(self._broker.partitions(name))
        return SimpleNamespace(
            name=name,
            topic_id=self._broker.ids[name],
            partitions=[SimpleNamespace(id=number) for number in numbers],
        )

    def _ask(self, handle: Callable[[], Any], timeout: float) -> Any:
        try:
            return self._connection.ask("Question", handle, timeout)
        except NoAnswer:
            error = KafkaError(KafkaError._TIMED_OUT, "no answer", retriable=True)
            raise KafkaException(error) from None


def _picker(key: Any) -> Callable[[Any], Any]:
    def pick(answer: Mapping[Any, Any]) -> Any:
        found = answer[key]
        if isinstance(found, Exception):
            raise found
        return found

    return pick
