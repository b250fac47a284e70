"""Where the registers of customers are kept: in memory, or wherever somebody else keeps them.

Orders and contracts are the bulk of a base. What keeps them is handed in; figures stay in memory.
"""

from collections.abc import MutableMapping
from typing import Any, Protocol

from nyxter_online.registers import Contract, Order

Orders = MutableMapping[str, Order]
Contracts = MutableMapping[str, Contract]


class Keeping(Protocol):
    """Keeps orders and contracts, by customer and then by id.

    A batch changes them at once; `forget` ends it, after what it changed was stored elsewhere or
    was set back.
    """

    def orders(self, customer_id: str) -> Orders:
        """Return the orders of a customer who has none yet."""

    def contracts(self, customer_id: str) -> Contracts:
        """Return the contracts of a customer who has none yet."""

    def note(self, held: MutableMapping[str, Any], key: str, register: Order | Contract) -> None:
        """Take note of a stored register of `held` (loading)."""

    def forget(self) -> None:
        """Forget what was kept for the length of a batch."""


class InMemory:
    """Keeps all of it in dicts."""

    def orders(self, customer_id: str) -> Orders:
        """Return an empty dict."""
        del customer_id
        return {}

    def contracts(self, customer_id: str) -> Contracts:
        """Return an empty dict."""
        del customer_id
        return {}

    def note(self, held: MutableMapping[str, Any], key: str, register: Order | Contract) -> None:
        """Keep a register."""
        held[key] = register

    def forget(self) -> None:
        """Forget nothing."""
