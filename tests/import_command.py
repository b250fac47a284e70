"""`nyxter import` in this process: its exit status, what it says, what it writes."""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from streams.cli import app


class Imported(NamedTuple):
    """What the command left; `events` where it was told --out."""

    status: int
    said: str
    errors: str
    events: list[dict[str, Any]]

    def count(self, words: str) -> int:
        """The number that stands before some words."""
        match = re.search(rf"^ *([0-9,]+)  +{re.escape(words)}", self.said, re.MULTILINE)
        assert match, f"{words!r} is not in:\n{self.said}{self.errors}"
        return int(match[1].replace(",", ""))


def import_command(what: str, file: Path, *options: str, out: bool = True) -> Imported:
    """Run the command; with `out` its events go to a file beside the one that is read."""
    events = file.with_name(f"{file.name}.events.jsonl")
    if out:
        events.unlink(missing_ok=True)
    target = ["--out", str(events)] if out else []
    result = CliRunner().invoke(app, ["import", what, str(file), *target, *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    lines = events.read_bytes().splitlines() if out and events.exists() else []
    return Imported(result.exit_code, result.stdout, result.stderr, [json.loads(x) for x in lines])
