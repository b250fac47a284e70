"""`nyxter replay --journal`: what live published, computed again from its journal."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from confluent_kafka import KafkaException
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from schemas.rules import Rules
from streams import topics
from streams.cli.arguments import failure
from streams.client import client_config
from streams.journal_replay import JournalBroken, JournalReplay
from streams.lane.changelog import OtherVersion
from streams.settings import Settings


def replay_journal(
    settings: Settings,
    rules: Rules,
    former: Sequence[Rules],
    profiles: Path | None,
    outputs: Path | None,
) -> None:
    """Write the profiles last published and all segment changes, in the journal's order.

    `former` rules were in force before these.
    """
    console = Console(stderr=True)
    replay = JournalReplay(
        client_config(settings),
        settings.partitions,
        topics.changelog(settings),
        rules,
        settings.secret.get_secret_value().encode(),
        former=former,
    )
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} outputs"))
    with ExitStack() as stack, Progress(*columns, console=console, transient=True) as bar:
        changes = stack.enter_context(outputs.open("wb")) if outputs else None
        try:
            latest, count = _collect(replay, changes, bar)
        except (JournalBroken, OtherVersion, KafkaException) as error:
            raise failure(str(error)) from None
        if profiles:
            ordered = (latest[key] for key in sorted(latest))
            profiles.write_bytes(b"".join(value + b"\n" for value in ordered if value))
    console.print(f"{count:,} outputs, {sum(v is not None for v in latest.values()):,} customers")


def _collect(
    replay: JournalReplay, changes: IO[bytes] | None, bar: Progress
) -> tuple[dict[bytes, bytes | None], int]:
    task = bar.add_task("outputs", total=None)
    latest: dict[bytes, bytes | None] = {}
    count = 0
    for count, (_, record) in enumerate(replay.run(), 1):
        bar.update(task, completed=count)
        if record.topic == topics.PROFILES and record.key is not None:
            latest[record.key] = record.value
        elif record.topic == topics.SEGMENT_EVENTS and changes and record.value is not None:
            changes.write(record.value + b"\n")
    return latest, count
