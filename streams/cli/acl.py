"""`nyxter acl`: the commands that give each role what it needs and no more."""

import typer

from streams.cli.arguments import settings_of

acl_app = typer.Typer(no_args_is_help=True, help="The least that each role must be allowed.")


@acl_app.command()
def kafka() -> None:
    """Print the commands that make Kafka's users and give them their rights.

    NYXTER_APP_ID is part of some names. Nothing is changed: run what is printed as the broker's
    administrator, with BROKER set and each user's password in USER.properties, as
    SCRAM-SHA-512=[password=...].

    Example: nyxter acl kafka > acl.sh
    """
    from streams.access.commands import kafka_commands  # noqa: PLC0415

    for line in kafka_commands(settings_of()):
        typer.echo(line)


@acl_app.command()
def redis() -> None:
    """Print the commands that make Redis's users and give them their rights.

    Nothing is changed: paste what is printed into redis-cli, with a PASSWORD for each role.

    Example: nyxter acl redis
    """
    from streams.access.commands import redis_commands  # noqa: PLC0415

    for line in redis_commands():
        typer.echo(line)
