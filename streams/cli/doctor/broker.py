"""The broker: reached, its topics as they have to be, its copies, its clock."""

from collections.abc import Iterator
from typing import Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec

from streams import topics
from streams.access.kafka import kafka_door, steps_to_broker
from streams.access.places import Address, address_of
from streams.access.reach import Unreachable
from streams.cli.doctor.checks import Check, State, divided, skew
from streams.clock import now_ms
from streams.ends import answered
from streams.settings import Settings

_ANSWER_S: Final = 10.0
_ENOUGH: Final = 3  # copies, of which one may be away and another be lost
_INSYNC: Final = "min.insync.replicas"


def reached(settings: Settings) -> Iterator[Check]:
    """Yield each step to each bootstrap server; one that fails is wrong where none is left."""
    found: list[list[Check]] = [
        list(_steps(settings, address_of(server))) for server in settings.broker.split(",")
    ]
    is_in = any(lines[-1].state == State.OK for lines in found)
    for lines in found:
        for line in lines:
            yield line._replace(state=State.WARN) if is_in and line.mend else line


def _steps(settings: Settings, address: Address) -> Iterator[Check]:
    try:
        for step in steps_to_broker(settings, address):
            yield Check.ok(f"broker {address}: {step.name}", step.told)
    except Unreachable as error:
        told, mend = divided(error.what, ": check ")
        yield Check.fail(f"broker {address}: {error.step}", told, f"check {mend or address}")


def advertised(settings: Settings, admin: AdminClient) -> Iterator[Check]:
    """Yield whether brokers can be reached under the names that they give themselves."""
    given = {address_of(server) for server in settings.broker.split(",")}
    for broker in admin.list_topics(timeout=_ANSWER_S).brokers.values():
        address = Address(broker.host, broker.port)
        name = f"broker {broker.id}"
        try:
            list(kafka_door(settings, address).knock() if address not in given else ())
        except Unreachable as error:
            told = f"calls itself {address}, and {error.step} fails: {error.what}"
            yield Check.fail(name, told, "set its advertised.listeners to what is reachable here")
        else:
            yield Check.ok(name, f"calls itself {address}")


def topics_as_they_must_be(settings: Settings, admin: AdminClient) -> Iterator[Check]:
    """Yield each difference of the topics, and whether their copies will do."""
    wanted = topics.every_topic(settings)
    lines = topics.missing_or_different(admin, wanted)
    for line in lines:
        yield Check.fail("topics", *divided(line))
    if not lines:
        yield Check.ok("topics", f"{len(wanted)} topics are as they have to be")
        yield from _copies(settings, admin, [topic.name for topic in wanted])


def _copies(settings: Settings, admin: AdminClient, names: list[str]) -> Iterator[Check]:
    brokers = len(admin.list_topics(timeout=_ANSWER_S).brokers)
    copies, least = settings.replication, _least_in_sync(admin, names)
    told = f"{copies} of each partition, on {brokers} brokers"
    if copies < min(brokers, _ENOUGH):
        mend = "move topics with kafka-reassign-partitions.sh, and set NYXTER_REPLICATION=3"
        yield Check.warn("copies", f"{told}: a broker that is lost takes data along", mend)
    else:
        yield Check.ok("copies", told)
    for name, count in least.items():
        mend = (
            'run kafka-configs.sh --bootstrap-server "$BROKER" --alter --entity-type topics '
            f"--entity-name {name} --add-config {_INSYNC}={max(1, copies - 1)}"
        )
        if count > copies:
            yield Check.fail("copies", f"{name}: {_INSYNC}={count}: nothing can be written", mend)
        elif copies >= _ENOUGH and count < copies - 1:
            yield Check.warn("copies", f"{name}: {_INSYNC}={count}: one copy is enough", mend)


def _least_in_sync(admin: AdminClient, names: list[str]) -> dict[str, int]:
    asked = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    return {
        resource.name: int(answer.result(timeout=_ANSWER_S)[_INSYNC].value)
        for resource, answer in admin.describe_configs(asked).items()
    }


def clocks(settings: Settings, admin: AdminClient) -> Iterator[Check]:
    """Yield how far the newest records' timestamps are ahead of our clock, if they are."""
    for whose, names in {
        "workers": (topics.JOURNAL,),
        "sources": topics.INPUTS,
    }.items():
        newest = max(_newest(admin, names, settings.partitions), default=0)
        ahead_s = max(0.0, (newest - now_ms()) / 1000)
        yield skew(f"clock of {whose}", ahead_s, f"the newest record of {whose}")


def _newest(admin: AdminClient, names: tuple[str, ...], partitions: int) -> Iterator[int]:
    places = [TopicPartition(name, number) for name in names for number in range(partitions)]
    asked = dict.fromkeys(places, OffsetSpec.max_timestamp())
    for answer in admin.list_offsets(asked, request_timeout=_ANSWER_S).values():
        yield answered(answer).timestamp or 0


def told_by(error: KafkaException) -> Check:
    """Return what the broker answered where it should have told something."""
    return Check.fail("broker", error.args[0].str(), "check the user's rights (nyxter acl kafka)")
