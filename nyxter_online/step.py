"""The one step that live, replay and what-if all call.

`step` applies a batch of one partition and scores each touched customer once; `sweep` scores
customers anew under a new snapshot. Both leave the columns as they were: `Outcome.settle` keeps
the result and `Customers.undo` takes it back, so whoever drives them decides when it counts.
"""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Literal, NamedTuple

import numpy as np

from nyxter_online.customer import Customer
from nyxter_online.customers import Change, Customers
from nyxter_online.figures import GROUP, NOWHERE, Ints
from nyxter_online.journey import NO_STATE
from nyxter_online.prfv import NULL, TIER
from nyxter_online.publication import Publication, joined, publication, released
from nyxter_online.publishing import Occasion
from nyxter_online.ranks import Snapshot
from nyxter_online.scoring import Rows, rows_of, scored_rows
from schemas.envelope import Envelope
from schemas.events import Event
from schemas.outputs import Cause

Arrived = tuple[Envelope, Event]
Whom = Literal["moved", "differing", "everyone", "released"]


class Unmet(NamedTuple):
    """Whom a sweep under way has not met yet, where it brings new rules or a new model.

    Attributes
    ----------
    first
        Their buckets are this one and those after it.
    cause
        What the sweep puts changes down to.

    """

    first: int
    cause: Cause


class Outcome(NamedTuple):
    """What a batch or a sweep came to.

    Attributes
    ----------
    changes, erasures
        Registers set or taken away, and erasures by their hidden name with their time.
    published
        Profiles, segment changes and new standings.
    touched, rows
        The customers whose registers changed, and their rows.

    """

    changes: Sequence[Change]
    erasures: dict[str, str]
    published: Publication
    touched: Sequence[Customer]
    rows: Rows

    def settle(self, customers: Customers) -> None:
        """Keep the outcome: write figures, features and standings into the columns."""
        self.published.keep(customers)
        customers.settle(self.touched, *self.rows[1:])


def step(
    customers: Customers,
    batch: Sequence[Arrived],
    snapshot: Snapshot | None,
    at: str,
    unmet: Unmet | None = None,
) -> Outcome:
    """Apply a batch of events and score whom it touched.

    Parameters
    ----------
    customers
        The customers of the partition; their registers change, their columns do not.
    batch
        Events in the order in which they arrived.
    snapshot
        The population to rank among; None: nobody is scored yet.
    at
        The time of the batch (RFC 3339), which its outputs bear.
    unmet
        Who stands as the rules or the model before had it. Whom of them the batch is about is met
        first: what is new changes is put down to that and fires nothing by itself (`domain.md`,
        Journey), and what the events change to them.

    """
    snapshot = usable(snapshot, customers)
    met: Publication | None = None
    if unmet is not None and snapshot is not None:
        met = _met(customers, batch, snapshot, at, unmet)
    causes: dict[str, tuple[Customer, Envelope]] = {}
    for envelope, event in batch:
        customer = customers.apply(envelope, event)
        if customer is not None:
            causes[customer.id] = customer, envelope
    touched = [customer for customer, _ in causes.values()]
    rows = rows_of(customers, touched)
    envelopes = [envelope for _, envelope in causes.values()]

    def occasion(row: int) -> Occasion:
        return _occasion(customers, snapshot, "customer", at, envelopes[row])

    with _standing(customers, met):
        scored = scored_rows(customers, rows, snapshot, "customer")
        published = scored.gone if snapshot is None else scored.exists | scored.gone
        told = publication(customers, scored, published, occasion)
    return Outcome(
        [Change(*key, register) for key, register in customers.changes.items()],
        customers.erasures,
        told if met is None else joined(met, told),
        touched,
        rows,
    )


def _met(
    customers: Customers,
    batch: Sequence[Arrived],
    snapshot: Snapshot,
    at: str,
    unmet: Unmet,
) -> Publication:
    """Return what a sweep would publish of whom a batch is about, had it met them before."""
    envelopes: dict[int, Envelope] = {}
    for envelope, _ in batch:
        customer = customers.get(envelope.subject)
        if customer is not None and customers.buckets[customer.slot] >= unmet.first:
            envelopes.setdefault(customer.slot, envelope)
    slots = np.array(list(envelopes), np.int64)
    rows = _rows_at(customers, slots[customers.standing[slots, TIER] != NULL])
    scored = scored_rows(customers, rows, snapshot, unmet.cause)

    def occasion(row: int) -> Occasion:
        event = envelopes[int(rows.slots[row])]
        return _occasion(customers, snapshot, unmet.cause, at, event)

    return publication(customers, scored, scored.exists & scored.relabelled, occasion)


@contextmanager
def _standing(customers: Customers, met: Publication | None) -> Iterator[None]:
    """Let customers stand for a while as they do once they are met."""
    if met is None:
        yield
        return
    before = met._replace(
        standing=customers.standing[met.slots],
        journeys={name: customers.journeys.get(name, NO_STATE) for name in met.journeys},
    )
    met.keep(customers)
    try:
        yield
    finally:
        before.keep(customers)


def sweep(
    customers: Customers, slots: Ints, snapshot: Snapshot, cause: Cause, whom: Whom, at: str
) -> Outcome:
    """Score the customers of rows anew under a snapshot and publish those that `whom` says.

    Parameters
    ----------
    customers
        The customers of the partition.
    slots
        Rows of the columns; empty ones are passed over.
    snapshot
        The population to rank among.
    cause
        What changes are put down to.
    whom
        "moved": whose labels changed or who moved by a point; "differing": whoever's card is not
        exact; "everyone".
    at
        The time of the sweep (RFC 3339).

    """
    rows = _rows_at(customers, slots)
    scored = scored_rows(customers, rows, snapshot, cause)
    published = {
        "moved": scored.relabelled | scored.moved,
        "differing": scored.differing,
        "everyone": scored.exists,
    }[whom]
    occasion = _occasion(customers, snapshot, cause, at, None)
    return Outcome([], {}, publication(customers, scored, published, lambda _: occasion), [], rows)


def release(
    customers: Customers, slots: Ints, snapshot: Snapshot, reasons: AbstractSet[str], at: str
) -> Outcome:
    """Decide anew about the triggers of the customers of rows that were held back for reasons."""
    occasion = _occasion(customers, snapshot, "customer", at, None)
    told = released(customers, slots, reasons, occasion)
    return Outcome([], {}, told, [], rows_of(customers, []))


def _rows_at(customers: Customers, slots: Ints) -> Rows:
    """Return the rows of those who are there, as the columns have them."""
    mixture, slots = customers.mixture, slots[customers.figures[slots, GROUP] != NOWHERE]
    return Rows(slots, customers.figures[slots], mixture.features[slots], mixture.shares[slots])


def usable(snapshot: Snapshot | None, customers: Customers) -> Snapshot | None:
    """Return the snapshot, or None where it ranks by other rules than the customers'.

    Its figures could not be compared; the sweep of the next snapshot scores everyone.
    """
    if snapshot is not None and snapshot.rules != customers.period.rules.version:
        return None
    return snapshot


def _occasion(
    customers: Customers,
    snapshot: Snapshot | None,
    cause: Cause,
    at: str,
    event: Envelope | None,
) -> Occasion:
    period = customers.period
    number = snapshot.number if snapshot is not None else 0
    epoch = customers.mixture.epoch
    in_use = epoch.number if epoch is not None else 0
    return Occasion(cause, at, period.day, number, period.rules.version, event, in_use)
