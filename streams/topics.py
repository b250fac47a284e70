"""Every topic as data: what it is called and how the broker must keep it.

Topics are created beforehand (``nyxter topics create``) and checked at start, because a topic that
a broker makes by itself has another number of partitions, and what should meet on one partition
then does not.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, TopicMetadata

from streams.settings import Settings

PURCHASES = "nyxter.purchases.v1"
CONTRACTS = "nyxter.contracts.v1"
CUSTOMERS = "nyxter.customers.v1"
CONTROL = "nyxter.control.v1"
REPARTITION = "nyxter.repartition.v1"
JOURNAL = "nyxter.journal.v1"
SEGMENT_EVENTS = "nyxter.segment-events.v1"
DEAD_LETTERS = "nyxter.dead-letters.v1"
RETRIED = "nyxter.retried.v1"
PROFILES = "nyxter.profiles.v1"
SUMMARIES = "nyxter.summaries.v1"
SNAPSHOTS = "nyxter.snapshots.v1"

INPUTS = (PURCHASES, CONTRACTS, CUSTOMERS)
"""What is told of customers from outside."""

SOURCES = (*INPUTS, CONTROL, REPARTITION)
"""What a lane reads: the inputs, what is not a customer's doing, what was sent on."""

FOR_EVER = -1
DAY_MS = 24 * 60 * 60 * 1000
ANSWER_S = 30.0
# A dead letter or a message sent on has more headers than its input, a register some fields twice:
# what a broker takes as input (1 MB unless it is told otherwise) must fit there as well.
LARGER = 7_000_000
# With three copies, what is acknowledged is on two of them: it outlives the loss of one broker.
_SAFE_COPIES = 3


def changelog(settings: Settings) -> str:
    """Name of the topic that holds the customers' state."""
    return f"{settings.app_id}-customers-changelog"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as it has to be.

    Parameters
    ----------
    name
        The topic's name on the broker.
    partitions
        Number of partitions.
    cleanup
        ``cleanup.policy``: ``delete`` or ``compact``.
    retention_ms
        ``retention.ms`` in milliseconds, -1 for ever; None where it has no meaning (compact).
    replication
        Copies of each partition.
    max_message_bytes
        ``max.message.bytes``, where records may be larger than the input that they follow from.
    compaction_ms
        ``max.compaction.lag.ms`` in milliseconds (compact): until then what was replaced or erased
        may lie on the broker's disks; None where it has no meaning (delete).
    """

    name: str
    partitions: int
    cleanup: str
    retention_ms: int | None = None
    replication: int = 1
    max_message_bytes: int | None = None
    compaction_ms: int | None = None

    @property
    def config(self) -> dict[str, str]:
        """What the broker is told, and asked, about the topic.

        >>> Topic("orders", 8, "delete", FOR_EVER).config
        {'cleanup.policy': 'delete', 'retention.ms': '-1'}
        """
        given = {
            "retention.ms": self.retention_ms,
            "max.message.bytes": self.max_message_bytes,
            "max.compaction.lag.ms": self.compaction_ms,
            "min.insync.replicas": 2 if self.replication >= _SAFE_COPIES else None,
        }
        named = {name: str(value) for name, value in given.items() if value is not None}
        return {"cleanup.policy": self.cleanup, **named}


class TopicsDiffer(Exception):  # noqa: N818 - it names what is the case
    """Topics are missing or not as they have to be; nothing may run on them.

    Parameters
    ----------
    lines
        One sentence for each difference: topic, what is, what is expected, how to mend.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


class NoTopic(LookupError):  # noqa: N818 - it names what is the case
    """The broker lacks a topic; the message says which, and how to mend it."""


def need(there: Mapping[str, TopicMetadata], *names: str) -> None:
    """Raise ``NoTopic`` unless all of these are among the topics that the broker listed."""
    for name in names:
        if name not in there or there[name].error is not None:
            raise NoTopic(f"the broker has no topic {name}: run `nyxter topics create`")


def every_topic(settings: Settings) -> tuple[Topic, ...]:
    """All topics of the application, inputs first."""
    many, copies = settings.partitions, settings.replication
    inputs = FOR_EVER if settings.input_days is None else _ms(settings.input_days)
    events, letters = _ms(settings.segment_event_days), _ms(settings.dead_letter_days)
    soon = _ms(settings.compaction_days)
    return (
        *(Topic(name, many, "delete", inputs, copies) for name in INPUTS),
        *(Topic(name, many, "delete", FOR_EVER, copies) for name in (CONTROL, JOURNAL)),
        Topic(REPARTITION, many, "delete", inputs, copies, LARGER),
        Topic(SEGMENT_EVENTS, many, "delete", events, copies),
        Topic(DEAD_LETTERS, many, "delete", letters, copies, LARGER),
        Topic(RETRIED, many, "compact", None, copies, None, soon),
        Topic(PROFILES, many, "compact", None, copies, None, soon),
        Topic(SUMMARIES, many, "compact", None, copies, None, soon),
        Topic(SNAPSHOTS, 1, "compact", None, copies, None, soon),
        Topic(changelog(settings), many, "compact", None, copies, LARGER, soon),
    )


