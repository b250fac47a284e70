"""`nyxter triggers`: what is held back of the journey's triggers, and its release."""

from typing import Annotated, Final

import typer
from confluent_kafka import KafkaException

from schemas.events import TRIGGERS_RELEASED
from streams.cli.arguments import Reason, broker_failure, broker_settings, failure

triggers_app = typer.Typer(no_args_is_help=True, help="The triggers of the journey.")

SOURCE: Final = "/nyxter/triggers-release"


@triggers_app.command()
def release(
    reasons: Annotated[
        list[Reason] | None,
        typer.Option("--reason", help="Why they are held back; none: whatever the reason."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Release triggers that are held back, through the control topic at NYXTER_BROKER.

    Each fires for the customers who are still in its segment, or is suppressed by its cool-down or
    the weekly cap. What is held back later stays so. Where nothing is held, nothing happens, so
    running this twice does no harm.

    Example: nyxter triggers release --reason first_score --reason model
    """
    from streams.client import client_config  # noqa: PLC0415
    from streams.clock import now  # noqa: PLC0415
    from streams.control import Control, say  # noqa: PLC0415
    from streams.lane.transaction import Fenced  # noqa: PLC0415
    from streams.topics import NoTopic  # noqa: PLC0415

    settings = broker_settings()
    named = [reason.value for reason in Reason if not reasons or reason in reasons]
    if not yes:
        what = ", ".join(named)
        typer.confirm(
            f"Release all triggers held back for {what}? They reach customers", abort=True
        )
    at = now()
    control = Control(f"release-{at}", SOURCE, TRIGGERS_RELEASED, {"reasons": named})
    try:
        client = {**client_config(settings), "log_level": 0}
        count = say(client, settings.app_id, control, at)
    except (NoTopic, Fenced) as error:
        raise failure(str(error)) from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
    typer.echo(f"released ({', '.join(named)}), on {count} partitions")
