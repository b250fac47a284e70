"""`nyxter rebuild`: the state computed anew from the journal and the input topics."""

from collections.abc import Sequence

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.rules import Rules
from streams import topics
from streams.cli.arguments import broker_failure, failure
from streams.client import client_config
from streams.journal_replay import JournalBroken
from streams.kafka.group import GroupUnknown, group_members
from streams.lane.transaction import Fenced
from streams.lane.unusable import StateUnusable
from streams.rebuild import Application, Rebuild
from streams.settings import Settings


def rebuild(
    settings: Settings, rules: Rules, *, former: Sequence[Rules] = (), force: bool = False
) -> None:
    """Write all partitions' state anew; what stands in the way ends the command, with the way on.

    `former` were in force before these rules; `force` goes on though workers are in the group.
    """
    client = client_config(settings)
    changelog = topics.changelog(settings)
    try:
        topics.check(AdminClient(dict(client)), topics.every_topic(settings))
        if not force and (workers := len(group_members(settings, settings.app_id))):
            raise failure(
                f"{workers} of the group {settings.app_id} at work: stop all workers first (one "
                f"that was killed leaves after {settings.session_timeout_s:g} s), or give --force"
            )
        clear_copies(settings)
        secret = settings.secret.get_secret_value().encode()
        whose = Application(
            client, settings.app_id, changelog, settings.partitions, rules, secret, former
        )
        count = _run(whose)
    except (topics.TopicsDiffer, StateUnusable) as error:
        raise failure(str(error)) from None
    except JournalBroken as error:
        raise failure(f"the state can't be computed anew: {error}") from None
    except Fenced as error:
        raise failure(f"a worker writes, or the broker is away ({error}): run it again") from None
    except GroupUnknown as error:
        raise failure(
            f"the broker does not say who is at work ({error}), or give --force"
        ) from None
    except KafkaException as error:
        raise broker_failure(settings.broker, error) from None
    Console(stderr=True).print(f"{count:,} records of state written to {changelog}")


def clear_copies(settings: Settings) -> None:
    """Remove what this machine has of the state on disk."""
    if settings.state_dir.exists():
        from streams.lane.state_disks import clear  # noqa: PLC0415 - needed only then

        clear(settings.state_dir)


def _run(whose: Application) -> int:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {
            "computing": bar.add_task("executing journal entries", total=None),
            "writing": bar.add_task("writing records", total=None, visible=False),
        }

        def told(what: str, done: int, total: int) -> None:
            bar.update(tasks[what], completed=done, total=total, visible=True)

        work = Rebuild(whose, told)
        try:
            return work.run()
        finally:
            work.close()