def _ms(days: float) -> int:
    return max(1, int(days * DAY_MS))


def check(admin: AdminClient, topics: Sequence[Topic]) -> None:
    """Raise ``TopicsDiffer`` unless the broker has every topic as it has to be."""
    if lines := missing_or_different(admin, topics):
        raise TopicsDiffer(lines)


def missing_or_different(admin: AdminClient, topics: Sequence[Topic]) -> list[str]:
    """One plain sentence for each thing that differs on the broker, in the topics' order.

    Raises ``confluent_kafka.KafkaException`` when the broker does not answer.
    """
    there = _partitions_there(admin)
    configs = configs_of(admin, [topic.name for topic in topics if topic.name in there])
    return [
        line
        for topic in topics
        for line in (
            (*_layout(topic, there[topic.name]), *_config(topic, configs[topic.name]))
            if topic.name in there
            else (_missing(topic),)
        )
    ]


def create(admin: AdminClient, topics: Sequence[Topic]) -> list[str]:
    """Create the topics that are missing, wait until the broker shows them, return their names.

    A topic that is there stays as it is, and one that somebody else creates meanwhile is fine.
    Raises ``confluent_kafka.KafkaException`` for what the broker refuses, ``TimeoutError`` when
    it does not show what it has created.
    """
    there = _partitions_there(admin)
    missing = {topic.name: topic for topic in topics if topic.name not in there}
    if not missing:
        return []
    wanted = [
        NewTopic(t.name, t.partitions, t.replication, config=t.config) for t in missing.values()
    ]
    answers = admin.create_topics(wanted, operation_timeout=ANSWER_S)
    created = [name for name, answer in answers.items() if _is_created(answer)]
    _wait_for(admin, missing)
    return created


def _is_created(answer: Any) -> bool:
    """Whether it was us who created the topic; a race that was lost is no error."""
    try:
        answer.result(timeout=ANSWER_S)
    except KafkaException as refusal:
        if refusal.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise
    return True


def _wait_for(admin: AdminClient, missing: dict[str, Topic]) -> None:
    """Brokers learn of a new topic a moment after the controller has said yes."""
    give_up = time.monotonic() + ANSWER_S
    while unseen := missing.keys() - _partitions_there(admin).keys():
        if time.monotonic() > give_up:
            raise TimeoutError(f"created, but the broker does not show: {', '.join(unseen)}")
        time.sleep(0.05)


def _partitions_there(admin: AdminClient) -> dict[str, list[int]]:
    """Topic -> number of copies of each of its partitions, as the broker says."""
    listed = admin.list_topics(timeout=ANSWER_S).topics
    return {
        name: [len(partition.replicas) for partition in topic.partitions.values()]
        for name, topic in listed.items()
        if topic.error is None
    }


def configs_of(admin: AdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Topic -> its configuration, as the broker says."""
    if not names:
        return {}
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    answers = admin.describe_configs(asked)
    return {
        resource.name: {key: entry.value for key, entry in answer.result(timeout=ANSWER_S).items()}
        for resource, answer in answers.items()
    }


def _missing(topic: Topic) -> str:
    kept = ", ".join(f"{key}={value}" for key, value in topic.config.items())
    return (
        f"{topic.name}: is missing, expected {_count(topic.partitions, 'partition')}, "
        f"replication {topic.replication}, {kept}; to mend, run `nyxter topics create`"
    )


def _layout(topic: Topic, copies: Sequence[int]) -> Iterator[str]:
    if len(copies) != topic.partitions:
        yield (
            f"{topic.name}: has {_count(len(copies), 'partition')}, expected {topic.partitions}; "
            "to mend, if it is empty delete it and run `nyxter topics create`, if not set "
            "NYXTER_PARTITIONS to the number that all topics were made with, or copy its records, "
            f"by key, into a topic with {_count(topic.partitions, 'partition')}"
        )
    for count in sorted(set(copies) - {topic.replication}):
        yield (
            f"{topic.name}: has replication {count}, expected {topic.replication}; to mend, set "
            f"NYXTER_REPLICATION={count} or move it with kafka-reassign-partitions.sh"
        )


def _config(topic: Topic, config: dict[str, str]) -> Iterator[str]:
    for key, expected in topic.config.items():
        if (real := config.get(key, "not set")) != expected:
            yield (
                f"{topic.name}: has {key}={real}, expected {expected}; to mend, run "
                "kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics "
                f"--entity-name {topic.name} --add-config {key}={expected}"
            )


def _count(number: int, noun: str) -> str:
    """Say a number of things.

    >>> _count(1, "partition"), _count(8, "partition")
    ('1 partition', '8 partitions')
    """
    return f"{number} {noun}" + "s" * (number != 1)
