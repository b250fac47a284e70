"""What `nyxter erase` does: erase and wait, look what is held, look whether it is still gone."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import typer
from confluent_kafka.admin import AdminClient
from redis import Redis
from rich.console import Console

from schemas.instant import instant_of
from streams import topics
from streams.cli.signals import stoppable
from streams.clock import now_ms
from streams.erasure.known import found_by_name
from streams.erasure.receipt import Receipt, read_receipts, software, still_held
from streams.erasure.request import Request
from streams.erasure.work import Erasure, Names
from streams.settings import Settings

_LOOK_S: Final = 0.3
_LEFT: Final = 1

Left = Mapping[str, Sequence[str]]


class Whose(NamedTuple):
    """The application whose customers they are: settings, librdkafka's, and Redis if there is."""

    settings: Settings
    client: dict[str, Any]
    redis: Redis | None

    @contextmanager
    def work(self, ids: Sequence[str]) -> Iterator[Erasure]:
        """Yield the work on customers, everything read that there is."""
        work = Erasure(self.settings, self.client, self.redis, ids)
        try:
            yield work
        finally:
            work.close()


def tell_held(whose: Whose, ids: Sequence[str]) -> int:
    """Print what is held of customers; return the exit status."""
    with whose.work(ids) as work:
        held = work.look()
        erased = {request.customer_id: request.time for request in work.remembered()}
    for customer, counts in held.items():
        sorts = [f"{sort} {count}" for sort, count in counts.items() if count]
        before = f"; erased up to {erased[customer]}Z" if customer in erased else ""
        typer.echo(f"{customer}: {', '.join(sorts) or 'nothing'}{before}")
    return 0


def verify(whose: Whose, ids: Sequence[str]) -> int:
    """Print whether customers erased before are still gone; return the exit status."""
    with whose.work(ids) as work:
        work.look()
        requests = work.remembered()
        left = work.left(requests)
    names = {request.customer_id: request.name for request in requests}
    told = {c: left.get(names[c], ()) if c in names else ["was never erased"] for c in ids}
    return _told(told)


def check(whose: Whose, file: Path) -> int:
    """Print whether the customers of receipts are still gone; return the exit status."""
    receipts = read_receipts(file)
    ids, erased = found_by_name(*whose, {one.hidden_name for one in receipts})
    with whose.work(list(ids.values())) as work:
        work.look()
        requests = work.remembered()
        left = work.left(requests)
    found = {request.customer_id: list(left.get(request.name, ())) for request in requests}
    told = {}
    for one in receipts:
        name, time_ = one.hidden_name, one.erased_up_to.removesuffix("Z")
        told[name] = [] if erased.get(name, "") >= time_ else ["the erasure is not remembered"]
        told[name] += found.get(ids.get(name, ""), [])
    return _told(told)


def run(whose: Whose, ids: Sequence[str], file: Path | None, patience: float) -> int:
    """Erase customers, wait until they are gone, write receipts; return the exit status."""
    names = Names(whose.settings)
    if not names.are_keyed:
        typer.echo("nyxter: NYXTER_SECRET is empty: hidden names can be guessed from ids", err=True)
    _write([], file)  # a file that can't be written must be known before, not after
    with whose.work(ids) as work:
        removed = work.look()
        requests = work.ask(instant_of(now_ms()))
        left = _waited(work, requests, patience)
    gone = [request for request in requests if request.name not in left]
    receipts = _receipts(whose, work, gone, removed, keyed=names.are_keyed)
    _write([receipt.line() for receipt in receipts], file)
    for customer in (r.customer_id for r in gone if not any(removed[r.customer_id].values())):
        late = "nothing was held; what comes late will not bring them back"
        typer.echo(f"{customer}: {late}", err=True)
    return _told({r.customer_id: left[r.name] for r in requests if r.name in left})


def _waited(work: Erasure, requests: Sequence[Request], patience: float) -> Left:
    """Wait until nothing is left, for so many seconds, or a signal; return what is."""
    limit = time.monotonic() + patience
    with stoppable() as stop, Console(stderr=True).status("") as status:
        while left := work.left(requests):
            first = next(iter(left.values()))[0]
            gone = len(requests) - len(left)
            status.update(f"{gone} of {len(requests)} gone; waiting: {first}")
            if time.monotonic() > limit or stop.wait(_LOOK_S):
                return left
    return {}


def _receipts(
    whose: Whose,
    work: Erasure,
    gone: Sequence[Request],
    removed: Mapping[str, Mapping[str, int]],
    *,
    keyed: bool,
) -> Iterator[Receipt]:
    now = now_ms()
    kept = still_held(AdminClient(whose.client), topics.changelog(whose.settings), now)
    for request in gone:
        yield Receipt(
            hidden_name=request.name,
            keyed=keyed,
            erased_up_to=request.time + "Z",
            confirmed_at=instant_of(now) + "Z",
            removed=dict(removed[request.customer_id]),
            snapshot=work.snapshot(),
            still_held=kept,
            software=software(),
        )


def _write(lines: Sequence[bytes], file: Path | None) -> None:
    if file is None:
        typer.echo(b"".join(lines), nl=False)
        return
    with file.open("ab") as opened:
        opened.writelines(lines)


def _told(left: Left) -> int:
    """Say what is left of whom; return the exit status."""
    for whose, words in left.items():
        typer.echo(f"{whose}: {', '.join(words) or 'gone'}", err=bool(words))
    return _LEFT if any(left.values()) else 0
