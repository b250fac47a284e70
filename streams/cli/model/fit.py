"""`nyxter model fit`: a challenger to the model in use, and who would move by it."""

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from csv import writer
from datetime import date
from pathlib import Path
from typing import IO, Final, NamedTuple

import numpy as np
from confluent_kafka import KafkaException
from rich.console import Console
from rich.table import Table

from nyxter_online.consumption import NAMES
from nyxter_online.customers import Customers
from nyxter_online.epochs import LEAST
from nyxter_online.figures import Ints
from nyxter_online.gmm import Components, log_likelihood, responsibilities
from nyxter_online.mixture import is_inside
from nyxter_online.replay import Replay
from schemas.rules import Rules
from streams.access.reach import Unreachable
from streams.cli.model.challenger import Fit, fits, start_of
from streams.cli.model.components import Side, beside, collapsed, degenerate
from streams.cli.model.in_use import NoModel, read_in_use
from streams.cli.model.models import Model, ModelUnusable, read_model, write_model
from streams.settings import Settings

STANDARD_INPUT: Final = "-"

Move = tuple[str, str, str]
"""A customer, the profile left and the profile entered."""


class Wishes(NamedTuple):
    """What is asked of a fit: the options of `nyxter model fit`."""

    events: str
    rules: Rules
    today: date
    seeds: int
    out: Path | None
    against: Path | None
    who: Path | None


class Base(NamedTuple):
    """Customers with contracts: their ids, rising, and their rows of clipped features."""

    ids: list[str]
    features: Ints


def fit_model(settings: Settings, wishes: Wishes) -> None:
    """Fit, report and write what is asked for.

    Raises
    ------
    ModelUnusable
        There are too few customers to fit to, or `against` is no model.
    Unreachable
        The broker is there, and does not let us in.
    OSError
        A file cannot be read or written.

    """
    base = _base(wishes)
    old_name, old = _old(settings, wishes.against, base)
    with Console(stderr=True).status("fitting"):
        found = list(fits(base.features, wishes.seeds))
    best = max(found, key=lambda fit: (not collapsed(fit.components), fit.log_likelihood))
    was, is_now = (_labels(base.features, one) for one in (old, best.components))
    before = Side(old_name, old, _sizes(was))
    after = Side("the challenger", best.components, _sizes(is_now))
    moves = _moves(base, was, is_now)
    Console(highlight=False).print(
        _starts(found, best),
        beside(before, after, wishes.today),
        _likelihoods(base, old_name, old, best),
        *degenerate(best.components),
        f"{len(moves):,} of {len(base.ids):,} would move",
        _counted(moves),
        sep="\n",
    )
    _write(wishes, best, moves)


def _base(wishes: Wishes) -> Base:
    """Return the customers with contracts that the events come to; what is refused is counted."""
    console = Console(stderr=True)
    replay = Replay(wishes.rules, wishes.today)
    lines, refused = 0, []
    with _opened(wishes.events) as source, console.status("reading"), _without_gc():
        for lines, some in replay.feed(source):  # noqa: B007 - the last count is reported
            refused += some
    base = _with_contracts(replay.customers)
    console.print(f"{lines:,} lines, {len(refused):,} refused, {len(base.ids):,} with contracts")
    if refused:
        line = refused[0].message.offset
        console.print(f"the first one refused, in line {line}: {refused[0].reason}")
    if len(base.ids) < LEAST:
        raise ModelUnusable(
            f"{wishes.events}: a model takes {LEAST} customers with contracts, not {len(base.ids)}"
        )
    return base


def _opened(events: str) -> AbstractContextManager[IO[bytes]]:
    standard = events == STANDARD_INPUT
    return nullcontext(sys.stdin.buffer) if standard else Path(events).open("rb")


@contextmanager
def _without_gc() -> Iterator[None]:
    """Collect no garbage meanwhile: registers hold no cycles, and looking takes most time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _with_contracts(customers: Customers) -> Base:
    features = customers.mixture.features
    inside = is_inside(features)
    listed = sorted((c.id, c.slot) for c in customers if inside[c.slot])
    return Base([name for name, _ in listed], features[[slot for _, slot in listed]])


def _old(settings: Settings, against: Path | None, base: Base) -> tuple[str, Components]:
    """Return what the challenger is compared with, and what it is called."""
    if against is not None:
        return str(against), read_model(against).components
    try:
        epoch, components = read_in_use(settings)
    except Unreachable as error:
        if error.is_refused:
            raise
    except (NoModel, KafkaException):
        pass
    else:
        return f"model {epoch.model} in use (epoch {epoch.number})", components
    return "the published start", start_of(base.features)


def _labels(features: Ints, components: Components) -> Ints:
    labels: Ints = responsibilities(features, components.natural).argmax(axis=1)
    return labels


def _sizes(labels: Ints) -> list[float]:
    sizes: list[float] = np.bincount(labels, minlength=len(NAMES)).tolist()
    return sizes


def _starts(found: list[Fit], best: Fit) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Start")
    table.add_column("log-likelihood, nats a customer", justify="right")
    table.add_column("sweeps", justify="right")
    table.add_column("")
    for fit in sorted(found, key=lambda fit: -fit.log_likelihood):
        notes = ["the challenger"] if fit is best else []
        notes += [] if fit.settled else ["not settled"]
        notes += ["collapsed"] if collapsed(fit.components) else []
        table.add_row(fit.start, f"{fit.log_likelihood:.4f}", str(fit.sweeps), ", ".join(notes))
    return table


def _likelihoods(base: Base, old_name: str, old: Components, best: Fit) -> str:
    before = float(log_likelihood(base.features, old).mean())
    gain = best.log_likelihood - before
    return (
        f"Log-likelihood, nats a customer: {old_name} {before:.4f}, "
        f"the challenger {best.log_likelihood:.4f} ({gain:+.4f})"
    )


def _moves(base: Base, was: Ints, is_now: Ints) -> list[Move]:
    """Return who would move, by id."""
    labels = zip(base.ids, was.tolist(), is_now.tolist(), strict=True)
    return [(name, NAMES[one], NAMES[other]) for name, one, other in labels if one != other]


def _counted(moves: list[Move]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    counts = Counter((old, new) for _, old, new in moves)
    for (old, new), count in counts.most_common():
        table.add_row(old, "→", new, f"{count:,}")
    return table


def _write(wishes: Wishes, best: Fit, moves: list[Move]) -> None:
    if wishes.out is not None:
        sums = best.statistics.to_json()["sums"]
        size = best.statistics.size
        model = Model(
            sums=sums, as_of=wishes.today, customers=size, log_likelihood=best.log_likelihood
        )
        write_model(model, wishes.out)
    if wishes.who is not None:
        with wishes.who.open("w", encoding="utf-8", newline="") as file:
            rows = writer(file)
            rows.writerow(("customer", "from", "to"))
            rows.writerows(moves)
