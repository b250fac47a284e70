"""`nyxter skip`: go on behind input that is gone, once a person has said so."""

from typing import Annotated, Final

import typer
from confluent_kafka import KafkaException

from streams.cli.arguments import broker_failure, broker_settings, failure
from streams.topics import SOURCES

_LONGEST: Final = 500


def skip(
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="The topic that the hole is in.")],
    partition: Annotated[int, typer.Option(min=0, help="The partition that stands still.")],
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; the journal keeps it. Nothing of a customer.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Let a partition go on behind input that was deleted before it was applied.

    Only where /ready, doctor or the log of a worker names such a hole (input_deleted), or a topic
    that was deleted and made anew (topic_recreated: it is begun at its start). Says exactly which
    offsets are passed over and asks once. The journal tells it, so that replay does the same; a
    worker that runs goes on by itself. Restore the topic instead where you can: what is passed
    over is never applied.

    Example: nyxter skip nyxter.purchases.v1 --partition 3 --reason "retention was 1 day, see #812"
    """
    from streams.client import client_config  # noqa: PLC0415 - commands load what they need
    from streams.clock import now  # noqa: PLC0415
    from streams.lane.transaction import Fenced  # noqa: PLC0415
    from streams.lane.unusable import StateUnusable  # noqa: PLC0415
    from streams.logs import set_up_logs  # noqa: PLC0415
    from streams.segmenter.skipping import Moved, NoHole, Skipping  # noqa: PLC0415
    from streams.topics import changelog  # noqa: PLC0415

    reason = _checked(reason)
    settings = broker_settings()
    if topic not in SOURCES or partition >= settings.partitions:
        raise failure(
            f"no worker reads partition {partition} of {topic}: TOPIC is one of "
            f"{', '.join(SOURCES)}, --partition less than {settings.partitions}"
        )
    set_up_logs()
    client = {**client_config(settings), "log_level": 0}
    work = Skipping(client, settings.app_id, changelog(settings), topic, partition)
    try:
        gap = work.find()
        typer.echo(f"{gap.hole.detail}\n{gap.sentence}")
        if not yes:
            typer.confirm("Go on behind it? It cannot be undone", abort=True)
        number = work.skip(gap, reason, now())
    except (NoHole, Moved, StateUnusable) as error:
        raise failure(str(error)) from None
    except Fenced as error:
        raise failure(f"a worker took the partition meanwhile ({error}): run it again") from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
    typer.echo(f"skipped: journal entry {number} of partition {partition}")


def _checked(reason: str) -> str:
    """Return a reason in one line; one that says nothing, or too much, ends the command."""
    line = " ".join(reason.split())
    if not line or len(line) > _LONGEST:
        raise failure(f"--reason takes 1 to {_LONGEST} characters")
    return line
