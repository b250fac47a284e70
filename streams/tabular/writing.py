"""One way in for all formats: a table goes to a file by the format's name."""

from pathlib import Path
from typing import BinaryIO, Final, Literal, get_args

from streams.tabular.delimited import write_csv
from streams.tabular.parquet import write_parquet
from streams.tabular.sheet import TooManyRows, write_xlsx
from streams.tabular.table import Table

__all__ = ["FORMATS", "Format", "TooManyRows", "media_type", "write"]

Format = Literal["csv", "xlsx", "parquet"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

_MEDIA: Final[dict[Format, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
_WRITERS: Final = {"csv": write_csv, "xlsx": write_xlsx, "parquet": write_parquet}


def write(table: Table, format: Format, file: BinaryIO | Path) -> int:  # noqa: A002 - its name
    """Write a table; return how many rows it had.

    Rows are read one at a time and never held together. It takes its time: call it in a thread
    where there is an event loop. A path is written in place, so where it fails half a file may
    stand there.

    Parameters
    ----------
    table
        What to write; its rows are used up.
    format
        ``csv``: for Excel in Portuguese. ``xlsx``: for any Excel. ``parquet``: for programs.
    file
        A path, or a file open for writing bytes; that one is left open.

    Raises
    ------
    TooManyRows
        More than a sheet of XLSX holds.
    ValueError
        A cell that cannot be written, by column and row.

    """
    if isinstance(file, Path):
        with file.open("wb") as opened:
            return _WRITERS[format](table, opened)
    return _WRITERS[format](table, file)


def media_type(format: Format) -> str:  # noqa: A002 - its name
    """Return the media type of a format.

    >>> media_type("csv")
    'text/csv; charset=utf-8'
    """
    return _MEDIA[format]
