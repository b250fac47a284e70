"""The work: who does it, how far it is, and whether it can go on from where it is."""

import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from confluent_kafka.admin import AdminClient

from streams.cli.doctor.checks import Check
from streams.kafka.group import GroupUnknown, group_members
from streams.lane.changelog import OtherVersion, Position
from streams.lane.standstills import EVERY, Reason, Standstill
from streams.monitoring.diagnosis import Glimpse, explain, find_standstills, find_unmoved, glimpse
from streams.monitoring.merging import find_unmerged, merging
from streams.settings import Settings
from streams.stored_positions import lags as lags_of
from streams.stored_positions import reached

_MUCH: Final = 10_000
_LOOK_AGAIN_S: Final = 10.0
_OF_ALL: Final = {Reason.OTHER_RULES: "rules in use", Reason.NO_SNAPSHOT: "snapshots"}


def members(settings: Settings, group: str, command: str) -> Check:
    """Return how many processes share the work of a group."""
    try:
        count = len(group_members(settings, group))
    except GroupUnknown as error:
        return Check.fail(
            f"group {group}", str(error), "check the user's rights (nyxter acl kafka)"
        )
    if not count:
        return Check.fail(f"group {group}", "nobody is in it", f"start `nyxter {command}`")
    return Check.ok(f"group {group}", f"{count} in it")


def progress(settings: Settings, admin: AdminClient, client: Mapping[str, Any]) -> Iterator[Check]:
    """Yield whether each partition can go on, and does, and how far behind it is."""
    seen = glimpse(settings, admin, client)
    wrong = list(_of_other_partitions(settings, seen.positions))
    standing = find_standstills(settings.partitions, seen)
    standing += _unmoving(settings, admin, client, seen, {each.partition for each in standing})
    wrong += [Check.fail(_name(each), each.detail, each.remedy) for each in standing]
    yield from wrong
    if not wrong:
        count = f"{len(seen.positions)} of {settings.partitions}"
        yield Check.ok("positions", f"{count} partitions began")
    yield _lag(lags_of(seen.edges, reached(seen.positions)))


def _name(standstill: Standstill) -> str:
    if standstill.partition != EVERY:
        return f"partition {standstill.partition}"
    return _OF_ALL.get(standstill.reason, "workers")


def _of_other_partitions(settings: Settings, positions: Mapping[int, Position]) -> Iterator[Check]:
    for number, position in positions.items():
        if position.partitions != settings.partitions:
            told = f"its state was made for {position.partitions} partitions"
            mend = f"set NYXTER_PARTITIONS={position.partitions}"
            yield Check.fail(f"partition {number}", told, mend)


def _unmoving(
    settings: Settings,
    admin: AdminClient,
    client: Mapping[str, Any],
    seen: Glimpse,
    known: Collection[int],
) -> Iterator[Standstill]:
    """Yield what does not go on, looked at again after some seconds where something is due."""
    numbers, before = range(settings.partitions), merging(client, settings.partitions)
    if seen.members == [] or (before.is_done and not any(seen.ahead(n) for n in numbers)):
        return
    time.sleep(_LOOK_AGAIN_S)
    now = glimpse(settings, admin, client)
    for stalled in find_unmoved(seen, now, grown=False):
        cause = None if stalled.partition in known else explain(client, now, stalled)
        if cause is not None:
            yield cause
    unmerged = find_unmerged(before, merging(client, settings.partitions), settings.partitions)
    if unmerged is not None:
        yield unmerged


def _lag(behind: Mapping[int, int]) -> Check:
    """Return how many events are still to be applied, by partition."""
    total = sum(behind.values())
    most = ", ".join(f"{number}: {lag:,}" for number, lag in behind.items() if lag)
    told = f"{total:,} events behind" + f" (by partition {most})" * bool(most)
    if total > _MUCH:
        return Check.warn("lag", told, "wait, or start more workers, as many as partitions")
    return Check.ok("lag", told)


def other_release() -> Check:
    """Return that the state is another release's."""
    told = str(OtherVersion.__doc__)
    return Check.fail("positions", told, "run the release that wrote it, or another NYXTER_APP_ID")
