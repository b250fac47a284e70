"""The step over a file: everyone's profile as of a day, from nothing but events and rules."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

import numpy as np

from nyxter_online.customer import Period
from nyxter_online.customers import Customers
from nyxter_online.epochs import learned
from nyxter_online.intake import Line, Message, Refusal, take_in
from nyxter_online.places import bucket_of, tombstone_of
from nyxter_online.publishing import Json
from nyxter_online.ranks import Snapshot
from nyxter_online.step import step, sweep
from schemas.instant import end_of_day_ms, instant_of
from schemas.rules import Rules

_LINES = 100_000  # a customer who comes often is counted once a batch
_CUSTOMERS = 20_000


class Replay:
    """Customers brought up to a day by the events of a file.

    Parameters
    ----------
    rules
        The rules to score by.
    as_of
        Today; an event stamped more than 24 hours after its end is refused.

    """

    def __init__(self, rules: Rules, as_of: date) -> None:
        self.customers = Customers(rules, tombstone_of(b""), bucket_of)
        self.customers.turn(Period(as_of.toordinal(), rules))
        self._end_ms = end_of_day_ms(as_of)
        self._at = instant_of(self._end_ms) + "Z"

    def feed(self, lines: Iterable[bytes]) -> Iterator[tuple[int, list[Refusal]]]:
        """Apply lines of structured JSON; yield after each batch how many, and those refused.

        Lines are counted from 1 (`Message.offset`); blank ones are passed over.
        """
        numbered = enumerate(lines, 1)
        while batch := list(islice(numbered, _LINES)):
            messages = [Line(number, self._end_ms, line) for number, line in batch if line.strip()]
            yield batch[-1][0], self.take(messages)

    def take(self, messages: Iterable[Message]) -> list[Refusal]:
        """Apply messages; return those refused."""
        intake = take_in(messages, limits=self.customers.period.rules.limits)
        step(self.customers, intake.arrived, None, self._at).settle(self.customers)
        return intake.refused

    def score(self) -> Iterator[tuple[list[Json], list[Json]]]:
        """Score everyone as a first snapshot and a first model of the whole population would.

        Yields profiles, and segment changes with triggers, of up to 20,000 customers at a time,
        by customer id.
        """
        customers, period = self.customers, self.customers.period
        population = customers.head_count.population(customers.groups)
        ranking = period.rules.analysis.ranking
        learned(customers.mixture)
        snapshot = Snapshot(1, period.day, period.rules.version, population, ranking)
        ordered = sorted(customers, key=lambda customer: customer.id)
        for start in range(0, len(ordered), _CUSTOMERS):
            slots = np.array([c.slot for c in ordered[start : start + _CUSTOMERS]], np.int64)
            outcome = sweep(customers, slots, snapshot, "population", "everyone", self._at)
            outcome.settle(customers)
            published = outcome.published
            profiles = [profile for profile in published.profiles.values() if profile is not None]
            yield profiles, [*published.events, *published.triggers]
