"""Events go to Kafka, each acknowledged by all copies, and whoever stops knows how many were."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from confluent_kafka import KafkaException, Message, Producer

from streams.parcel import Parcel
from streams.topics import need

_PATIENCE_S: Final = 30.0
_ANSWER_S: Final = 10.0
_WAIT_S: Final = 0.2
_LAST_S: Final = 2.0
_TOLD: Final = 2_000  # events from one sign of progress to the next


class Stop(Protocol):
    """Tells whether somebody asked to end."""

    def is_set(self) -> bool: ...  # noqa: D102


class Published(NamedTuple):
    """What became of events.

    Attributes
    ----------
    acknowledged
        Events that the broker has.
    problem
        Why not all: what the broker answered, or that somebody asked to stop; empty: all are.

    """

    acknowledged: int
    problem: str = ""


class Publisher:
    """Publishes events.

    Parameters
    ----------
    client
        librdkafka settings: the broker, and the partitioner of all our producers.
    patience_s
        After how long an event that is not acknowledged is given up.

    """

    def __init__(self, client: Mapping[str, Any], patience_s: float = _PATIENCE_S) -> None:
        ours = {
            "enable.idempotence": True,
            "linger.ms": 50,
            "compression.type": "lz4",
            "message.timeout.ms": int(patience_s * 1000),
        }
        self._producer = Producer({**client, **ours})
        self._acknowledged = 0
        self._problem = ""

    def check(self, topics: Sequence[str]) -> None:
        """Raise ``NoTopic`` unless the broker has the topics: it might make them as it likes."""
        need(self._producer.list_topics(timeout=_ANSWER_S).topics, *topics)

    def publish(
        self, parcels: Iterable[Parcel], stop: Stop, tick: Callable[[int], None]
    ) -> Published:
        """Publish events until all are acknowledged, one is not, or `stop` is set.

        `tick` is told how many are acknowledged.
        """
        for count, parcel in enumerate(parcels):
            if not self._is_sent(parcel, stop):
                return self._given_up()
            if count % _TOLD == 0:
                tick(self._acknowledged)
        while self._producer.flush(_WAIT_S):
            tick(self._acknowledged)
            if self._problem or stop.is_set():
                return self._given_up()
        return Published(self._acknowledged, self._problem)

    def _given_up(self) -> Published:
        """Take back what is not under way yet, and tell what arrived."""
        problem = self._problem or "stopped"
        self._producer.purge(in_flight=False)
        self._producer.flush(_LAST_S)
        return Published(self._acknowledged, problem)

    def _is_sent(self, parcel: Parcel, stop: Stop) -> bool:
        """Hand an event to the client, once it has room; tell whether it is worth going on."""
        while not self._problem and not stop.is_set():
            try:
                self._producer.produce(
                    parcel.topic, parcel.line, parcel.key, on_delivery=self._told
                )
                self._producer.poll(0)
            except BufferError:
                self._producer.poll(_WAIT_S)
            except KafkaException as error:
                self._problem = error.args[0].str()
            else:
                return True
        return False

    def _told(self, error: Any, _: Message) -> None:
        if error is None:
            self._acknowledged += 1
        else:
            self._problem = self._problem or error.str()
