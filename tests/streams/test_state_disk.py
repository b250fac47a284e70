"""Copies of a changelog on disk: what they read, when they are made anew, what they refuse."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_broker import SmallBroker, SmallLog

from streams.lane.changelog import POSITION_KEY, Position
from streams.lane.records import Record
from streams.lane.state import ChangelogCut
from streams.lane.state_disk import DiskState, StoreBroken
from streams.lane.state_disks import DiskStates, StoreBusy, StoreInUse, Topic, clear

CHANGELOG = "changelog"
HOUR = 3_600_000


class Disk:
    """A broker, a directory, and what the copies in it are opened by."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.broker = SmallBroker()
        self.topic = Topic("first", 24 * HOUR)
        self.now = 100 * HOUR
        self.read_from: list[int] = []
        self.states = self.worker()

    def worker(self) -> DiskStates:
        client = {"broker": self.broker}
        return DiskStates(client, CHANGELOG, lambda: self.topic, self.directory, lambda: self.now)

    def opened(self, client: Any, topic: str, partition: int) -> SmallLog:
        noted = self.read_from

        class Noting(SmallLog):
            def read(self, offset: int) -> Iterator[Any]:
                noted.append(offset)
                return super().read(offset)

        return Noting(client, topic, partition)

    def commit(self, state: DiskState | None = None, **values: str | None) -> None:
        """Write keys and values in a transaction, and to a copy."""
        records = [
            Record(CHANGELOG, f'["{key}"]'.encode(), None if value is None else value.encode())
            for key, value in values.items()
        ]
        following = self.broker.commit(records, 0)
        if state is not None:
            state.apply([*records, Record("elsewhere", b"[1]", b"no")], following)

    def held(self) -> dict[str, str]:
        """Open and close the copy; return what it holds."""
        state = self.states.open(0)
        try:
            return contents(state)
        finally:
            state.close()


def contents(state: DiskState) -> dict[str, str]:
    return {key.decode()[2:-2]: value.decode() for key, value in state.scan(b"[")}


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    made = Disk(tmp_path / "state")
    monkeypatch.setattr("streams.lane.state_disks.opened", made.opened)
    yield made
    made.states.close()


def test_only_what_lies_beyond_is_read(disk: Disk) -> None:
    disk.commit(a="1", b="2")
    assert disk.held() == {"a": "1", "b": "2"}
    disk.commit(a="3", b=None)
    state = disk.states.open(0)
    disk.commit(state, c="4")
    state.close()
    assert disk.held() == {"a": "3", "c": "4"}
    disk.commit(c="5")
    assert disk.held() == {"a": "3", "c": "5"}
    assert disk.read_from == [0, 3, 7, 8]


def test_what_was_committed_without_an_offset_is_read_again(disk: Disk) -> None:
    disk.commit(a="1")
    state = disk.states.open(0)
    state.apply([Record(CHANGELOG, b'["a"]', b"2")], None)
    assert state.get(b'["a"]') == b"2"
    state.close()
    disk.commit(a="3")
    assert disk.held() == {"a": "3"}
    assert disk.read_from == [0, 2]


