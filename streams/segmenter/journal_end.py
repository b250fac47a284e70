"""The end of the journal, and whether stored state ends where it does.

A transaction writes its journal entry and the state that follows from it as one atom, so the two
end at the same number. Where they don't, one of the topics was emptied, cut or put back from an
older copy: going on would apply events twice, or leave some out.
"""

import time
from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from streams import topics
from streams.ends import Ends
from streams.lane.changelog import Log, opened
from streams.lane.state import REBUILD
from streams.lane.unusable import StateUnusable
from streams.place import Place
from streams.segmenter.entry import Entry, read_entry
from streams.segmenter.progress import Progress

_NEAR: Final = 100  # offsets from the end that are read first: some thirty transactions
_FURTHER: Final = 8
_OPEN_S: Final = 40.0  # a transaction of who died is aborted within 15 s, looked for every 10 s
_LOOK_S: Final = 0.2


class StateBehind(StateUnusable):
    """State and journal do not end at the same entry."""


def vouch(client: Mapping[str, Any], changelog: str, partition: int, memo: Any) -> None:
    """Raise StateBehind unless a partition's state and its journal end at the same entry.

    Whoever wrote to both must be fenced. Only the end of the journal is read.

    Parameters
    ----------
    client
        librdkafka settings.
    changelog
        The topic of the state, for the message.
    partition, memo
        Its number, and what its work remembers (`Progress` as a list; None: nothing yet).

    """
    reached = Progress(*memo).entry if memo is not None else 0
    last = _last_entry(client, partition, reached)
    if last > reached:
        raise StateBehind(
            f"{changelog}, partition {partition}, ends at journal entry {reached}, but the journal "
            f"goes on to {last}: the changelog was emptied, cut, or is an older copy; {REBUILD}"
        )
    if last < reached:
        raise StateBehind(
            f"{topics.JOURNAL}, partition {partition}, ends at entry {last}, but the state in "
            f"{changelog} at {reached}: the journal has lost entries; put back the topic from a "
            "backup, or go on under topics and an app_id of their own"
        )


def _last_entry(client: Mapping[str, Any], partition: int, expected: int) -> int:
    """Return the number of the last committed entry, 0 where there is none.

    Where it is not the one expected, a transaction of the leader that is still open may hide it.
    """
    limit = time.monotonic() + _OPEN_S
    ends, place = Ends(AdminClient(dict(client))), Place(topics.JOURNAL, partition)
    while True:
        with opened(client, topics.JOURNAL, partition) as log:
            entry = _last_in(log)
            last = 0 if entry is None else entry.number
            if last == expected or ends.written([place])[place] <= log.end:
                return last
        if time.monotonic() > limit:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))  # noqa: SLF001 - its public name
        time.sleep(_LOOK_S)


def last_entry(client: Mapping[str, Any], partition: int) -> Entry | None:
    """Return the last committed entry of a partition, None where there is none."""
    with opened(client, topics.JOURNAL, partition) as log:
        return _last_in(log)


def _last_in(log: Log) -> Entry | None:
    reach = _NEAR
    while True:
        start = max(log.start, log.end - reach)
        read = (read_entry(value or b"") for pairs, _ in log.read(start) for _, value in pairs)
        entries = [entry for entry in read if isinstance(entry, Entry)]
        if entries or start == log.start:
            return max(entries, key=lambda entry: entry.number, default=None)
        reach *= _FURTHER
