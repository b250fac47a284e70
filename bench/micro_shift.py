"""The micro job as the work of a lane."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bench.micro import OUTPUT, State, counted
from schemas.envelope import dumps, loads
from streams.lane.records import Batch, Record


class MicroShift:
    """The micro job on one partition (a `streams.lane.records.Shift`).

    Parameters
    ----------
    changelog
        The topic of its state.
    began
        Called before each batch.
    committed
        Called after each batch with the number of its events.

    """

    def __init__(
        self, changelog: str, began: Callable[[], None], committed: Callable[[int], None]
    ) -> None:
        self.customers: dict[bytes, State] = {}
        self._changelog = changelog
        self._began = began
        self._committed = committed
        self._touched: dict[bytes, State] = {}
        self._count = 0

    def load(self, stored: Mapping[bytes, bytes], memo: Any) -> None:
        """Take in the customers of a changelog."""
        del memo
        self.customers = {customer: loads(value) for customer, value in stored.items()}

    def ready(self) -> bool:
        """Need nothing but the changelog."""
        return True

    def lacks(self) -> str:
        """Lack nothing."""
        return ""

    def handle(self, batch: Batch, positions: Mapping[str, int]) -> list[Record]:
        """Return a record of each customer touched, and the outputs before them."""
        del positions
        self._began()
        customers, touched = self.customers, self._touched
        records = []
        messages = batch.messages
        for message in messages:
            customer, value = message.key, message.value
            assert customer is not None
            assert value is not None
            state = touched.get(customer) or customers.get(customer)
            touched[customer], change = counted(state, value)
            if change is not None:
                records.append(Record(OUTPUT, customer, change))
        self._count = len(messages)
        records += [Record(self._changelog, key, dumps(state)) for key, state in touched.items()]
        return records

    def chore(self, positions: Mapping[str, int]) -> None:
        """Have nothing to do without messages."""

    def settle(self) -> None:
        """Keep the customers touched."""
        self.customers |= self._touched
        self._committed(self._count)
        self.undo()

    def undo(self) -> None:
        """Leave the customers as they were."""
        self._touched = {}
        self._count = 0

    def get(self, key: str) -> State | None:
        """Return a customer."""
        return self.customers.get(key.encode())

    def keys(self) -> Iterable[str]:
        """Return the ids of all customers."""
        return [customer.decode() for customer in self.customers]

    def memo(self) -> None:
        """Remember nothing beside the changelog."""
