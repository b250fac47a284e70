"""Commands for who operates a system: whether it is as it has to be, and how it gets there."""

from typing import Annotated

import typer
from confluent_kafka import KafkaException

from streams.cli.arguments import (
    FormerRules,
    RulesFile,
    broker_failure,
    broker_settings,
    failure,
    former_rules,
    redis_failure,
    refuse_empty_secret,
    rules_of,
    settings_of,
)


def reconcile(
    rules: RulesFile = None,
    former: FormerRules = None,
    redis: Annotated[bool, typer.Option("--redis/--no-redis", help="Compare Redis too.")] = True,
    journal: Annotated[
        bool, typer.Option("--journal/--no-journal", help="Run the journal again, id by id.")
    ] = True,
    limit: Annotated[int, typer.Option(min=0, help="List so many of each kind.")] = 20,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until the system settles.")
    ] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="What was found, as JSON.")] = False,
) -> None:
    """Compare a running or stopped system with its oracles, and name every difference.

    Profiles with a replay of the input topics, outputs with a replay of the journal, Redis with
    the topics. It needs the system at rest: nothing comes in, everyone is scored. The exit status
    is 0 where all is equal, 1 where something differs, 2 where it could not be compared.

    Example: nyxter reconcile --rules nyxter.toml --patience 300
    """
    from redis import RedisError  # noqa: PLC0415

    from streams.cli.reconcile import reconcile_system  # noqa: PLC0415
    from streams.reconcile.findings import CannotCompare  # noqa: PLC0415

    settings = broker_settings()
    try:
        status = reconcile_system(
            settings,
            rules_of(rules or settings.rules),
            former=former_rules(former),
            redis=redis,
            journal=journal,
            limit=limit,
            patience_s=patience,
            as_json=as_json,
        )
    except CannotCompare as error:
        raise failure(str(error)) from None
    except RedisError as error:
        raise redis_failure(settings, error) from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
    raise typer.Exit(status)


def rebuild(
    rules: RulesFile = None,
    former: FormerRules = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also while workers are in the group.")
    ] = False,
) -> None:
    """Compute the state anew from the journal and the input topics, where the changelog is lost.

    In silence: nothing is published, and workers go on where they were. All workers must be
    stopped; topics that are missing come from `nyxter topics create`. Killed in between, run it
    again. The state must fit into memory.

    Example: NYXTER_BROKER=kafka:9092 nyxter rebuild --rules nyxter.toml
    """
    from streams.cli.rebuild import rebuild as run  # noqa: PLC0415

    settings = broker_settings()
    refuse_empty_secret(settings)
    in_force = rules_of(rules or settings.rules)
    run(settings, in_force, former=former_rules(former), force=force)


def health(
    ready: Annotated[bool, typer.Option("--ready", help="Ask whether it works just now.")] = False,
) -> None:
    """Ask the worker or cache that listens at NYXTER_MONITOR how it is; for health checks.

    The exit status is 0 where all is well, 1 where it says what is wrong (only a restart mends
    that; with --ready also what mends by itself), 2 where nobody answers.

    Example: NYXTER_MONITOR=127.0.0.1:9600 nyxter health --ready
    """
    from streams.cli.health import NoAnswer, problems_of  # noqa: PLC0415

    address = settings_of().monitor
    if not address:
        raise failure("NYXTER_MONITOR is not set: nothing listens")
    try:
        problems = problems_of(address, ready=ready)
    except NoAnswer as error:
        raise failure(str(error)) from None
    typer.echo("\n".join(problems) or "all is well")
    raise typer.Exit(1 if problems else 0)
