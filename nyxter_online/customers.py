"""The customers of one partition: registers and figures, and the columns they are scored from.

A batch is applied with `apply` and then either kept (`settle`) or undone (`undo`): the registers
change at once and remember what they replaced; the columns change only when the batch is kept.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import numpy as np

from nyxter_online.customer import Customer, Period
from nyxter_online.features import NO_FEATURES, clipped, features_of
from nyxter_online.features import WIDTH as FEATURES
from nyxter_online.figures import NOBODY, WIDTH, Group, Ints, figures_of, group_of
from nyxter_online.head_count import HeadCount
from nyxter_online.journey import NO_STATE, State
from nyxter_online.keeping import InMemory, Keeping
from nyxter_online.labels import Labels
from nyxter_online.mixture import Mixture
from nyxter_online.prfv import NULL
from nyxter_online.registers import (
    Contract,
    Order,
    Record,
    Register,
    contract_of,
    order_of,
    record_of,
    supersedes,
)
from nyxter_online.standing import WIDTH as STANDING
from schemas.envelope import Envelope
from schemas.events import (
    ContractRecorded,
    CustomerErased,
    CustomerRecorded,
    Event,
    PurchaseCancelled,
    PurchaseRecorded,
)
from schemas.rules import Rules

BUCKETS: Final = 4096  # sweeps go through customers bucket by bucket
Kind = Literal["order", "contract", "record"]
RECORD_KEY: Final = ""  # a customer has one record


class Change(NamedTuple):
    """A register that a batch set, or took away where `register` is None."""

    customer_id: str
    kind: Kind
    key: str
    register: Register | None


class Customers:
    """One partition's customers.

    Parameters
    ----------
    rules
        The rules in force.
    tombstone
        Gives the name under which the erasure of an id is remembered without the id.
    bucket
        Gives the bucket (0 to `BUCKETS` - 1) of an id.
    former_tombstones
        Gives the names under which earlier erasures of an id may be remembered.

    """

    def __init__(
        self,
        rules: Rules,
        tombstone: Callable[[str], str],
        bucket: Callable[[str], int],
        former_tombstones: Callable[[str], Iterable[str]] = lambda _: (),
    ) -> None:
        self.period = Period(0, rules)
        self.labels = Labels(rules)
        self.erased: dict[str, str] = {}
        self.groups: list[Group] = []
        self.figures: Ints = np.empty((0, WIDTH), np.int64)
        self.standing: Ints = np.empty((0, STANDING), np.int64)
        self.buckets: Ints = np.empty(0, np.int64)
        self.head_count = HeadCount()
        self.mixture = Mixture()
        self.journeys: dict[str, State] = {}
        self._tombstone = tombstone
        self._former_tombstones = former_tombstones
        self._bucket = bucket
        self.keeping: Keeping = InMemory()  # another one may be set before anyone is added
        self._by_id: dict[str, Customer] = {}
        self._rows: list[Customer | None] = []
        self._free: list[int] = []
        self._group_numbers: dict[Group, int] = {}
        self._undo: list[tuple[Callable[..., None], tuple[object, ...]]] = []
        self.changes: dict[tuple[str, Kind, str], Register | None] = {}
        self.erasures: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Customer]:
        return iter(self._by_id.values())

    def get(self, customer_id: str) -> Customer | None:
        """Return a customer, or None."""
        return self._by_id.get(customer_id)

    def at(self, slots: Ints) -> list[Customer]:
        """Return the customers of rows."""
        return [c for slot in slots.tolist() if (c := self._rows[slot]) is not None]

    def apply(self, envelope: Envelope, event: Event) -> Customer | None:
        """Apply one event; return the customer it changed, or None where it changed nothing."""
        customer_id = envelope.subject
        if isinstance(event, CustomerErased):
            return self._erase(customer_id, envelope.time)
        customer = self._by_id.get(customer_id)
        erased = self._erasure(customer_id) if customer is None else customer.erased
        if envelope.time <= erased:
            return None
        kind, key, register = _register(envelope, event)
        held = None if customer is None else _held(customer, kind, key)
        if not supersedes(register, held):
            return None
        customer = customer or self._new(customer_id)
        self._put(customer, kind, key, held, register)
        return customer

    def _erasure(self, customer_id: str) -> str:
        """Return the time of the latest erasure of a customer, "" where there was none."""
        if not self.erased:
            return ""
        names = (self._tombstone(customer_id), *self._former_tombstones(customer_id))
        return max(self.erased.get(name, "") for name in names)

    def _erase(self, customer_id: str, time: str) -> Customer | None:
        name = self._tombstone(customer_id)
        customer = self._by_id.get(customer_id)
        if self._erasure(customer_id) >= time:
            return None
        self._undo.append((self._remember, (name, customer, self.erased.get(name, ""))))
        self._remember(name, customer, time)
        self.erasures[name] = time
        if customer is None:
            return None
        old = [register for register in _registers(customer) if register[2].time <= time]
        for kind, key, held in old:
            self._put(customer, kind, key, held, None)
        return customer if old else None

    def _remember(self, name: str, customer: Customer | None, time: str) -> None:
        if time:
            self.erased[name] = time
        else:
            del self.erased[name]
        if customer is not None:
            customer.erased = self._erasure(customer.id)

    def _put(
        self,
        customer: Customer,
        kind: Kind,
        key: str,
        old: Register | None,
        register: Register | None,
    ) -> None:
        self._undo.append((self._set, (customer, kind, key, old)))
        self._set(customer, kind, key, register)
        self.changes[customer.id, kind, key] = register

    def _set(self, customer: Customer, kind: Kind, key: str, register: Register | None) -> None:
        if kind == "order":
            assert register is None or isinstance(register, Order)
            customer.put_order(key, register, self.period)
        elif kind == "record":
            assert register is None or isinstance(register, Record)
            customer.record = register
        else:
            assert register is None or isinstance(register, Contract)
            customer.put_contract(key, register)

    def _new(self, customer_id: str) -> Customer:
        customer = self.add(customer_id)
        self._undo.append((self._drop, (customer,)))
        return customer

    def add(self, customer_id: str) -> Customer:
        """Return a new customer without registers (loading gives them one by one)."""
        slot = self._free.pop() if self._free else len(self._rows)
        if slot == len(self._rows):
            self._rows.append(None)
            if slot == len(self.figures):
                self._grow()
        held = self.keeping.orders(customer_id), self.keeping.contracts(customer_id)
        customer = self._by_id[customer_id] = self._rows[slot] = Customer(customer_id, slot, *held)
        customer.erased = self._erasure(customer_id)
        self.buckets[slot] = self._bucket(customer_id)
        return customer

    def _grow(self) -> None:
        room = max(64, len(self.figures))
        self.figures = np.vstack([self.figures, np.tile(np.array(NOBODY, np.int64), (room, 1))])
        self.standing = np.vstack([self.standing, np.full((room, STANDING), NULL, np.int64)])
        self.buckets = np.concatenate([self.buckets, np.full(room, -1, np.int64)])
        self.mixture.grow(room)

    def _drop(self, customer: Customer) -> None:
        del self._by_id[customer.id]
        self._rows[customer.slot] = None
        self._free.append(customer.slot)
        self.buckets[customer.slot] = -1

    def load(self, customer_id: str, kind: Kind, key: str, register: Register) -> None:
        """Take in a stored register; `loaded` must follow."""
        customer = self._by_id.get(customer_id) or self.add(customer_id)
        if isinstance(register, Order):
            self.keeping.note(customer.orders, key, register)
            customer.count_order(register, 1, self.period)
        elif isinstance(register, Contract):
            self.keeping.note(customer.contracts, key, register)
            customer.count_contract(register)
        else:
            self._set(customer, kind, key, register)

    def rebuild(self, period: Period) -> None:
        """Compute every figure from the registers anew, under a period and its rules."""
        self.period, self.labels = period, Labels(period.rules)
        for customer in self._by_id.values():
            customer.recount(period)
        self.loaded()

    def loaded(self) -> None:
        """Fill the columns from what the customers' registers come to (after loading)."""
        self.groups, self._group_numbers = [], {}
        self.head_count = HeadCount()
        self._refresh()
        features = np.tile(np.array(NO_FEATURES, np.int64), (len(self.figures), 1))
        for customer in self._by_id.values():
            features[customer.slot] = _features(customer)
        self.mixture.reset(features)

    def turn(self, period: Period) -> None:
        """Move to a later day: sales come due and leave the period, frequency dilutes."""
        old, self.period = self.period, period
        for customer in self._by_id.values():
            customer.turn(old, period)
        self._refresh()

    def _refresh(self) -> None:
        listed = list(self._by_id.values())
        self.figures[:] = NOBODY
        if listed:
            slots = np.array([customer.slot for customer in listed], np.int64)
            self.figures[slots] = self.figures_of(listed)
        self.head_count.recount(self.figures, self.period)

    def figures_of(self, customers: Iterable[Customer]) -> Ints:
        """Return the rows of figures of customers, as their registers are now."""
        rows = [
            figures_of(c, self._group_number(c), self.period) if c.exists else NOBODY
            for c in customers
        ]
        return np.array(rows, np.int64).reshape(-1, WIDTH)

    def features_of(self, customers: Sequence[Customer]) -> Ints:
        """Return the clipped rows of features of customers, as their registers are now."""
        rows = [_features(customer) for customer in customers]
        return np.array(rows, np.int64).reshape(-1, FEATURES)

    def _group_number(self, customer: Customer) -> int:
        group = group_of(customer.record, self.period.rules)
        number = self._group_numbers.get(group)
        if number is None:
            number = self._group_numbers[group] = len(self.groups)
            self.groups.append(group)
        return number

    def settle(
        self, touched: Sequence[Customer], figures: Ints, features: Ints, shares: Ints
    ) -> None:
        """Keep what was applied: write the rows of the touched customers into the columns."""
        if touched:
            slots = np.array([customer.slot for customer in touched], np.int64)
            self.head_count.replace(self.figures[slots], figures, self.period)
            self.figures[slots] = figures
            self.mixture.replace(slots, features, shares)
        for customer in touched:
            if not (customer.orders or customer.contracts or customer.record):
                self.standing[customer.slot] = NULL
                self.journeys.pop(customer.id, None)
                self._drop(customer)
        self._forget_batch()

    def remember(self, journeys: Mapping[str, State]) -> None:
        """Keep what is remembered of customers' triggers."""
        for customer_id, state in journeys.items():
            if state == NO_STATE:
                self.journeys.pop(customer_id, None)
            else:
                self.journeys[customer_id] = state

    def undo(self) -> None:
        """Take back everything applied since the last `settle`."""
        for step, arguments in reversed(self._undo):
            step(*arguments)
        self._forget_batch()

    def _forget_batch(self) -> None:
        self._undo.clear()
        self.keeping.forget()
        self.changes = {}
        self.erasures = {}


def _features(customer: Customer) -> tuple[int, int, int, int]:
    if not customer.contracts:
        return NO_FEATURES
    return clipped(features_of(customer.portfolio, customer.record))


def _register(envelope: Envelope, event: Event) -> tuple[Kind, str, Register]:
    if isinstance(event, PurchaseRecorded):
        return "order", event.order_id, order_of(envelope, event)
    if isinstance(event, PurchaseCancelled):
        return "order", event.order_id, order_of(envelope, None)
    if isinstance(event, ContractRecorded):
        return "contract", event.contract_id, contract_of(envelope, event)
    if isinstance(event, CustomerRecorded):
        return "record", RECORD_KEY, record_of(envelope, event)
    raise TypeError(f"{type(event).__name__} is no register")


def _held(customer: Customer, kind: Kind, key: str) -> Register | None:
    if kind == "order":
        return customer.orders.get(key)
    return customer.contracts.get(key) if kind == "contract" else customer.record


def _registers(customer: Customer) -> Iterable[tuple[Kind, str, Register]]:
    for key, order in customer.orders.items():
        yield "order", key, order
    for key, contract in customer.contracts.items():
        yield "contract", key, contract
    if customer.record is not None:
        yield "record", RECORD_KEY, customer.record
