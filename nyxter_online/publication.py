"""What is published of scored customers: profiles, segment changes, and the triggers they pull."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np

from nyxter_online.consumption import Consumption
from nyxter_online.customer import Customer
from nyxter_online.customers import Customers
from nyxter_online.features import features_of, month_of
from nyxter_online.figures import GROUP, NOWHERE, Ints, Mask, frequency
from nyxter_online.journey import NO_STATE, State, Transition, decide, release
from nyxter_online.prfv import NULL, TIER
from nyxter_online.publishing import (
    Facts,
    Json,
    Occasion,
    profile_of,
    segment_changes,
    why_released,
)
from nyxter_online.registers import NEVER
from nyxter_online.scoring import Scored
from nyxter_online.standing import PENDING, PROFILE
from nyxter_online.triggering import trigger_event


class Publication(NamedTuple):
    """What is published of scored customers.

    Attributes
    ----------
    profiles
        By customer, the profile; None where the customer is gone.
    events, triggers
        Segment changes, and the triggers that they pulled.
    slots, standing
        The rows of the published customers, and of those whose profile is pending or no longer,
        and what they stand at from now on.
    journeys
        By customer, what is remembered of their triggers, where that changed.

    """

    profiles: dict[str, Json | None]
    events: list[Json]
    triggers: list[Json]
    slots: Ints
    standing: Ints
    journeys: dict[str, State]

    def keep(self, customers: Customers) -> None:
        """Let those published stand at it, and remember their triggers."""
        customers.standing[self.slots] = self.standing
        customers.remember(self.journeys)


def publication(
    customers: Customers, scored: Scored, published: Mask, occasion: Callable[[int], Occasion]
) -> Publication:
    """Return what is published of the rows that `published` says, on the occasion of each."""
    rows = np.flatnonzero(published)
    told = _Told(customers, scored, rows)
    profiles: dict[str, Json | None] = {}
    events: list[Json] = []
    triggers: list[Json] = []
    journeys: dict[str, State] = {}
    relabelled = scored.relabelled[rows].tolist()
    for place, (row, customer) in enumerate(zip(rows.tolist(), told.customers, strict=True)):
        when = occasion(row)
        facts = told.facts(place)
        profile = profiles[customer.id] = told.profile(place, facts, when)
        if relabelled[place]:
            changes = told.changes(place, facts, profile, when)
            events += changes
            journeys[customer.id], pulled = told.pulled(place, changes, profile, when)
            triggers += pulled
    slots, standing = _kept(scored, published)
    return Publication(profiles, events, triggers, slots, standing, journeys)


def joined(first: Publication, then: Publication) -> Publication:
    """Return as one what is published first, and of some of the same customers then."""
    alone = ~np.isin(first.slots, then.slots)
    return Publication(
        {**first.profiles, **then.profiles},
        [*first.events, *then.events],
        [*first.triggers, *then.triggers],
        np.concatenate([first.slots[alone], then.slots]),
        np.concatenate([first.standing[alone], then.standing]),
        {**first.journeys, **then.journeys},
    )


def released(
    customers: Customers, slots: Ints, reasons: AbstractSet[str], occasion: Occasion
) -> Publication:
    """Return what the customers of rows are told of triggers released for these reasons."""
    triggers: list[Json] = []
    journeys: dict[str, State] = {}
    held = [customer for customer in customers.at(slots) if customer.id in customers.journeys]
    for customer in held:
        row = customers.standing[customer.slot].tolist()
        before, labels = customers.journeys[customer.id], customers.labels
        current = labels.triggers_of(row)
        state, decisions = release(before, reasons, occasion.day, current, labels.journey)
        if state is not before:
            journeys[customer.id] = state
        channel = labels.channel_of(row)
        triggers += [
            trigger_event(customer.id, decision, channel, occasion, why_released(occasion, row))
            for decision in decisions
        ]
    changed = np.array([c.slot for c in held if c.id in journeys], np.int64)
    return Publication({}, [], triggers, changed, customers.standing[changed], journeys)


def _kept(scored: Scored, published: Mask) -> tuple[Ints, Ints]:
    """Return the rows to keep: whole ones of the published, what is pending of the others."""
    known = (scored.old[:, TIER] != NULL) & (scored.standing[:, TIER] != NULL)
    kept = published | (known & scored.wavering)
    standing = np.where(published[:, None], scored.standing, scored.old)
    standing[:, PENDING:] = scored.standing[:, PENDING:]
    return scored.rows.slots[kept], standing[kept]


class _Told:
    """Rows of scored customers as plain values, made ready to be told one by one."""

    def __init__(self, customers: Customers, scored: Scored, rows: Ints) -> None:
        period, mixture = customers.period, customers.mixture
        slots, figures, features, shares = (column[rows] for column in scored.rows)
        self.customers: Sequence[Customer] = customers.at(slots)
        self._source = customers
        self._labels = customers.labels
        self._month = month_of(period.day) if period.day != NEVER else 0
        self._epoch = mixture.epoch.number if mixture.epoch is not None else 0
        self._figures = figures.tolist()
        self._frequency = frequency(figures, period).tolist()
        self._before = mixture.features[slots].tolist()
        self._features = features.tolist()
        self._shares = shares.tolist()
        self._old = scored.old[rows].tolist()
        self._new = scored.standing[rows].tolist()

    def facts(self, place: int) -> Facts:
        """Return what is known of a customer beside the scores."""
        customer = self.customers[place]
        consumption = Consumption(
            features_of(customer.portfolio, customer.record) if customer.contracts else None,
            self._features[place],
            self._before[place],
            self._shares[place],
            customer.portfolio.facts(self._month),
            self._month,
            self._epoch,
        )
        value = customer.value_in_period
        return Facts(self._figures[place], self._frequency[place], value, consumption)

    def profile(self, place: int, facts: Facts, when: Occasion) -> Json | None:
        """Return the profile of a customer, None of one who is gone."""
        number = facts.row[GROUP]
        if number == NOWHERE:
            return None
        customer_id, group = self.customers[place].id, self._source.groups[number]
        return profile_of(customer_id, facts, self._new[place], group, when, self._labels)

    def changes(self, place: int, facts: Facts, profile: Json | None, when: Occasion) -> list[Json]:
        """Return the segment changes of a customer."""
        customer_id, old, new = self.customers[place].id, self._old[place], self._new[place]
        return list(segment_changes(customer_id, old, new, profile, facts, when, self._labels))

    def pulled(
        self, place: int, changes: list[Json], profile: Json | None, when: Occasion
    ) -> tuple[State, list[Json]]:
        """Return what to remember of a customer's triggers, and those that changes pulled."""
        if profile is None:
            return NO_STATE, []
        customer_id, old = self.customers[place].id, self._old[place]
        state = self._source.journeys.get(customer_id, NO_STATE)
        triggers: list[Json] = []
        for change in changes:
            data = change["data"]
            first = old[TIER] == NULL or (data["kind"] == "profile" and old[PROFILE] == NULL)
            transition = Transition(
                data["kind"], data["old"], data["new"], when.cause, change["id"]
            )
            state, decisions = decide(state, [transition], when.day, first, self._labels.journey)
            triggers += [
                trigger_event(customer_id, decision, profile["channel"], when, data["why"])
                for decision in decisions
            ]
        return state, triggers
