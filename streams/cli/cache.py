"""`nyxter cache`: Redis filled from the output topics, until told to stop; or made anew."""

from typing import Annotated

import structlog
import typer
from confluent_kafka import KafkaException
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from streams.cli.arguments import (
    broker_failure,
    broker_settings,
    failure,
    redis_failure,
    settings_of,
)
from streams.cli.signals import stoppable
from streams.logs import set_up_logs
from streams.settings import Settings

log = structlog.get_logger()
cache_app = typer.Typer(invoke_without_command=True)


@cache_app.callback()
def cache(context: typer.Context) -> None:
    """Keep Redis (NYXTER_REDIS_URL) filled from the output topics (NYXTER_BROKER).

    Start as many as you like: they share the partitions. SIGTERM ends one after the work in hand.

    Example: NYXTER_BROKER=kafka:9092 NYXTER_REDIS_URL=redis://redis:6379/0 nyxter cache
    """
    if context.invoked_subcommand is not None:
        return
    from streams.access.reach import Unreachable  # noqa: PLC0415 - commands load what they need
    from streams.monitoring.monitor import AddressTaken  # noqa: PLC0415

    settings = settings_of()
    try:
        run_cache(settings)
    except (KafkaException, Unreachable, AddressTaken) as error:
        raise failure(str(error)) from None


def run_cache(settings: Settings) -> None:
    """Fill Redis until told to stop, which ends it after the batch in hand.

    Raises
    ------
    Unreachable
        Broker or Redis will not let us in by these settings. One that is away is waited for.

    """
    from streams.cache import make_cache  # noqa: PLC0415
    from streams.monitoring.cache import monitored  # noqa: PLC0415

    set_up_logs()
    with stoppable() as stop:
        refuse_what_refuses_us(settings)
        cache = make_cache(settings)
        with monitored(settings, cache):
            cache.run(stop)


def refuse_what_refuses_us(settings: Settings) -> None:
    """Return once broker and Redis were knocked at; one that is away is waited for later.

    Raises
    ------
    Unreachable
        One of them will not let us in by these settings.

    """
    from streams.access.kafka import reach_broker  # noqa: PLC0415
    from streams.access.reach import Unreachable  # noqa: PLC0415
    from streams.access.redis import reach_redis  # noqa: PLC0415

    for reach in (reach_broker, reach_redis):
        try:
            list(reach(settings))
        except Unreachable as error:
            if error.is_refused:
                raise
            log.warning("away", reason=str(error))


@cache_app.command()
def rebuild(
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not tell how far it is.")] = False,
) -> None:
    """Make Redis as the output topics say: every card, member and history, and nobody else's.

    Caches go on and support goes on reading: nothing is removed before its place is taken, and no
    card gets older. Keys under our names that hold what is not ours are renamed, never deleted.
    Ends with status 0 once Redis is as the topics were at the start, or newer; what fails
    (status 2) can be run again.

    Example: nyxter cache rebuild
    """
    from redis import RedisError  # noqa: PLC0415

    from streams.cache.foreign import CannotPutAside  # noqa: PLC0415
    from streams.cache.lease import LeaseLost  # noqa: PLC0415

    settings = broker_settings()
    try:
        run_rebuild(settings, quiet=quiet)
    except (LeaseLost, CannotPutAside) as error:
        raise failure(str(error)) from None
    except RedisError as error:
        raise redis_failure(settings, error) from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None


def run_rebuild(settings: Settings, *, quiet: bool) -> None:
    """Rebuild, and tell how far it is and what it came to. Raises as `Rebuild.run` does."""
    from streams.cache import make_rebuild  # noqa: PLC0415

    set_up_logs()
    console = Console(stderr=True, highlight=False)
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} {task.description}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=console, transient=True, disable=quiet
    ) as bar:
        tasks = {w: bar.add_task(w, total=None) for w in ("cards", "histories")}
        rebuilt = make_rebuild(settings, lambda what, count: bar.advance(tasks[what], count)).run()
    for key, name in rebuilt.aside:
        before, now = (each.decode("utf-8", "backslashreplace") for each in (key, name))
        typer.echo(f"{before} held what is not ours: it is {now} now")
    typer.echo(
        f"{rebuilt.customers:,} customers are as the topics say; "
        f"{rebuilt.leftovers:,} of whom they say nothing were removed"
    )
