"""The reject report: where, what and why, and the row as it stands in the file."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from streams.importing.form import Form
from streams.importing.records import Flaw, records

HEADINGS: Final = ("line", "column", "kind", "reason", "row")


def write_report(target: Path, source: Path, form: Form, flaws: Iterable[Flaw]) -> None:
    """Write what is rejected of a file as CSV that Excel opens, only for the eyes of its owner.

    Rows are text in UTF-8; bytes that are no text stand as they are. Raises ``OSError``.
    """
    by_line = {flaw.line: flaw for flaw in flaws}
    target.touch(mode=0o600)
    with target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write("\ufeff")
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADINGS)
        writer.writerows(_rows(source, form, by_line))


def _rows(source: Path, form: Form, by_line: dict[int, Flaw]) -> Iterator[tuple[object, ...]]:
    layout = form.layout
    for record in records(source, form.reading, layout.header, len(layout.names)):
        if flaw := by_line.get(record.line):
            yield flaw.line, flaw.column, str(flaw.outcome), flaw.reason, record.raw
