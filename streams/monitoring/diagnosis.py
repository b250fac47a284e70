"""What stands still, as the broker alone shows it: for who runs no worker.

Two glimpses a few seconds apart show what does not move; one shows what cannot.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams import topics
from streams.kafka.group import GroupUnknown, Member, group_members, rules_in_use
from streams.lane.changelog import Position
from streams.lane.input_checks import (
    RESTORE,
    Observed,
    find_holes,
    find_partition_changes,
    standstills_of,
)
from streams.lane.inputs import Inputs
from streams.lane.standstills import EVERY, Reason, Standstill
from streams.lane.substitute import Place as At
from streams.lane.substitute import Unreadable, read_otherwise
from streams.monitoring.rules import SAME_RULES
from streams.place import Place
from streams.settings import Settings
from streams.stored_positions import Marks, marks, stored_positions
from streams.topics import SOURCES

_ASK_WORKER: Final = (
    "ask its worker (`nyxter health --ready`) what it waits for; the worker's log says more"
)


class Glimpse(NamedTuple):
    """What the broker says of the work at one moment.

    Attributes
    ----------
    positions
        The last committed position of each partition that has one.
    edges
        Where the source topics begin, and where what is committed ends.
    inputs
        Ids and numbers of partitions of the source topics; empty where the broker does not say.
    members
        Who is in the workers' group; None where the broker does not say.

    """

    positions: Mapping[int, Position]
    edges: Marks
    inputs: Mapping[str, Observed]
    members: list[Member] | None

    def ahead(self, partition: int) -> dict[str, int]:
        """Return by topic where a partition goes on, of those in which more is committed."""
        position = self.positions.get(partition)
        following = {} if position is None else position.next
        at = {topic: following.get(topic, 0) for topic in SOURCES}
        return {t: n for t, n in at.items() if self.edges[Place(t, partition)][1] > n}


def glimpse(settings: Settings, admin: AdminClient, client: Mapping[str, Any]) -> Glimpse:
    """Return what the broker says just now.

    Raises
    ------
    KafkaException
        It does not say how far the partitions are, and how far they could be.
    OtherVersion
        Another release wrote the state.

    """
    numbers = range(settings.partitions)
    positions = stored_positions(admin, client, topics.changelog(settings), numbers)
    edges = marks(admin, SOURCES, numbers)  # after the positions, which lie before the ends then
    return Glimpse(positions, edges, _inputs(client), _members(settings))


def _inputs(client: Mapping[str, Any]) -> Mapping[str, Observed]:
    try:
        return Inputs(client, SOURCES).topics()
    except KafkaException:
        return {}


def _members(settings: Settings) -> list[Member] | None:
    try:
        return group_members(settings, settings.app_id)
    except GroupUnknown:
        return None


def find_standstills(partitions: int, seen: Glimpse) -> list[Standstill]:
    """Return what cannot go on, as one glimpse shows it."""
    found = [*_other_rules(seen.members or [])]
    changed = find_partition_changes(partitions, seen.inputs)
    found += [] if changed is None else [changed]
    for number, position in seen.positions.items():
        there = {
            topic: seen.inputs.get(topic, Observed())._replace(start=start, end=end)
            for topic in SOURCES
            for start, end in [seen.edges[Place(topic, number)]]
        }
        holes = find_holes(number, position.next, position.topic_ids, there)
        found += standstills_of(holes)
    return found


def _other_rules(members: list[Member]) -> Iterator[Standstill]:
    versions = rules_in_use(members)
    if len(versions) > 1:
        detail = f"workers of the group run different rules: {', '.join(versions)}"
        yield Standstill(Reason.OTHER_RULES, EVERY, detail, SAME_RULES)


def find_unmoved(before: Glimpse, now: Glimpse, *, grown: bool = True) -> list[Standstill]:
    """Return the partitions that lie behind and have not moved between two glimpses.

    Parameters
    ----------
    before, now
        The glimpses, some seconds apart.
    grown
        Whether to look only at those whose input has grown meanwhile: others may have nothing
        before them but the ends of transactions.

    """
    return list(_unmoved(before, now, grown=grown))


def _unmoved(before: Glimpse, now: Glimpse, *, grown: bool) -> Iterator[Standstill]:
    for number in sorted({place.partition for place in now.edges}):
        behind = now.ahead(number)
        if behind.items() - before.ahead(number).items():
            continue  # it has moved, or had nothing to do
        for topic, at in behind.items():
            place = Place(topic, number)
            end = now.edges[place][1]
            if not grown or end > before.edges[place][1]:
                detail = f"{topic} goes on to offset {end} and nothing is applied beyond {at}"
                yield Standstill(Reason.STALLED, number, detail, _ASK_WORKER)
                break


def explain(client: Mapping[str, Any], seen: Glimpse, stalled: Standstill) -> Standstill | None:
    """Return why a partition does not move: the record that cannot be decoded, where there is one.

    None where nothing is before it but the ends of transactions.
    """
    there = False
    for topic, at in seen.ahead(stalled.partition).items():
        try:
            there |= bool(read_otherwise(client, At(topic, stalled.partition, at)).messages)
        except Unreadable as reason:
            detail = f"{topic} cannot be decoded at offset {at}: {reason}"
            return Standstill(Reason.UNREADABLE, stalled.partition, detail, RESTORE)
    return stalled if there else None
