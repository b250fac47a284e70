"""The events of a base by kind: which rows of which table, whose, when, and with what data."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

import numpy as np

from nyxter_online.simulate.cloudevent import (
    CONTRACT_RECORDED,
    CUSTOMER_ERASED,
    CUSTOMER_RECORDED,
    PURCHASE_CANCELLED,
    PURCHASE_RECORDED,
    Data,
)
from nyxter_online.simulate.columns import DAY, Ints, office_seconds
from nyxter_online.simulate.customers import Customers
from nyxter_online.simulate.orders import AMENDED, CANCELLED, INVOICED
from nyxter_online.simulate.world import FORMER, World

_OPENING = 10 * 3600  # seconds of the day: a record comes before what else happens that day
_EVENING = -3600  # seconds: the last evening's office hours have ended
_REVISED = 0.12  # of the customers: their first record knew neither band nor indicators
_LEARNED_LATER = ("revenue_band", "attributes")


class Track(NamedTuple):
    """Events of one kind.

    Attributes
    ----------
    name
        What the events' ids begin with.
    kind
        CloudEvents `type`.
    rows, customer, seconds
        Row in the table, row of the customer, and seconds from today's midnight in UTC: one each
        an event.
    data
        The data of a row of the table, given today.

    """

    name: str
    kind: str
    rows: Ints
    customer: Ints
    seconds: Ints
    data: Callable[[int, date], Data]


def tracks(world: World, g: np.random.Generator) -> list[Track]:
    """Return every event of a base's history, kind by kind."""
    return [
        *_of_customers(world.customers, g),
        *_of_former(world.former, g),
        _of_contracts(world, g),
        *_of_orders(world),
    ]


def _of_customers(table: Customers, g: np.random.Generator) -> Iterator[Track]:
    """Yield first records, and for some customers a second one that knows more."""
    rows = np.arange(table.tenure.size)
    opened = _opened(table)
    revised = np.flatnonzero(g.random(rows.size) < _REVISED)
    brief = frozenset(revised.tolist())

    def first(row: int, today: date) -> Data:
        data = table.record(row, today)
        return {k: v for k, v in data.items() if k not in _LEARNED_LATER} if row in brief else data

    learned = _after(g, opened[revised])
    yield Track("cliente", CUSTOMER_RECORDED, rows, rows, opened, first)
    yield Track("revisao", CUSTOMER_RECORDED, revised, revised, learned, table.record)


def _of_former(table: Customers, g: np.random.Generator) -> Iterator[Track]:
    """Yield records of customers that are gone, and their erasures."""
    rows = np.arange(table.tenure.size)
    opened = _opened(table)
    whose = FORMER + rows
    yield Track("antigo", CUSTOMER_RECORDED, rows, whose, opened, table.record)
    yield Track("exclusao", CUSTOMER_ERASED, rows, whose, _after(g, opened), lambda *_: {})


def _of_contracts(world: World, g: np.random.Generator) -> Track:
    table = world.contracts
    rows = np.arange(table.customer.size)
    seconds = office_seconds(g, table.changed)
    return Track("contrato", CONTRACT_RECORDED, rows, table.customer, seconds, table.record)


def _of_orders(world: World) -> Iterator[Track]:
    """Yield orders as placed, as invoiced or amended, and cancellations."""
    table = world.orders
    rows = np.arange(table.customer.size)
    revalued = np.isin(table.fate, (INVOICED, AMENDED)) & (table.settled < 0)
    last, cancelled = np.flatnonzero(revalued), np.flatnonzero(table.fate == CANCELLED)
    yield Track("pedido", PURCHASE_RECORDED, rows, table.customer, table.placed, table.first)
    for name, kind, which, data in (
        ("nota", PURCHASE_RECORDED, last, table.last),
        ("cancelamento", PURCHASE_CANCELLED, cancelled, table.cancellation),
    ):
        yield Track(name, kind, which, table.customer[which], table.settled[which], data)


def _opened(table: Customers) -> Ints:
    return _OPENING - table.tenure * DAY


def _after(g: np.random.Generator, opened: Ints) -> Ints:
    """Return seconds between each of `opened` and last evening."""
    return opened + 1 + np.floor(g.random(opened.size) * (_EVENING - opened)).astype(np.int64)
