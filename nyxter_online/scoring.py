"""Rows of customers on their way through a step: figures, features, scores, what was before."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from nyxter_online.customer import Customer
from nyxter_online.customers import Customers
from nyxter_online.figures import GROUP, NOWHERE, Ints, Mask
from nyxter_online.mixture import is_inside
from nyxter_online.prfv import NULL, PRFV, TIER, score
from nyxter_online.prfv import WIDTH as SCORES
from nyxter_online.profiles import Hysteresis, hold
from nyxter_online.ranks import Snapshot
from nyxter_online.standing import LABELS, PENDING, PROFILE, SINCE, WIDTH
from schemas.outputs import Cause

_HYSTERESIS: Final = Hysteresis()
_A_POINT: Final = 100  # hundredths: a card whose scores drifted by this much is published again


class Rows(NamedTuple):
    """Rows of customers: their slots, figures, clipped features and responsibilities."""

    slots: Ints
    figures: Ints
    features: Ints
    shares: Ints


class Scored(NamedTuple):
    """Rows of customers, what they stand at now, and what they stood at before."""

    rows: Rows
    standing: Ints
    old: Ints

    @property
    def exists(self) -> Mask:
        """Who has a profile."""
        exists: Mask = self.rows.figures[:, GROUP] != NOWHERE
        return exists

    @property
    def gone(self) -> Mask:
        """Who had a profile and has none now."""
        gone: Mask = ~self.exists & (self.old[:, TIER] != NULL)
        return gone

    @property
    def relabelled(self) -> Mask:
        """Whose tier, campaigns, RFM segment or profile changed."""
        changed: Mask = np.any(self.old[:, LABELS] != self.standing[:, LABELS], axis=1)
        return changed

    @property
    def moved(self) -> Mask:
        """Of whom a score moved by a point since it was last published."""
        before, after = self.old[:, : PRFV + 1], self.standing[:, : PRFV + 1]
        moved: Mask = np.any(abs(before - after) >= _A_POINT, axis=1)
        return moved

    @property
    def differing(self) -> Mask:
        """Whose card is not exact."""
        shown = slice(PROFILE + 1)
        differing: Mask = np.any(self.old[:, shown] != self.standing[:, shown], axis=1)
        return differing

    @property
    def wavering(self) -> Mask:
        """Whose profile has become pending, or is no longer."""
        wavering: Mask = np.any(self.old[:, PENDING:] != self.standing[:, PENDING:], axis=1)
        return wavering


def rows_of(customers: Customers, touched: Sequence[Customer]) -> Rows:
    """Return the rows of customers as their registers are now."""
    slots = np.array([customer.slot for customer in touched], np.int64)
    features = customers.features_of(touched)
    shares = customers.mixture.evaluated(features)
    return Rows(slots, customers.figures_of(touched), features, shares)


def scored_rows(
    customers: Customers, rows: Rows, snapshot: Snapshot | None, cause: Cause
) -> Scored:
    """Score rows under a snapshot (None: nobody is scored) and the epoch in use."""
    standing = np.full((len(rows.slots), WIDTH), NULL, np.int64)
    old = customers.standing[rows.slots]
    exists = rows.figures[:, GROUP] != NOWHERE
    if snapshot is not None and exists.any():
        figures = rows.figures[exists]
        standing[exists, :SCORES] = score(figures, customers.groups, snapshot, customers.period)
        _hold_profiles(customers, rows, old, standing, exists, cause)
    return Scored(rows, standing, old)


def _hold_profiles(
    customers: Customers, rows: Rows, old: Ints, standing: Ints, exists: Mask, cause: Cause
) -> None:
    """Set the profile and what is pending of those who are in the mixture."""
    epoch = customers.mixture.epoch
    if epoch is None or not epoch.names_customers:
        return
    inside = np.flatnonzero(exists & is_inside(rows.features))
    label, pending, since = old[inside, PROFILE], old[inside, PENDING], old[inside, SINCE]
    if cause == "model":  # everyone begins anew with it
        label = np.full_like(label, NULL)
    own = np.any(customers.mixture.features[rows.slots[inside]] != rows.features[inside], axis=1)
    held = hold(label, pending, since, rows.shares[inside], epoch.checkpoint, own, _HYSTERESIS)
    standing[inside, PROFILE], standing[inside, PENDING], standing[inside, SINCE] = held
