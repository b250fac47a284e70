"""Registers that stay where they are stored, and are looked up when an event needs them.

What a batch reads and changes is kept for its length, so that it finds its own changes and each
register is read once. How many there are of a customer is counted, never looked up.
"""

from collections.abc import Iterator, MutableMapping
from typing import Any, Final, Generic, TypeVar

from nyxter_online.customers import Kind
from nyxter_online.keeping import Contracts, Orders
from nyxter_online.registers import Contract, Order
from streams.lane.records import Lasting
from streams.segmenter.codec import prefix_of, register_id, register_key, register_of

T = TypeVar("T", Order, Contract)

_ABSENT: Final = object()


class StoredRegisters:
    """Orders and contracts in a store (a `nyxter_online.keeping.Keeping`).

    Parameters
    ----------
    stored
        What is committed.

    """

    def __init__(self, stored: Lasting) -> None:
        self._stored = stored
        self._batch: dict[bytes, Any] = {}  # registers read or changed; None: there is none

    def orders(self, customer_id: str) -> Orders:
        """Return the orders of a customer."""
        return Shelf[Order](self, "order", customer_id)

    def contracts(self, customer_id: str) -> Contracts:
        """Return the contracts of a customer."""
        return Shelf[Contract](self, "contract", customer_id)

    def note(self, held: MutableMapping[str, Any], key: str, register: Order | Contract) -> None:
        """Count a register that is stored."""
        del key, register
        assert isinstance(held, Shelf)
        held.count += 1

    def forget(self) -> None:
        """Forget what the batch read and changed."""
        self._batch.clear()

    def read(self, kind: Kind, name: bytes) -> Any:
        """Return a register, None where there is none."""
        register = self._batch.get(name, _ABSENT)
        if register is _ABSENT:
            value = self._stored.get(name)
            register = self._batch[name] = None if value is None else register_of(kind, value)
        return register

    def put(self, name: bytes, register: Any) -> None:
        """Set a register for the length of the batch, or take it away (None)."""
        self._batch[name] = register

    def all_of(self, kind: Kind, customer_id: str) -> Iterator[tuple[str, Any]]:
        """Yield all registers of a customer with their ids, keeping none of them."""
        prefix = prefix_of(kind, customer_id)
        changed = {name: held for name, held in self._batch.items() if name.startswith(prefix)}
        for name, value in self._stored.scan(prefix):
            register = changed.pop(name, _ABSENT)
            if register is _ABSENT:
                register = register_of(kind, value)
            if register is not None:
                yield register_id(name), register
        for name, register in changed.items():
            if register is not None:
                yield register_id(name), register


class Shelf(MutableMapping[str, T], Generic[T]):
    """One customer's registers of a kind, by id."""

    __slots__ = ("_all", "_customer_id", "_kind", "count")

    def __init__(self, everything: StoredRegisters, kind: Kind, customer_id: str) -> None:
        self._all = everything
        self._kind = kind
        self._customer_id = customer_id
        self.count = 0

    def get(self, key: str, default: Any = None) -> Any:
        """Return a register, or `default`."""
        if not self.count:
            return default
        register = self._all.read(self._kind, register_key(self._kind, self._customer_id, key))
        return default if register is None else register

    def __getitem__(self, key: str) -> T:
        register: T | None = self.get(key)
        if register is None:
            raise KeyError(key)
        return register

    def __setitem__(self, key: str, register: T) -> None:
        self.count += self.get(key) is None
        self._all.put(register_key(self._kind, self._customer_id, key), register)

    def __delitem__(self, key: str) -> None:
        if self.get(key) is None:
            raise KeyError(key)
        self.count -= 1
        self._all.put(register_key(self._kind, self._customer_id, key), None)

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._all.all_of(self._kind, self._customer_id))

    def values(self) -> Any:
        """Yield the registers, one at a time."""
        return (register for _, register in self._all.all_of(self._kind, self._customer_id))

    def items(self) -> Any:
        """Yield ids and registers, one at a time."""
        return self._all.all_of(self._kind, self._customer_id)
