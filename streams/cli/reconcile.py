"""`nyxter reconcile`: whether a system is as its oracles say, told so that one can act on it."""

import time
from collections.abc import Sequence
from typing import Final

import typer
from confluent_kafka.admin import AdminClient
from rich.console import Console

from schemas.envelope import dumps
from schemas.rules import Rules
from streams import topics
from streams.access.redis import redis_client
from streams.client import client_config
from streams.ends import Ends
from streams.reconcile.findings import Findings
from streams.reconcile.reconciling import Reconciling, System
from streams.settings import Settings

DIFFERENT: Final = 1
_TELL_S: Final = 5.0  # how often what is waited for is said again


def reconcile_system(
    settings: Settings,
    rules: Rules,
    *,
    former: Sequence[Rules],
    redis: bool,
    journal: bool,
    limit: int,
    patience_s: float,
    as_json: bool,
) -> int:
    """Compare, print what was found; return the exit status: 0 equal, 1 different.

    Raises as `Reconciling.run` does.
    """
    client = {**client_config(settings), "log_level": 0}
    system = System(
        client,
        Ends(AdminClient(client)),
        redis_client(settings) if redis else None,
        settings.partitions,
        topics.changelog(settings),
        rules,
        settings.secret.get_secret_value().encode(),
        former,
    )
    found = Reconciling(
        system, journal=journal, limit=limit, patience_s=patience_s, told=_Telling()
    ).run()
    equal = not any(findings.counts for findings in found.values())
    if as_json:
        told = {name: findings.to_json() for name, findings in found.items()}
        typer.echo(dumps({"equal": equal, **told}))
    else:
        for name, findings in found.items():
            _print(name, findings)
    return 0 if equal else DIFFERENT


class _Telling:
    """Says on the terminal what is being done, the same not all the time."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._said, self._again_at = "", 0.0

    def __call__(self, what: str) -> None:
        now = time.monotonic()
        if (what != self._said and now >= self._again_at) or not what.startswith("waiting"):
            self._console.print(what)
            self._said, self._again_at = what, now + _TELL_S


def _print(name: str, findings: Findings) -> None:
    expired = f", {findings.expired:,} expired" if findings.expired else ""
    verdict = f"{findings.counts.total():,} differ" if findings.counts else "equal"
    typer.echo(f"{name}: {findings.compared:,} compared{expired}: {verdict}")
    for what, count in findings.counts.items():
        listed = [finding for finding in findings.kept if finding.what == what]
        typer.echo(f"  {count:,} × {what}")
        for finding in listed:
            typer.echo(f"    {finding.customer or '-'} {finding.where}".rstrip())
        if count > len(listed):
            typer.echo(f"    and {count - len(listed):,} more")
