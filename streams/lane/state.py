"""Where a lane's state is stored: the changelog is the truth, a `State` what is at hand of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

from streams.lane.changelog import POSITION_KEY, Log, Position, latest, opened, position_of
from streams.lane.records import Record, Stored
from streams.lane.unusable import StateUnusable

REBUILD: Final = "stop all workers and run `nyxter rebuild`"


class ChangelogCut(StateUnusable):
    """The changelog does not reach back to where its state began."""


class State(Protocol):
    """What is stored of one partition, as of the end of its changelog when it was opened."""

    @property
    def records(self) -> Stored:
        """The last value of each key."""

    @property
    def position(self) -> Position | None:
        """How far the partition had come; None where nothing was ever written."""

    def apply(self, records: Iterable[Record], following: int | None) -> None:
        """Take in what a transaction has committed to the changelog.

        `following` is the offset after its last record there; None where that is not known.
        """

    def close(self) -> None:
        """Let go of files; the state is not used any more."""


class States(Protocol):
    """Opens states."""

    def open(self, partition: int) -> State:
        """Return the state of a partition whose former writers are fenced.

        Raises
        ------
        StateUnusable
            Nobody can go on from it.
        KafkaException
            The broker could not be read.

        """

    def close(self) -> None:
        """Let go of what all states have in common."""


class MemoryState:
    """A state that is read as a whole and handed over: nothing of it is kept."""

    def __init__(self, stored: dict[bytes, bytes]) -> None:
        self.position = position_of(stored.pop(POSITION_KEY, None))
        self.records: Mapping[bytes, bytes] = stored

    def apply(self, records: Iterable[Record], following: int | None) -> None:
        """Take in nothing: the work holds it all."""

    def close(self) -> None:
        """Let go of nothing."""


class MemoryStates:
    """States that are read from the changelog each time.

    Parameters
    ----------
    client
        librdkafka settings.
    changelog
        The topic.

    """

    def __init__(self, client: Mapping[str, Any], changelog: str) -> None:
        self._client = client
        self._changelog = changelog

    def open(self, partition: int) -> MemoryState:
        """Read a partition's changelog (see `States.open`)."""
        return MemoryState(read_whole(self._client, self._changelog, partition))

    def close(self) -> None:
        """Let go of nothing."""


def read_whole(client: Mapping[str, Any], changelog: str, partition: int) -> dict[bytes, bytes]:
    """Return the last committed value of each key of a changelog that holds a whole state.

    Raises
    ------
    ChangelogCut
        It does not.
    KafkaException
        The broker could not be read.

    """
    with opened(client, changelog, partition) as log:
        stored = latest(log)
        check_whole(log, position_of(stored.get(POSITION_KEY)), changelog, partition)
    return stored


def check_whole(log: Log, position: Position | None, changelog: str, partition: int) -> None:
    """Raise ChangelogCut where a changelog's beginning was deleted.

    Compaction takes single records and never moves the beginning on; deleting records does.
    """
    since = position.since if position is not None else 0
    if log.start > since:
        raise ChangelogCut(
            f"{changelog}, partition {partition}, starts at offset {log.start}, its state at "
            f"{since}: records were deleted, so part of the state is missing; {REBUILD}"
        )
