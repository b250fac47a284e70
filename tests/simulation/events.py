"""Random events of a few customers, close together in time, and what cannot be taken in."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

from strategies.events import REVENUE_BANDS, SOURCES
from strategies.rules import ATTRIBUTES
from strategies.writing import as_json

Event = dict[str, Any]

POISON = b"POISON"
_KINDS = ("purchase.recorded", "customer.recorded", "purchase.cancelled", "contract.recorded")
_WEIGHTS = (60, 25, 6, 5)
_MONEY = ["10.00", "1234.5", "-10.00", 10, 99_995, 0, None, "12345678901234567890.12"]
_JUNK = [None, b"", b"\xff", b"{}", b'{"specversion":"1.0"}', b"[" * 40]


class Events:
    """Makes events.

    Parameters
    ----------
    chance
        Decides.
    as_of
        The last day.
    customers
        How many there are.

    """

    def __init__(self, chance: random.Random, as_of: date, customers: int) -> None:
        self._chance = chance
        self._as_of = as_of
        self._customers = customers
        self._made = 0

    def event(self) -> Event:
        """Return a random event."""
        chance = self._chance
        kind = chance.choices([*_KINDS, "customer.erased"], [*_WEIGHTS, 3])[0]
        self._made += 1
        return {
            "specversion": "1.0",
            "id": f"e{chance.randrange(self._made + 1)}",
            "source": chance.choice(SOURCES),
            "type": f"nyxter.{kind}.v1",
            "subject": f"K{chance.randrange(self._customers)}",
            "time": self._time(),
            "data": self._data(kind),
        }

    def poison(self) -> Event:
        """Return an event on which the work fails."""
        event = self.event() | {"type": "nyxter.purchase.recorded.v1"}
        return event | {"data": self._purchase() | {"operation_nature": POISON.decode()}}

    def junk(self) -> bytes | None:
        """Return something that is no event."""
        return self._chance.choice(_JUNK)

    def value(self, event: Event) -> bytes:
        """Return an event as it lies on a topic."""
        return as_json(event).encode()

    def _time(self) -> str:
        end = datetime(self._as_of.year, self._as_of.month, self._as_of.day, 12, tzinfo=UTC)
        moment = end - timedelta(minutes=self._chance.randrange(4_000))
        return moment.isoformat()[:19] + self._chance.choice(["Z", ".5Z", ".500Z", ".0000001Z"])

    def _data(self, kind: str) -> Any:
        chance = self._chance
        if kind == "purchase.recorded":
            return self._purchase()
        if kind == "customer.recorded":
            return self._record()
        if kind == "purchase.cancelled":
            return {"order_id": self._order()}
        if kind == "customer.erased":
            return chance.choice([{}, None])
        return {
            "contract_id": chance.choice(["k1", "k2"]),
            "product": chance.choice(["RH FOLHA", "GESTAO X"]),
            "brand": "RM",
            "status": chance.choice(["ATIVO", "CANCELADO"]),
            "signed_on": str(self._as_of - timedelta(days=chance.choice([0, 40, 4_000]))),
        }

    def _order(self) -> str:
        return f"o{self._chance.randrange(8)}"

    def _purchase(self) -> dict[str, Any]:
        chance = self._chance
        ago = chance.choice([0, 1, 1, 2, 3, 7, 30, 364, 366, -1])
        return {
            "order_id": self._order(),
            "ordered_on": str(self._as_of - timedelta(days=ago)),
            "operation_nature": chance.choice(["5102", "5102", "6102", "5910"]),
            "value": chance.choice(_MONEY),
        }

    def _record(self) -> dict[str, Any]:
        chance = self._chance
        return {
            "customer_type": chance.choice(["varejo", "indústria", None]),
            "segment": chance.choice(["VAREJO", "SAUDE", None]),
            "revenue_band": chance.choice(REVENUE_BANDS),
            "customer_since": chance.choice(["2020-01-01", None]),
            "state": chance.choice(["SP", "SC"]),
            "attributes": {name: chance.randrange(20) for name in ATTRIBUTES},
        }
