"""The `nyxter` command."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from confluent_kafka import KafkaException

from streams.cli.acl import acl_app
from streams.cli.arguments import (
    FormerRules,
    RedisUrl,
    RulesFile,
    Sort,
    broker_failure,
    broker_settings,
    customer_of,
    failure,
    former_rules,
    redis_failure,
    redis_settings,
    refuse_empty_secret,
    rules_of,
    settings_of,
    unwritable,
)
from streams.cli.cache import cache_app
from streams.cli.console import console
from streams.cli.dead_letters import letters_app
from streams.cli.doctor import doctor
from streams.cli.erase import erase
from streams.cli.exporting import export
from streams.cli.importing import import_file
from streams.cli.model import model_app
from streams.cli.operations import health, rebuild, reconcile
from streams.cli.schemas import schemas
from streams.cli.skip import skip
from streams.cli.top import top
from streams.cli.topics import topics_app
from streams.cli.triggers import triggers_app
from streams.settings import Settings
from streams.topics import TopicsDiffer

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

app.add_typer(topics_app, name="topics")
app.add_typer(cache_app, name="cache")
app.add_typer(model_app, name="model")
app.add_typer(triggers_app, name="triggers")
app.add_typer(letters_app, name="dead-letters")
app.add_typer(acl_app, name="acl")
app.command()(doctor)
app.command()(health)
app.command()(reconcile)
app.command()(rebuild)
app.command()(skip)
app.command()(erase)
app.command()(export)
app.command("import")(import_file)
app.command()(schemas)
app.command()(top)
app.command()(console)


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"nyxter {version('nyxter-online')}")
        raise typer.Exit


@app.callback()
def nyxter(
    *,
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Tell which version this is."
        ),
    ] = False,
) -> None:
    """Nyxter Online: customer segments in real time."""


@app.command()
def replay(
    events: Annotated[
        str | None, typer.Argument(help="CloudEvents, one JSON a line; - reads the input.")
    ] = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today.")] = None,
    profiles: Annotated[
        Path | None, typer.Option(help="Where profiles go, one JSON a line, by customer id.")
    ] = None,
    outputs: Annotated[Path | None, typer.Option(help="Where segment changes go.")] = None,
    rules: RulesFile = None,
    journal: Annotated[
        bool,
        typer.Option("--journal", help="Run again what live ran, from NYXTER_BROKER's topics."),
    ] = False,
    former: FormerRules = None,
) -> None:
    """Score everyone from a file of events, without a broker.

    Lines that can't be read go to PROFILES.rejects with the reason; the exit status is then 3.
    With --journal nothing is read from a file: the journal and the input topics of a running or
    stopped system are, and what comes out is what it published, id by id.

    Example: nyxter replay events.jsonl --rules nyxter.toml --as-of 2026-11-22
    --profiles profiles.jsonl --outputs outputs.jsonl
    """
    try:
        if journal:
            from streams.cli.replay_journal import replay_journal  # noqa: PLC0415

            settings, before = broker_settings(), former_rules(former)
            replay_journal(settings, rules_of(rules), before, profiles, outputs)
            return
        from streams.cli.replay import replay_file  # noqa: PLC0415 - commands load what they need

        if events is None or as_of is None or profiles is None:
            raise failure("give EVENTS, --as-of and --profiles, or --journal (see --help)")
        status = replay_file(events, rules_of(rules), as_of.date(), profiles, outputs)
    except OSError as error:
        raise failure(f"{error.filename or profiles}: {error.strerror}") from None
    raise typer.Exit(status)


@app.command()
def worker(rules: RulesFile = None) -> None:
    """Segment customers as events arrive, beside your own Kafka (NYXTER_BROKER, NYXTER_...).

    Start as many as you like: they share the partitions. SIGTERM ends one after the work in hand.

    Example: NYXTER_BROKER=kafka:9092 nyxter worker --rules nyxter.toml
    """
    from streams.lane.unusable import StateUnusable  # noqa: PLC0415
    from streams.monitoring.monitor import AddressTaken  # noqa: PLC0415
    from streams.worker import run_worker  # noqa: PLC0415

    settings = broker_settings()
    refuse_empty_secret(settings)
    try:
        run_worker(settings, rules_of(rules or settings.rules))
    except (TopicsDiffer, StateUnusable, AddressTaken, KafkaException) as error:
        raise failure(str(error)) from None


@app.command()
def demo(
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="5,000 events, then compare every card with replay; 0 if equal, else 1."
        ),
    ] = False,
    customers: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="How many to make up; none: 10,615, as published."),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, max=5_000, help="Events a second.")] = 50,
    rules: RulesFile = None,
) -> None:
    """Watch customers' scores move as orders arrive; needs nothing else installed.

    Broker, Redis, a worker and a cache of its own run until Ctrl-C, everything
    in memory, logs in NYXTER_DATA_DIR/demo. Without --rules those of
    examples/nyxter.toml in a clone of the project, else the defaults. The exit
    status is 2 where this platform has no broker or Redis.

    Example: nyxter demo --rate 10
    """
    from nyxter_online.simulate.words import CUSTOMERS  # noqa: PLC0415
    from streams.cli.demo import Wishes, example_rules, run_demo  # noqa: PLC0415
    from streams.embedded import EmbeddedUnavailable  # noqa: PLC0415

    settings = settings_of()
    file = rules or settings.rules or example_rules()
    try:
        status = run_demo(
            settings, Wishes(once, customers or CUSTOMERS, rate, file, rules_of(file))
        )
    except (EmbeddedUnavailable, KafkaException) as error:
        raise failure(str(error)) from None
    except OSError as error:
        raise unwritable(error) from None
    raise typer.Exit(status)


@app.command()
def simulate(
    out: Annotated[
        str, typer.Argument(metavar="OUT.jsonl", help="Where to write; - is standard output.")
    ] = "-",
    customers: Annotated[
        int | None, typer.Option(min=1, help="How many to make up; none: 10,615, as published.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same base.")] = 7,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today; none: the real one.")
    ] = None,
    live: Annotated[
        int, typer.Option("--live", metavar="COUNT", min=0, help="Events that happen today, after.")
    ] = 0,
) -> None:
    """Make up a customer base, its contracts and its orders, as CloudEvents, one JSON a line.

    Example: nyxter simulate --customers 500 --today 2026-11-22 --live 100 events.jsonl
    """
    from nyxter_online.simulate.words import CUSTOMERS  # noqa: PLC0415
    from streams.cli.simulate import business_day_now, write_events  # noqa: PLC0415

    day = today.date() if today else business_day_now()
    try:
        write_events(out, seed, customers or CUSTOMERS, day, live)
    except ValueError as error:
        raise failure(str(error)) from None
    except OSError as error:
        raise unwritable(error) from None


@app.command()
def card(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="The profile as published.")] = False,
    redis: RedisUrl = None,
) -> None:
    """Show a customer as Redis holds them; 1 where there is no such customer.

    Example: nyxter card T000123 --redis redis://127.0.0.1:6379/0
    """
    from streams.cli.card import show_card  # noqa: PLC0415

    settings = redis_settings(redis)
    with _no_card_told(settings):
        show_card(settings, customer_of(customer), as_json=as_json)


@contextmanager
def _no_card_told(settings: Settings) -> Iterator[None]:
    """End the command with 1 where there is no such card, with 2 where Redis does not answer."""
    from redis import RedisError  # noqa: PLC0415

    from streams.cli.sheet import NoCard  # noqa: PLC0415

    try:
        yield
    except NoCard as error:
        typer.echo(f"nyxter: {error}", err=True)
        raise typer.Exit(1) from None
    except RedisError as error:
        raise redis_failure(settings, error) from None


@app.command()
def explain(
    customer: Annotated[str, typer.Argument(help="The customer's id.")],
    rules: RulesFile = None,
    redis: RedisUrl = None,
) -> None:
    """Explain a customer's card: scores with their limits, segments, profile, journey, history.

    Limits are told by --rules (none: NYXTER_RULES, else the defaults). The exit status is 1 where
    Redis holds no such customer.

    Example: nyxter explain T000123 --rules nyxter.toml
    """
    from streams.cli.explain import show_explanation  # noqa: PLC0415

    settings = redis_settings(redis)
    with _no_card_told(settings):
        show_explanation(settings, customer_of(customer), rules_of(rules or settings.rules))


@app.command()
def tail(
    kinds: Annotated[
        list[Sort] | None, typer.Option("--kind", help="Only these; may be given repeatedly.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer.")] = None,
    segment: Annotated[
        str | None, typer.Option(help="Only where this segment is left or entered.")
    ] = None,
    fired: Annotated[
        bool | None,
        typer.Option("--fired/--suppressed", help="Only triggers that fired, or did not."),
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="All that the topic still holds, then what comes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Events as published.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many.")] = None,
) -> None:
    """Follow what is published of customers, one line each, until Ctrl-C.

    Segment changes and triggers, from NYXTER_BROKER, as they are committed.

    Example: nyxter tail --kind trigger --fired --segment retencao
    """
    from streams.cli.tail import follow  # noqa: PLC0415
    from streams.selection import Filters  # noqa: PLC0415
    from streams.topics import NoTopic  # noqa: PLC0415

    of = None if customer is None else customer_of(customer)
    settings = broker_settings()
    filters = Filters(frozenset(kinds or ()), of, segment, fired)
    try:
        follow(settings, filters, from_start=from_start, as_json=as_json, limit=limit)
    except NoTopic as error:
        raise failure(str(error)) from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
