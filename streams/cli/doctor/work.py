"""The work: who does it, how far it is, and whether it can go on from where it is."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from confluent_kafka.admin import AdminClient

from streams import topics
from streams.cli.doctor.checks import Check
from streams.group import group_members
from streams.lane.changelog import OtherVersion, Position
from streams.place import Place
from streams.settings import Settings
from streams.stored_positions import Marks, marks, reached, stored_positions
from streams.stored_positions import lags as lags_of
from streams.topics import SOURCES

_MUCH: Final = 10_000


def members(admin: AdminClient, group: str, command: str) -> Check:
    """Return how many processes share the work of a group."""
    count = len(group_members(admin, group))
    if not count:
        return Check.fail(f"group {group}", "nobody is in it", f"start `nyxter {command}`")
    return Check.ok(f"group {group}", f"{count} in it")


def progress(settings: Settings, admin: AdminClient, client: Mapping[str, Any]) -> Iterator[Check]:
    """Yield whether each partition can go on from its position, and how far behind it is."""
    numbers = range(settings.partitions)
    positions = stored_positions(admin, client, topics.changelog(settings), numbers)
    sources = marks(admin, SOURCES, numbers)
    wrong = list(_wrong(settings, positions, sources))
    yield from wrong
    if not wrong:
        yield Check.ok("positions", f"{len(positions)} of {settings.partitions} partitions began")
    yield _lag(lags_of(sources, reached(positions)))


def _wrong(
    settings: Settings, positions: Mapping[int, Position], sources: Marks
) -> Iterator[Check]:
    """Yield what keeps a partition from going on."""
    for number, position in positions.items():
        name = f"partition {number}"
        if position.partitions != settings.partitions:
            told = f"its state was made for {position.partitions} partitions"
            yield Check.fail(name, told, f"set NYXTER_PARTITIONS={position.partitions}")
        for topic, at in position.next.items():
            start, end = sources[Place(topic, number)]
            if at > end:
                told = f"its position in {topic} is {at}, and that ends at {end}: it was made anew"
                yield Check.fail(name, told, "start another NYXTER_APP_ID, or restore the topic")
            elif 0 < at < start:
                told = f"its position in {topic} is {at}, and that begins at {start}: it stands"
                yield Check.fail(name, told, "set retention.ms=-1; start another NYXTER_APP_ID")


def _lag(behind: Mapping[int, int]) -> Check:
    """Return how many events are still to be applied, by partition."""
    total = sum(behind.values())
    most = ", ".join(f"{number}: {lag:,}" for number, lag in behind.items() if lag)
    told = f"{total:,} events behind" + f" (by partition {most})" * bool(most)
    if total > _MUCH:
        return Check.warn("lag", told, "wait, or start more workers, as many as partitions")
    return Check.ok("lag", told)


def lags(settings: Settings, admin: AdminClient, client: Mapping[str, Any]) -> dict[int, int]:
    """Return how many events are still to be applied, by partition (KafkaException)."""
    numbers = range(settings.partitions)
    positions = stored_positions(admin, client, topics.changelog(settings), numbers)
    return lags_of(marks(admin, topics.INPUTS, numbers), reached(positions))


def other_release() -> Check:
    """Return that the state is another release's."""
    told = str(OtherVersion.__doc__)
    return Check.fail("positions", told, "run the release that wrote it, or another NYXTER_APP_ID")
