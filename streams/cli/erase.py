"""`nyxter erase`: customers forgotten, and receipts of it (LGPD, art. 18; docs/erasure.md)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas.customer_id import problem_of
from streams import topics
from streams.access.kafka import reach_broker
from streams.access.reach import ANSWER_S, Unreachable
from streams.cli.arguments import (
    RedisUrl,
    broker_failure,
    failure,
    redis_failure,
    redis_settings,
    refuse_empty_secret,
)
from streams.settings import Settings

_BOM: Final = b"\xef\xbb\xbf"
_LEFT: Final = (
    "nyxter: cards may be left; run this again once Redis answers, or give --no-redis where there "
    "is none"
)


def erase(
    customers: Annotated[
        list[str] | None, typer.Argument(metavar="CUSTOMER", help="Ids of customers.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="IDS.txt", help="More of them, one a line.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what is held of them, and change nothing.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Look whether those erased before are still gone.")
    ] = False,
    check: Annotated[
        Path | None,
        typer.Option("--check", metavar="RECEIPTS", help="The same by receipts, without ids."),
    ] = None,
    receipt: Annotated[
        Path | None,
        typer.Option("--receipt", metavar="FILE", help="Where receipts go; none: printed."),
    ] = None,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until everything is gone.")
    ] = 120,
    redis: RedisUrl = None,
    no_redis: Annotated[bool, typer.Option("--no-redis", help="There is no Redis.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget customers: state, counts, profile and cards; events that come late change nothing.

    Ends once all is gone and gives a receipt, a line of JSON without personal data. Inputs, dead
    letters and past segment events stay until the broker drops them: the receipt tells when. The
    exit status is 0 when all is gone, 1 when something is left (it is named), 2 for bad input.
    Doing it again does no harm.

    Example: nyxter erase T000123 --receipt receipts.jsonl
    """
    from streams.access.redis import redis_client  # noqa: PLC0415
    from streams.cli import erasing  # noqa: PLC0415

    settings = redis_settings(redis)
    refuse_empty_secret(settings)
    ids = _ids(customers or (), file)
    if not ids and check is None:
        raise failure("give customers, --file or --check (see --help)")
    with _trouble_told(settings), nullcontext() if no_redis else redis_client(settings) as opened:
        reach_broker(settings)
        whose = erasing.Whose(settings, _client(settings), opened)
        if check is not None:
            status = erasing.check(whose, check)
        elif dry_run:
            status = erasing.tell_held(whose, ids)
        elif verify:
            status = erasing.verify(whose, ids)
        else:
            _confirm(ids, yes=yes)
            status = erasing.run(whose, ids, receipt, patience)
    raise typer.Exit(status)


def _confirm(ids: Sequence[str], *, yes: bool) -> None:
    whom = ids[0] if len(ids) == 1 else f"{len(ids)} customers"
    if not yes:
        typer.confirm(f"Forget {whom}? It cannot be undone", abort=True)


def _ids(given: Sequence[str], file: Path | None) -> list[str]:
    """Return the ids of the command line and of a file, each once."""
    listed = [_good_id(customer, "CUSTOMER") for customer in given]
    if file is not None:
        try:
            listed += _ids_in(file)
        except OSError as error:
            raise failure(f"{file}: {error.strerror}") from None
    return list(dict.fromkeys(listed))


def _ids_in(file: Path) -> Iterator[str]:
    for number, line in enumerate(file.read_bytes().removeprefix(_BOM).splitlines(), 1):
        where = f"{file}, line {number}"
        try:
            customer = line.decode()
        except UnicodeDecodeError:
            raise failure(f"{where}: is not UTF-8") from None
        if customer:
            yield _good_id(customer, where)


def _good_id(customer: str, where: str) -> str:
    if problem := problem_of(customer) if customer.strip() else "is empty":
        raise failure(f"{where}: the id {problem}")
    return customer


def _client(settings: Settings) -> dict[str, Any]:
    """Return what clients are told, once the topics are seen to be those of the settings."""
    from streams.client import client_config  # noqa: PLC0415

    client = {**client_config(settings), "log_level": 0}
    there = AdminClient(client).list_topics(timeout=ANSWER_S).topics
    for name in (topics.CUSTOMERS, topics.changelog(settings)):
        found = len(there[name].partitions) if name in there else 0
        if found != settings.partitions:
            raise failure(
                f"{name} has {found} partitions, expected {settings.partitions}: set "
                "NYXTER_APP_ID and NYXTER_PARTITIONS as the workers have them"
            )
    return client


@contextmanager
def _trouble_told(settings: Settings) -> Iterator[None]:
    from redis import RedisError  # noqa: PLC0415

    from streams.erasure.receipt import BadReceipt  # noqa: PLC0415
    from streams.erasure.work import OtherSecret  # noqa: PLC0415

    try:
        yield
    except (OtherSecret, BadReceipt, Unreachable) as error:
        raise failure(str(error)) from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
    except RedisError as error:
        typer.echo(_LEFT, err=True)
        raise redis_failure(settings, error) from None
    except OSError as error:
        raise failure(f"{error.filename}: {error.strerror}") from None