@pytest.mark.parametrize("what", ["another topic", "too old", "beyond the end", "another layout"])
def test_a_copy_that_is_of_no_use_is_made_anew(
    disk: Disk, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.commit(a="1", b="2")
    state = disk.states.open(0)
    disk.commit(state, c="3")
    state.close()
    if what == "another topic":
        disk.topic = Topic("second", 24 * HOUR)
    elif what == "too old":
        disk.now += 13 * HOUR
    elif what == "another layout":
        monkeypatch.setattr("streams.lane.state_disks.LAYOUT", 2)
    place = CHANGELOG, 0
    disk.broker.logs[place] = disk.broker.logs[place][:1]  # deletions of the rest are gone
    if what == "beyond the end":
        disk.broker.ends[place] = 1
    assert disk.held() == {"a": "1"}
    assert disk.read_from == [0, 0]


def test_a_copy_that_never_came_to_the_end_is_made_anew(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk.commit(a="1", b="2")
    writes = iter([None, RuntimeError("killed")])
    write = DiskState.write

    def killed(self: DiskState, *arguments: Any) -> None:
        failure = next(writes)
        if failure is not None:
            raise failure
        write(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(DiskState, "write", killed)
        with pytest.raises(RuntimeError, match="killed"):
            disk.states.open(0)
    del disk.broker.logs[CHANGELOG, 0][0]
    assert disk.held() == {"b": "2"}
    assert disk.read_from == [0, 0]


def test_a_changelog_that_was_cut_is_refused(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    position = Position({}, 1, None, since=2)
    disk.broker.commit([Record(CHANGELOG, POSITION_KEY, position.value())], 0)
    assert disk.held() != {}
    monkeypatch.setattr("streams.lane.state.Log.start", 2, raising=False)
    cut = SmallLog({"broker": disk.broker}, CHANGELOG, 0)
    for start, refused in ((2, False), (3, True)):
        cut.start = start
        monkeypatch.setattr("streams.lane.state_disks.opened", lambda *_: cut)
        if refused:
            with pytest.raises(ChangelogCut, match="nyxter rebuild"):
                disk.held()
        else:
            disk.held()


def test_a_partition_is_open_once(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.lane.state_disks._CLOSING_S", 0.05)
    state = disk.states.open(0)
    with pytest.raises(StoreBusy):
        disk.states.open(0)
    state.close()
    disk.held()


def test_a_directory_is_one_workers(disk: Disk) -> None:
    disk.commit(a="1")
    with pytest.raises(StoreInUse, match="NYXTER_DATA_DIR of its own"):
        disk.worker()
    with pytest.raises(StoreInUse):
        clear(disk.directory)
    disk.held()
    disk.states.close()
    clear(disk.directory)
    assert not (disk.directory / "0").exists()
    disk.states = disk.worker()
    assert disk.held() == {"a": "1"}


def test_what_a_killed_worker_committed_is_there(tmp_path: Path) -> None:
    program = """
import os, sys
from rocksdict import Cache
from pathlib import Path
from streams.lane.records import Record
from streams.lane.state_disk import DiskState, Mark
state = DiskState(Path(sys.argv[1]), "changelog", Cache(1 << 20), lambda: 5, int)
state.write([], Mark(1, "t", 0, 1))
for n in range(1000):
    state.apply([Record("changelog", b'["%d"]' % n, b"x" * 100)], n + 1)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == -9
    from rocksdict import Cache  # noqa: PLC0415

    state = DiskState(tmp_path, "changelog", Cache(1 << 20), lambda: 6, lambda: None)
    assert state.mark == (1, "t", 1000, 5)
    assert len(contents(state)) == 1000
    state.close()


def test_what_is_deleted_leaves_the_files(disk: Disk) -> None:
    canary = "a-canary-that-nobody-else-sings"
    state = disk.states.open(0)
    disk.commit(state, **{f"k{n}": f"{n}" * 300 for n in range(2_000)}, secret=canary)
    state.close()
    assert _found(disk.directory, canary)
    state = disk.states.open(0)
    disk.commit(state, secret=None)
    limit = time.monotonic() + 30
    while _found(disk.directory, canary) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not _found(disk.directory, canary)
    assert len(contents(state)) == 2_000
    state.close()
    assert not _found(disk.directory, canary)


@pytest.mark.parametrize("others", [1, 2_000])
@pytest.mark.parametrize("held", [True, False], ids=["held", "unheard of"])
def test_the_name_of_what_is_deleted_leaves_the_files(
    disk: Disk, others: int, *, held: bool
) -> None:
    """Deletions that lie over nothing go, and RocksDB's list of files is written anew in time."""
    canary = "a-canary-that-nobody-else-sings"
    state = disk.states.open(0)
    disk.commit(state, **{f"k{n}": f"{n}" * 300 for n in range(others)})
    if held:
        disk.commit(state, **{canary: "held"})
    disk.commit(state, **{canary: None})
    limit = time.monotonic() + 30
    while "sst" in "".join(_found(disk.directory, canary)) and time.monotonic() < limit:
        time.sleep(0.05)
    while _found(disk.directory, canary) and time.monotonic() < limit:
        disk.commit(state, more=None)
        time.sleep(0.05)
    assert not _found(disk.directory, canary)
    assert len(contents(state)) == others
    state.close()


def _found(directory: Path, text: str) -> list[str]:
    found = []
    for path in directory.rglob("*"):
        try:
            if path.is_file() and text.encode() in path.read_bytes():
                found.append(path.name)
        except FileNotFoundError:
            continue  # it went meanwhile
    return found


def damage(directory: Path, files: str, filling: bytes, *, at: float = 0.5) -> None:
    """Overwrite a part of files that RocksDB has written."""
    paths = list(directory.glob(files))
    assert paths
    for path in paths:
        content = bytearray(path.read_bytes())
        start = int(len(content) * at)
        content[start : start + len(filling)] = filling[: len(content) - start]
        path.write_bytes(content)


def many(disk: Disk) -> None:
    """Fill a copy in several turns: the first is in tables afterwards, the last in the log."""
    for turn in range(4):
        disk.commit(**{f"k{n:05}": f"{n}" * 50 for n in range(turn, 5_000, 4)})
        disk.held()


@pytest.mark.parametrize("filling", [bytes(100), bytes(range(1, 101))])
def test_a_scan_that_meets_a_fault_does_not_end_early(disk: Disk, filling: bytes) -> None:
    many(disk)
    damage(disk.directory / "0", "*.sst", filling)
    assert_refused(disk)


@pytest.mark.parametrize("at", [0.0, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("filling", [bytes(9_999), bytes(range(1, 101))])
@pytest.mark.parametrize("files", ["MANIFEST-*", "CURRENT", "*.log"])
def test_damaged_lists_and_logs_make_nothing_wrong(
    disk: Disk, files: str, filling: bytes, at: float
) -> None:
    many(disk)
    disk.commit(k00000=None, k00001="new")
    damage(disk.directory / "0", files, filling, at=at)
    try:
        held = disk.held()
    except StoreBroken:
        disk.states.close()
        clear(disk.directory)
        disk.states = disk.worker()
        held = disk.held()
    assert len(held) == 4_999
    assert held["k00001"] == "new"


def assert_refused(disk: Disk) -> None:
    """The copy is not used, what to do is said, and when that is done all is well."""
    with pytest.raises(StoreBroken) as refusal:
        disk.held()
    told = str(refusal.value)
    assert str(disk.directory / "0") in told
    assert "remove that directory" in told
    assert "the changelog has it" in told
    disk.states.close()
    clear(disk.directory)
    disk.states = disk.worker()
    assert len(disk.held()) == 5_000
