"""Everything that is looked at, in order, and how it is shown."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.envelope import dumps, loads
from schemas.rules import RulesError, load_rules
from streams import topics
from streams.cli.doctor import broker, work
from streams.cli.doctor.checks import Check, State
from streams.cli.doctor.redis import redis_checks
from streams.client import client_config
from streams.lane.changelog import OtherVersion, read_changelog
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY
from streams.settings import Settings

_STYLES: Final = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red"}


def run_doctor(settings: Settings, rules: Path | None, *, as_json: bool) -> int:
    """Look at everything and say how it is; return 1 where something is wrong, else 0."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it cannot reach is a check
    found = list(all_checks(settings, rules))
    if as_json:
        typer.echo(dumps([check._asdict() for check in found]))
    else:
        Console(highlight=False).print(_page(found))
    return int(any(check.state == State.FAIL for check in found))


def all_checks(settings: Settings, rules: Path | None) -> Iterator[Check]:
    """Yield everything that is looked at, as it is found."""
    yield from _secret(settings)
    reached = list(broker.reached(settings))
    yield from reached
    is_reached = any(check.name.endswith(": login") and not check.mend for check in reached)
    if is_reached:
        try:
            yield from _on_broker(settings, rules)
        except KafkaException as error:
            yield broker.told_by(error)
    yield from redis_checks(settings)


def _on_broker(settings: Settings, rules: Path | None) -> Iterator[Check]:
    client = {**client_config(settings), "log_level": 0}
    admin = AdminClient(client)
    yield from broker.advertised(settings, admin)
    state = list(broker.topics_as_they_must_be(settings, admin))
    yield from state
    yield work.members(settings, settings.app_id, "worker")
    yield work.members(settings, f"{settings.app_id}-cache", "cache")
    if any(check.name == "topics" and check.mend for check in state):
        return  # what follows reads them
    yield from broker.clocks(settings, admin)
    try:
        yield from work.progress(settings, admin, client)
    except OtherVersion:
        yield work.other_release()
    header = read_changelog(client, topics.SNAPSHOTS, 0).get(HEADER_KEY)
    yield _rules(rules, None if header is None else SnapshotHeader(**loads(header)))


def _rules(path: Path | None, header: SnapshotHeader | None) -> Check:
    """Return whether the rules can be read, and are those in force."""
    which = str(path or "the defaults")
    try:
        version = load_rules(path).version
    except (RulesError, OSError, UnicodeDecodeError) as error:
        return Check.fail("rules", f"{which}: {error}", "mend the file; nobody starts with it")
    if header is None:
        return Check.ok(
            "rules", f"{which}, version {version}; no snapshot tells yet which are in force"
        )
    if header.rules == version:
        return Check.ok(
            "rules", f"{which}, version {version}, as in force (snapshot {header.number})"
        )
    told = f"{which}, version {version}, but {header.rules} is in force (snapshot {header.number})"
    return Check.fail(
        "rules", told, "name the workers' file in NYXTER_RULES, or restart them with it"
    )


def _secret(settings: Settings) -> Iterator[Check]:
    if not settings.secret.get_secret_value() and not settings.is_local:
        told = "NYXTER_SECRET is empty: names of erased customers could be guessed"
        yield Check.warn("secret", told, "set it, the same for all workers and for good")


def _page(found: list[Check]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for check in found:
        told = Text(check.told)
        if check.mend:
            told.append(f"\nto mend: {check.mend}", "italic")
        table.add_row(Text(check.state, _STYLES[check.state]), check.name, told)
    wrong = sum(check.state == State.FAIL for check in found)
    table.add_row("", "", Text(f"{wrong} wrong" if wrong else "all well", "bold"))
    return table
