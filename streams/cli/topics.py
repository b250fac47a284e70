"""`nyxter topics`: the topics on the broker, made as they have to be."""

import typer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.cli.arguments import broker_settings, failure
from streams.topics import TopicsDiffer

topics_app = typer.Typer(no_args_is_help=True, help="The topics on the broker.")


@topics_app.command("create")
def create_topics() -> None:
    """Create the topics that are missing, with partitions, cleanup and retention as they must be.

    Example: NYXTER_BROKER=kafka:9092 NYXTER_PARTITIONS=40 nyxter topics create
    """
    from streams import topics  # noqa: PLC0415
    from streams.client import client_config  # noqa: PLC0415

    settings = broker_settings()
    admin = AdminClient(dict(client_config(settings)))
    wanted = topics.every_topic(settings)
    try:
        for name in topics.create(admin, wanted):
            typer.echo(f"created {name}")
        topics.check(admin, wanted)
    except (TopicsDiffer, KafkaException) as error:
        raise failure(str(error)) from None
    typer.echo(f"{len(wanted)} topics are as they have to be")
