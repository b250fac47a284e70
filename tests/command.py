"""`nyxter replay` as a command, in this process: its exit status, what it says, what it writes."""

import gc
import json
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from streams.cli import app


class Replayed(NamedTuple):
    """What the command left: rows are the JSON lines of a file, None where there is no file."""

    status: int
    errors: str
    profiles: list[dict[str, Any]] | None
    outputs: list[dict[str, Any]] | None
    rejects: list[dict[str, Any]] | None

    def lines_rejected(self) -> dict[int, str]:
        """The reasons by line number."""
        return {row["line"]: row["reason"] for row in self.rejects or []}


def replay_command(
    folder: Path, content: bytes, *options: str, rules: str = "", as_of: str = "2026-11-22"
) -> Replayed:
    """Run the command over a file of these bytes, in `folder`, where all its files go."""
    events = folder / "events.jsonl"
    events.write_bytes(content)
    (folder / "rules.toml").write_text(rules, encoding="utf-8")
    return run_replay(
        folder, str(events), "--rules", str(folder / "rules.toml"), "--as-of", as_of, *options
    )


def run_replay(folder: Path, *arguments: str, stdin: bytes = b"") -> Replayed:
    """Run the command with these arguments; PROFILES and OUTPUTS go to `folder`."""
    profiles, outputs = folder / "profiles.jsonl", folder / "outputs.jsonl"
    files = ["--profiles", str(profiles), "--outputs", str(outputs)]
    try:
        result = CliRunner().invoke(app, ["replay", *files, *arguments], input=stdin)
    finally:
        gc.enable()  # the command ends with its process, which this one does not
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return Replayed(
        result.exit_code,
        result.stderr,
        rows_of(profiles),
        rows_of(outputs),
        rows_of(profiles.with_name("profiles.jsonl.rejects")),
    )


def rows_of(path: Path) -> list[dict[str, Any]] | None:
    """The values of a JSON Lines file."""
    if not path.exists():
        return None
    return [json.loads(line) for line in path.read_bytes().splitlines()]
