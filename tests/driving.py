"""How tests drive the domain: events in as lines, and all that stands afterwards out as values."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from strategies import Event, as_json

from nyxter_online.customer import Customer, Period
from nyxter_online.customers import Customers
from nyxter_online.features import Portfolio
from nyxter_online.figures import GROUP
from nyxter_online.intake import Line, take_in
from nyxter_online.places import bucket_of, tombstone_of
from nyxter_online.population import Population
from nyxter_online.ranks import Snapshot
from nyxter_online.replay import Replay
from nyxter_online.step import Arrived, Outcome, step
from schemas.envelope import dumps
from schemas.instant import end_of_day_ms
from schemas.rules import read_rules

AT = "2026-11-22T15:00:00Z"
TODAY = date(2026, 11, 22)


class Scored(NamedTuple):
    """What a replay came to: profiles by customer, segment events, reasons of refused lines."""

    profiles: dict[str, Any]
    outputs: list[dict[str, Any]]
    refused: dict[int, str]


def purchase(subject: str = "K1", number: str = "o1", **changes: Any) -> Event:
    """An order of today; `time`, `id`, `source` go on the event, the rest into data."""
    data = {"order_id": number, "ordered_on": "2026-11-22", "operation_nature": "5102"}
    return event("purchase.recorded", subject, **(data | {"value": "10"} | changes))


def event(kind: str, subject: str = "K1", **changes: Any) -> Event:
    """An event of noon; `time`, `id`, `source` go on the event, the rest into data."""
    outside = {"id": "e1", "source": "/erp", "time": "2026-11-22T12:00:00Z"}
    return {
        "specversion": "1.0",
        "type": f"nyxter.{kind}.v1",
        "subject": subject,
        "data": {name: value for name, value in changes.items() if name not in outside},
        **{name: changes.get(name, default) for name, default in outside.items()},
    }


def line_of(event: Event) -> bytes:
    """The event as a line of a file, every decimal digit kept."""
    return as_json(event).encode() + b"\n"


def replayed(events: Iterable[Event], rules: str = "", as_of: date = TODAY) -> Scored:
    """Everyone's scores as `nyxter replay` computes them, read back from the JSON it writes."""
    return replayed_lines(map(line_of, events), rules, as_of)


def replayed_lines(lines: Iterable[bytes], rules: str = "", as_of: date = TODAY) -> Scored:
    """The same, of lines that need not be events."""
    replay = Replay(read_rules(rules), as_of)
    refused = {
        refusal.message.offset: refusal.reason for _, some in replay.feed(lines) for refusal in some
    }
    return _scored(replay, refused)


def scored(customers: Customers) -> dict[str, Any]:
    """The profiles of customers that nobody has scored yet, as a first snapshot gives them."""
    replay = Replay(customers.period.rules, date.fromordinal(customers.period.day))
    replay.customers = customers
    return _scored(replay, {}).profiles


def _scored(replay: Replay, refused: dict[int, str]) -> Scored:
    profiles, outputs = {}, []
    for some_profiles, some_events in replay.score():
        for profile in some_profiles:
            profiles[profile["customer_id"]] = json.loads(dumps(profile))
        outputs += [json.loads(dumps(output)) for output in some_events]
    return Scored(profiles, outputs, refused)


def arrived(events: Iterable[Event], as_of: date = TODAY) -> list[Arrived]:
    """The events that may be applied, as replay up to a day takes them in."""
    end = end_of_day_ms(as_of)
    return take_in(Line(n, end, line_of(event)) for n, event in enumerate(events, 1)).arrived


def nobody(rules: str = "", day: date | None = TODAY) -> Customers:
    """The customers of an empty partition, on a day or before the first day is known."""
    customers = Customers(read_rules(rules), tombstone_of(b""), bucket_of)
    return customers if day is None else turned(customers, day)


def turned(customers: Customers, day: date) -> Customers:
    """The customers on a later day."""
    customers.turn(Period(day.toordinal(), customers.period.rules))
    return customers


def settled(
    customers: Customers, batch: list[Arrived], snapshot: Snapshot | None = None
) -> Outcome:
    """Apply a batch and keep it."""
    outcome = step(customers, batch, snapshot, AT)
    outcome.settle(customers)
    return outcome


def snapshot_of(customers: Customers, number: int = 1) -> Snapshot:
    """A snapshot of a population that is all in one partition."""
    period = customers.period
    population = customers.head_count.population(customers.groups)
    ranking = period.rules.analysis.ranking
    return Snapshot(number, period.day, period.rules.version, population, ranking)


def registers_of(customers: Customers) -> dict[str, Any]:
    """Every register, by customer."""
    return {c.id: (dict(c.orders), dict(c.contracts), c.record) for c in customers}


def figures_in(customers: Customers) -> dict[str, Any]:
    """The rows of figures in the columns, by customer, with the group itself for its number."""
    rows = {c.id: customers.figures[c.slot].tolist() for c in customers}
    return {
        name: (customers.groups[row[GROUP]] if row[GROUP] >= 0 else None, *row[GROUP + 1 :])
        for name, row in rows.items()
    }


def heads_in(customers: Customers) -> dict[Any, Any]:
    """The head counts of a partition, as plain values."""
    return plain(customers.head_count.population(customers.groups))


def plain(population: Population) -> dict[Any, Any]:
    """Counts of a population as plain values."""
    return {
        key: dict(zip(counts.figures.tolist(), counts.counts.tolist(), strict=True))
        for key, counts in population.items()
        if len(counts.figures)
    }


def everything(customers: Customers) -> dict[str, Any]:
    """All that a partition holds: undoing a batch must bring back exactly this."""
    return {
        "customers": {c.id: dict(_attributes(c)) for c in customers},
        "erased": dict(customers.erased),
        "figures": figures_in(customers),
        "features": {c.id: customers.mixture.features[c.slot].tolist() for c in customers},
        "statistics": customers.mixture.statistics,
        "journeys": dict(customers.journeys),
        "standing": {c.id: customers.standing[c.slot].tolist() for c in customers},
        "buckets": {c.id: int(customers.buckets[c.slot]) for c in customers},
        "head count": heads_in(customers),
        "changes": (dict(customers.changes), dict(customers.erasures)),
    }


def _as_values(portfolio: Portfolio) -> dict[str, Any]:
    named = {name: getattr(portfolio, name) for name in portfolio.__slots__}
    return {n: v.copy() if isinstance(v, dict) else v for n, v in named.items()}


def _attributes(customer: Customer) -> Iterator[tuple[str, Any]]:
    for name in customer.__slots__:
        value = getattr(customer, name)
        if isinstance(value, Portfolio):
            value = _as_values(value)
        yield name, value.copy() if isinstance(value, dict | list) else value
