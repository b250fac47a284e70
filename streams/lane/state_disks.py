"""The copies of changelogs on this machine: which are of use, and reading on where they end.

A copy is made anew where it is of another topic of that name, or of another layout, or so old that
the broker may have dropped deletions that it has not seen.
"""

import fcntl
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

import structlog
from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from rocksdict import Cache

from streams.lane.changelog import Log, opened
from streams.lane.state import check_whole
from streams.lane.state_disk import LAYOUT, DiskState, Mark, broken
from streams.lane.unusable import StateUnusable

log = structlog.get_logger()

_CACHE_BYTES: Final = 64 * 1024 * 1024  # for all partitions together
_ANSWER_S: Final = 20.0
_CLOSING_S: Final = 10.0
_SHARE: Final = 2  # of the time for which deletions are kept, this part of it counts


class StoreInUse(StateUnusable):
    """Another process has the directory."""


class StoreBusy(Exception):  # noqa: N818 - it names what is the case
    """A partition's files are not let go of yet by this process: try again."""


def clear(directory: Path) -> None:
    """Remove all copies of a directory (StoreInUse where another process has it)."""
    if not directory.exists():
        return
    with _locked(directory):
        for path in directory.iterdir():
            if path.is_dir():
                shutil.rmtree(path)


class Topic(NamedTuple):
    """A changelog as the broker has it: its id, and how long it keeps deletions (ms)."""

    id: str
    keeps_ms: int


def topic_of(admin: AdminClient, changelog: str) -> Topic:
    """Ask the broker about a changelog (KafkaException where it does not answer)."""
    named = ConfigResource(ResourceType.TOPIC, changelog)
    asked = admin.describe_topics(TopicCollection([changelog]), request_timeout=_ANSWER_S)
    configs = admin.describe_configs([named], request_timeout=_ANSWER_S)
    keeps_ms = int(configs[named].result()["delete.retention.ms"].value)
    return Topic(str(asked[changelog].result().topic_id), keeps_ms)


class DiskStates:
    """The copies of one changelog in one directory, which is this process's alone.

    Parameters
    ----------
    client
        librdkafka settings.
    changelog
        The topic.
    topic
        Asks the broker about it.
    directory
        Where the copies lie, by partition.
    now_ms
        Gives the time in milliseconds since 1970.

    Raises
    ------
    StoreInUse
        Another process has the directory.
    StoreBroken
        It can't be written.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        changelog: str,
        topic: Callable[[], Topic],
        directory: Path,
        now_ms: Callable[[], int],
    ) -> None:
        self._client = client
        self._changelog = changelog
        self._topic = topic
        self._directory = directory
        self._now_ms = now_ms
        self._cache = Cache(_CACHE_BYTES)
        self._open: set[int] = set()
        self._closed = threading.Condition()
        self._lock = _locked(directory)

    def open(self, partition: int) -> DiskState:
        """Open a partition's copy and read on to the end of the changelog (see `States.open`).

        Raises
        ------
        StoreBusy
            This process has it open.
        StoreBroken
            The disk refuses.

        """
        topic = self._topic()
        with opened(self._client, self._changelog, partition) as source:
            state = self._copy(partition)
            try:
                mark = state.mark
                if mark is None or not self._is_of_use(mark, topic, source):
                    state.remove()
                    state = self._copy(partition)
                    mark = Mark(LAYOUT, topic.id, source.start, 0)
                self._read_on(state, mark, topic, source)
                check_whole(source, state.position, self._changelog, partition)
            except BaseException:
                state.close()
                raise
        return state

    def close(self) -> None:
        """Leave the directory to others; all copies must be closed."""
        self._lock.close()

    def _copy(self, partition: int) -> DiskState:
        with self._closed:
            if not self._closed.wait_for(lambda: partition not in self._open, _CLOSING_S):
                raise StoreBusy(f"the files of partition {partition} are still open")
            self._open.add(partition)
        path = self._directory / str(partition)
        try:
            return DiskState(
                path, self._changelog, self._cache, self._now_ms, lambda: self._let_go(partition)
            )
        except BaseException:
            self._let_go(partition)
            raise

    def _let_go(self, partition: int) -> None:
        with self._closed:
            self._open.discard(partition)
            self._closed.notify_all()

    def _is_of_use(self, mark: Mark, topic: Topic, source: Log) -> bool:
        """Tell whether what the changelog holds beyond the mark is all that happened since."""
        fresh = self._now_ms() - mark.ended_ms < topic.keeps_ms // _SHARE
        same = (mark.layout, mark.topic) == (LAYOUT, topic.id)
        return same and fresh and source.start <= mark.next <= source.end

    def _read_on(self, state: DiskState, mark: Mark, topic: Topic, source: Log) -> None:
        """Read on from the mark, soon enough to meet every deletion."""
        began = self._now_ms()
        for pairs, following in source.read(mark.next):
            mark = mark._replace(next=following)
            state.write(pairs, mark)
        if mark.ended_ms and self._now_ms() - mark.ended_ms >= topic.keeps_ms:
            raise StoreBusy("reading took longer than the changelog keeps deletions")
        state.write([], mark._replace(ended_ms=began))


def _locked(directory: Path) -> IO[bytes]:
    """Return a file that only this process has locked, as long as it is open."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "lock").open("wb")
    except OSError as error:
        raise broken(directory, "be opened", error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StoreInUse(
            f"another process has the state on disk in {directory}: give each worker on a machine "
            "an NYXTER_DATA_DIR of its own"
        ) from None
    return lock
