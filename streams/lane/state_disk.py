"""One partition's state on disk: a copy of its changelog in RocksDB.

The copy knows up to which offset it has been read, in the same atomic write as the data. It is
written without waiting for the disk: what a machine that lost its power had not written is read
from the changelog again. `state_disks.py` tells when a copy is of use.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    ReadOptions,
    WriteBatch,
)

from schemas.envelope import dumps, loads
from streams.lane.changelog import POSITION_KEY, Pair, Position, position_of
from streams.lane.records import Record
from streams.lane.unusable import StateUnusable

LAYOUT: Final = 1

_MARK: Final = b"mark"  # no key of a changelog: those are JSON arrays
_BUFFER_BYTES: Final = 8 * 1024 * 1024
_BLOCK_BYTES: Final = 16 * 1024
_FILTER_BITS: Final = 10
_OPEN_FILES: Final = 256
_LOG_BYTES: Final = 1024 * 1024
_MANIFEST_BYTES: Final = 4 * 1024


class StoreBroken(StateUnusable):
    """The disk refuses to take or to give what is stored."""


class Mark(NamedTuple):
    """Up to where a copy goes.

    Attributes
    ----------
    layout
        How it is written.
    topic
        The id of the changelog that it is of.
    next
        The offset from which to read on.
    ended_ms
        When it last reached the end of the changelog (milliseconds since 1970), 0: it never did.

    """

    layout: int
    topic: str
    next: int
    ended_ms: int


class DiskState:
    """The copy of one partition (a `streams.lane.state.State`).

    Every method raises StoreBroken where the disk refuses.

    Parameters
    ----------
    path
        Its directory, of which there may be none yet.
    changelog
        The topic that it is a copy of.
    cache
        Of blocks read, shared by all copies.
    now_ms
        Gives the time in milliseconds since 1970.
    on_close
        Called once the files are let go of.

    """

    def __init__(
        self,
        path: Path,
        changelog: str,
        cache: Cache,
        now_ms: Callable[[], int],
        on_close: Callable[[], None],
    ) -> None:
        self._path = path
        self._changelog = changelog
        self._now_ms = now_ms
        self._on_close = on_close
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._db = Rdict(str(path), _options(cache))
        except Exception as error:
            raise broken(path, "be opened", error) from error

    @property
    def records(self) -> "DiskState":
        """Itself: what is loaded can be looked up until it is closed."""
        return self

    @property
    def position(self) -> Position | None:
        """How far the partition had come; None where nothing was ever written."""
        return position_of(self.get(POSITION_KEY))

    @property
    def mark(self) -> Mark | None:
        """Up to where the copy goes; None: it was just begun."""
        value = self.get(_MARK)
        return None if value is None else Mark(*loads(value))

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        try:
            value: bytes | None = self._db.get(key)
        except Exception as error:
            raise broken(self._path, "be read", error) from error
        return value

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the keys that begin so, rising, and their values, as they are at the first."""
        bounds = ReadOptions()
        bounds.set_iterate_upper_bound(prefix[:-1] + bytes([prefix[-1] + 1]))
        found = None
        try:
            found = self._db.iter(bounds)
            found.seek(prefix)
            while found.valid():
                yield found.key(), found.value()
                found.next()
            found.status()  # raises where it ended early
        except Exception as error:
            raise broken(self._path, "be read", error) from error
        finally:
            del found  # as long as it is there, the files are open, closed or not

    def __len__(self) -> int:
        """Return about how many records there are."""
        return int(self._db.property_int_value("rocksdb.estimate-num-keys") or 0)

    def apply(self, records: Iterable[Record], following: int | None) -> None:
        """Take in what a transaction has committed to the changelog (see `State.apply`)."""
        mark = self.mark if following is not None else None
        if mark is not None and following is not None:
            mark = mark._replace(next=following, ended_ms=self._now_ms())
        mine = ((r.key or b"", r.value) for r in records if r.topic == self._changelog)
        self.write(mine, mark)

    def write(self, pairs: Iterable[Pair], mark: Mark | None) -> None:
        """Take in keys and values (None: no more there), and up to where the copy goes by then.

        Without a mark it goes as far as before, and what follows is read once more. What is
        deleted leaves the files, too, a little later, its key at the latest after some twenty more
        writes that delete something.
        """
        batch = WriteBatch(raw_mode=True)
        deletes = False
        for key, value in pairs:
            if value is None:
                batch.delete(key)
                deletes = True
            else:
                batch.put(key, value)
        if mark is not None:
            batch.put(_MARK, dumps(list(mark)))
        try:
            self._db.write(batch)
            if deletes:
                self._db.flush(wait=False)
        except Exception as error:
            raise broken(self._path, "be written", error) from error

    def close(self) -> None:
        """Let go of the files; where the disk refuses what is not written yet, it is left out."""
        with suppress(Exception):
            self._db.close()
        self._on_close()

    def remove(self) -> None:
        """Let go of the files and delete them."""
        self.close()
        try:
            shutil.rmtree(self._path)
        except OSError as error:
            raise broken(self._path, "be removed", error) from error


def broken(path: Path, what: str, error: Exception) -> StoreBroken:
    """Return what says that a copy can't be used, and what to do."""
    return StoreBroken(
        f"the state on disk in {path} can't {what} ({error}): make room where the disk is full, "
        "otherwise remove that directory, and start again; nothing is lost: the changelog has it"
    )


def _options(cache: Cache) -> Options:
    """Return how RocksDB keeps a copy: small buffers, for there is one for each partition."""
    blocks = BlockBasedOptions()
    blocks.set_block_cache(cache)
    blocks.set_block_size(_BLOCK_BYTES)
    blocks.set_bloom_filter(_FILTER_BITS, block_based=False)
    blocks.set_cache_index_and_filter_blocks(True)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(blocks)
    # RocksDB moves a file that lies over nothing further down as it is, with the keys that are
    # deleted; where it has to compress it, it writes it anew, without them.
    options.set_compression_type(DBCompressionType.lz4())
    options.set_min_level_to_compress(1)
    options.set_write_buffer_size(_BUFFER_BYTES)
    options.set_max_open_files(_OPEN_FILES)
    options.add_compact_on_deletion_collector_factory(1, 1, 0.0)  # each deletion counts
    # Its list of files names the first and the last key of each, those of files that are gone, too,
    # until the list is written anew.
    options.set_max_manifest_file_size(_MANIFEST_BYTES)
    options.set_keep_log_file_num(2)
    options.set_max_log_file_size(_LOG_BYTES)
    options.set_stats_dump_period_sec(0)
    return options
