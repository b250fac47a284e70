"""The directory that exports grow in: a run's files are all put in place, or none is.

A run writes below `run`, then a state that names its moves, and only then moves. Whoever dies
before the state leaves nothing; whoever dies after it, the next run finishes for. With CSV and XLSX
the same rows are kept as Parquet as well: that is what a day's file is made anew from.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, Self

from streams.exporting.schema import Schema
from streams.exporting.star import TABLES, layout
from streams.exporting.state import BadDirectory, State, load_state, save_state, sync_directory
from streams.tabular import Format, Table, write

META: Final = ".nyxter-export"
_DAY: Final = "day="
_DATA: Final = "data.parquet"


class Directory:
    """One directory, ours alone while it is `held`.

    Parameters
    ----------
    root
        Where it is.
    state
        What it remembers; None: it is new.
    format
        What its files are.

    """

    def __init__(self, root: Path, state: State | None, format: Format) -> None:  # noqa: A002
        self.root = root
        self.state = state
        self.format = format
        self.run = root / META / "run"
        self._moves: list[tuple[str, str]] = []

    @classmethod
    @contextmanager
    def held(cls, root: Path, format: Format | None) -> Iterator[Self]:  # noqa: A002
        """Hold a directory: what another run left undone is finished, or cleared away.

        Parameters
        ----------
        root
            Made where there is none.
        format
            What its files are to be; None: what they are.

        Raises
        ------
        BadDirectory
            Another run is at work there, or it is not one for this.

        """
        if format is None and not (root / META).is_dir():
            raise BadDirectory(f"{root}: holds no export")
        (root / META).mkdir(parents=True, exist_ok=True)
        with _locked(root):
            state = load_state(root / META)
            _check(root, state, format)
            directory = cls(root, state, format or (state.format if state else "parquet"))
            directory._recover()
            try:
                yield directory
            finally:
                directory._clear()

    def kept(self, table: Schema, day: date | None) -> Path:
        """Return where the rows of a table are kept as Parquet; None: a table without days."""
        of_day = (f"{_DAY}{day}",) if day else ()
        return self._store.joinpath(table.name, *of_day, _DATA)

    def days(self, table: Schema) -> list[date]:
        """Return the days that a table has files of, in order."""
        found = (self._store / table.name).glob(f"{_DAY}*/{_DATA}")
        return sorted(date.fromisoformat(path.parent.name.removeprefix(_DAY)) for path in found)

    def held_files(self, table: Schema) -> dict[date | None, Path]:
        """Return where all rows of a table are, by day."""
        days: list[date | None] = [*self.days(table)] if table.is_dated else [None]
        files = {day: self.kept(table, day) for day in days}
        return {day: path for day, path in files.items() if path.exists()}

    def fresh(self, table: Schema, day: date | None) -> Path:
        """Return where to make what `put` takes."""
        return self.run / f"{table.name}-{day}.parquet"

    def put(self, table: Schema, day: date | None, rows: Iterable[Sequence[Any]]) -> None:
        """Let a commit put what was made `fresh` in place of what there is of the day.

        `rows` are those that were made, for formats that are not Parquet.
        """
        made = self.fresh(table, day)
        if self.format != "parquet":
            named = f"{day}" if day else table.name
            shown = self.root / table.name / f"{named}.{self.format}"
            to = made.with_suffix(f".{self.format}")
            write(Table(f"{table.name} {day or ''}", table.columns, rows), self.format, to)
            self._move(to, shown)
        self._move(made, self.kept(table, day))

    def commit(self, state: State) -> None:
        """Make a run's files and its state what there is."""
        self.state = state.model_copy(update={"moves": self._moves})
        save_state(self.root / META, self.state)
        self._finish(self.state)

    @property
    def _store(self) -> Path:
        return self.root if self.format == "parquet" else self.root / META / "kept"

    def _move(self, made: Path, to: Path) -> None:
        with made.open("rb") as file:
            os.fsync(file.fileno())
        self._moves.append((str(made.relative_to(self.root)), str(to.relative_to(self.root))))

    def _recover(self) -> None:
        if self.state is not None and self.state.moves:
            self._finish(self.state)
        self._clear()
        self.run.mkdir()

    def _clear(self) -> None:
        """Remove a run's files, unless a state says that they are still to be moved."""
        if self.state is None or not self.state.moves:
            shutil.rmtree(self.run, ignore_errors=True)

    def _finish(self, state: State) -> None:
        """Make the moves that a state names; those that were made stay."""
        for made, to in state.moves:
            target = self.root / to
            target.parent.mkdir(parents=True, exist_ok=True)
            if (self.root / made).exists():
                (self.root / made).replace(target)
                sync_directory(target.parent)
        self.state = state.model_copy(update={"moves": []})
        save_state(self.root / META, self.state)
        self._clear()


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    with (root / META / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadDirectory(f"{root}: another export is at work there") from None
        yield


def _check(root: Path, state: State | None, format: Format | None) -> None:  # noqa: A002
    if state is None:
        if strangers := [table.name for table in TABLES if (root / table.name).exists()]:
            raise BadDirectory(
                f"{root}: has {', '.join(strangers)}, but not by an export: choose another "
                "directory"
            )
        return
    if format is not None and state.format != format:
        raise BadDirectory(
            f"{root}: holds an export as {state.format}: go on with that, or choose another "
            f"directory for {format}"
        )
    if state.layout != layout():
        raise BadDirectory(
            f"{root}: holds tables of another version of Nyxter Online: export to another directory"
        )
