"""The one step that live, replay and what-if all call.

`step` applies a batch of one partition and scores each touched customer once; `sweep` scores
customers anew under a new snapshot. Both leave the columns as they were: `Outcome.settle` keeps
the result and `Customers.undo` takes it back, so whoever drives them decides when it counts.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from nyxter_online.customer import Customer
from nyxter_online.customers import Change, Customers
from nyxter_online.figures import GROUP, NOWHERE, Ints, Mask, frequency
from nyxter_online.prfv import CAMPAIGNS, NULL, PRFV, SEGMENT, TIER, WIDTH, score
from nyxter_online.publishing import Facts, Json, Occasion, profile_of, segment_changes
from nyxter_online.ranks import Snapshot
from schemas.envelope import Envelope
from schemas.events import Event
from schemas.outputs import Cause

_A_POINT = 100  # hundredths: a card whose scores drifted by this much is published again

Arrived = tuple[Envelope, Event]
Whom = Literal["moved", "differing", "everyone"]


class Publication(NamedTuple):
    """What is published of scored customers.

    Attributes
    ----------
    profiles
        By customer, the profile; None where the customer is gone.
    events
        Segment changes.
    slots, standing
        The rows of the published customers and what they stand at from now on.

    """

    profiles: dict[str, Json | None]
    events: list[Json]
    slots: Ints
    standing: Ints


class Outcome(NamedTuple):
    """What a batch or a sweep came to.

    Attributes
    ----------
    changes, erasures
        Registers set or taken away, and erasures by their hidden name with their time.
    published
        Profiles, segment changes and new standings.
    touched, figures
        The customers whose registers changed and their rows of figures.

    """

    changes: Sequence[Change]
    erasures: dict[str, str]
    published: Publication
    touched: Sequence[Customer]
    figures: Ints

    def settle(self, customers: Customers) -> None:
        """Keep the outcome: write figures and standings into the columns."""
        customers.standing[self.published.slots] = self.published.standing
        customers.settle(self.touched, self.figures)


class Scored(NamedTuple):
    """Rows of customers with their figures, their scores, and what they stood at before."""

    slots: Ints
    figures: Ints
    scores: Ints
    old: Ints

    @property
    def exists(self) -> Mask:
        """Who has a profile."""
        exists: Mask = self.figures[:, GROUP] != NOWHERE
        return exists

    @property
    def gone(self) -> Mask:
        """Who had a profile and has none now."""
        gone: Mask = ~self.exists & (self.old[:, TIER] != NULL)
        return gone

    @property
    def relabelled(self) -> Mask:
        """Whose tier, campaigns or RFM segment changed."""
        labels = [TIER, CAMPAIGNS, SEGMENT]
        changed: Mask = np.any(self.old[:, labels] != self.scores[:, labels], axis=1)
        return changed

    @property
    def moved(self) -> Mask:
        """Of whom a score moved by a point since it was last published."""
        before, after = self.old[:, : PRFV + 1], self.scores[:, : PRFV + 1]
        moved: Mask = np.any(abs(before - after) >= _A_POINT, axis=1)
        return moved

    @property
    def differing(self) -> Mask:
        """Whose card is not exact."""
        differing: Mask = np.any(self.old != self.scores, axis=1)
        return differing


def step(
    customers: Customers, batch: Sequence[Arrived], snapshot: Snapshot | None, at: str
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

    """
    snapshot = usable(snapshot, customers)
    causes: dict[str, tuple[Customer, Envelope]] = {}
    for envelope, event in batch:
        customer = customers.apply(envelope, event)
        if customer is not None:
            causes[customer.id] = customer, envelope
    touched = [customer for customer, _ in causes.values()]
    figures = customers.figures_of(touched)
    slots = np.array([customer.slot for customer in touched], np.int64)
    scored = _scored(customers, slots, figures, snapshot)
    envelopes = [envelope for _, envelope in causes.values()]

    def occasion(row: int) -> Occasion:
        return _occasion(customers, snapshot, "customer", at, envelopes[row])

    published = scored.gone if snapshot is None else scored.exists | scored.gone
    return Outcome(
        [Change(*key, register) for key, register in customers.changes.items()],
        customers.erasures,
        _publication(customers, scored, published, occasion),
        touched,
        figures,
    )


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
    slots = slots[customers.figures[slots, GROUP] != NOWHERE]
    scored = _scored(customers, slots, customers.figures[slots], snapshot)
    published = {
        "moved": scored.relabelled | scored.moved,
        "differing": scored.differing,
        "everyone": scored.exists,
    }[whom]
    occasion = _occasion(customers, snapshot, cause, at, None)
    publication = _publication(customers, scored, published, lambda _: occasion)
    return Outcome([], {}, publication, [], scored.figures[:0])


def usable(snapshot: Snapshot | None, customers: Customers) -> Snapshot | None:
    """Return the snapshot, or None where it ranks by other rules than the customers'.

    Its figures could not be compared; the sweep of the next snapshot scores everyone.
    """
    if snapshot is not None and snapshot.rules != customers.period.rules.version:
        return None
    return snapshot


def _scored(customers: Customers, slots: Ints, figures: Ints, snapshot: Snapshot | None) -> Scored:
    scores = np.full((len(slots), WIDTH), NULL, np.int64)
    exists = figures[:, GROUP] != NOWHERE
    if snapshot is not None and exists.any():
        scores[exists] = score(figures[exists], customers.groups, snapshot, customers.period)
    return Scored(slots, figures, scores, customers.standing[slots])


def _occasion(
    customers: Customers,
    snapshot: Snapshot | None,
    cause: Cause,
    at: str,
    event: Envelope | None,
) -> Occasion:
    period = customers.period
    number = snapshot.number if snapshot is not None else 0
    return Occasion(cause, at, period.day, number, period.rules.version, event)


def _publication(
    customers: Customers, scored: Scored, published: Mask, occasion: Callable[[int], Occasion]
) -> Publication:
    labels = customers.labels
    rows = np.flatnonzero(published)
    figures, slots = scored.figures[rows], scored.slots[rows]
    often = frequency(figures, customers.period).tolist()
    listed = zip(
        rows.tolist(),
        customers.at(slots),
        map(Facts, figures.tolist(), often),
        scored.scores[rows].tolist(),
        scored.relabelled[rows].tolist(),
        strict=True,
    )
    profiles: dict[str, Json | None] = {}
    events: list[Json] = []
    for row, customer, facts, scores, relabelled in listed:
        profile, when = None, occasion(row)
        if facts.row[GROUP] != NOWHERE:
            group = customers.groups[facts.row[GROUP]]
            value = customer.value_in_period
            profile = profile_of(customer.id, facts, value, scores, group, when, labels)
        profiles[customer.id] = profile
        if relabelled:
            old = scored.old[row].tolist()
            events += segment_changes(customer.id, old, scores, profile, when, labels)
    return Publication(profiles, events, slots, scored.scores[rows])
