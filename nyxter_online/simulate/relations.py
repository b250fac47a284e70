"""Live contracts and customer records: signed, changed, arrived, grown, left."""

from collections.abc import Iterator
from datetime import date, datetime

from nyxter_online.simulate.chance import Chance
from nyxter_online.simulate.cloudevent import (
    CONTRACT_RECORDED,
    CUSTOMER_ERASED,
    CUSTOMER_RECORDED,
    Happening,
    local_day,
)
from nyxter_online.simulate.contracts import Contracts, contract_data
from nyxter_online.simulate.people import People, Person
from nyxter_online.simulate.words import ACTIVE, BRANDS, ENDED, HOSTINGS, INDICATORS, PRODUCTS

_TO_NEWCOMERS = 0.5  # of the contracts signed
_LEAVES = 0.15  # of the newcomers
_STATUSES = (ACTIVE, *ENDED)


class Relations:
    """Draws contract and customer events; each method returns what happens `now`.

    Parameters
    ----------
    chance, people
        Who decides, and who there is.
    arriving
        People who were no customers yet.
    names
        Contract ids no contract has yet.
    contracts, today
        The contracts of the base, and the day their ages count from.

    """

    def __init__(
        self,
        chance: Chance,
        people: People,
        arriving: Iterator[Person],
        names: Iterator[str],
        contracts: Contracts,
        today: date,
    ) -> None:
        self._chance = chance
        self._people = people
        self._arriving = arriving
        self._names = names
        self._contracts = contracts
        self._today = today

    def signature(self, now: datetime) -> Happening:
        """Return a new contract, often a newcomer's."""
        people, chance = self._people, self._chance
        signer = chance.of(
            people.newcomers
            if people.newcomers and chance.happens(_TO_NEWCOMERS)
            else people.everyone
        )
        product, brand, hosting = chance.of(PRODUCTS), chance.of(BRANDS), chance.of(HOSTINGS)
        data = contract_data(next(self._names), product, brand, ACTIVE, local_day(now), hosting)
        return Happening(CONTRACT_RECORDED, signer.subject, now, data)

    def contract_change(self, now: datetime) -> Happening:
        """Return a contract of the base with another status."""
        row = int(self._chance.uniform() * self._contracts.customer.size)
        data = self._contracts.record(row, self._today)
        data["status"] = self._chance.of([s for s in _STATUSES if s != data["status"]])
        return Happening(CONTRACT_RECORDED, self._contracts.signer(row), now, data)

    def arrival(self, now: datetime) -> Happening:
        """Return the first record of a new customer; a few of them will leave again."""
        person, leaves = next(self._arriving), self._chance.happens(_LEAVES)
        person.record["customer_since"] = local_day(now)
        (self._people.leaving if leaves else self._people.newcomers).append(person)
        return Happening(CUSTOMER_RECORDED, person.subject, now, person.record)

    def growth(self, now: datetime) -> Happening:
        """Return a customer's record with more of one indicator of potential."""
        person, indicator = self._chance.of(self._people.everyone), self._chance.of(INDICATORS)
        known = person.record.get("attributes", {})
        more = 1 + int((1 + known.get(indicator, 0)) * self._chance.uniform())
        grown = {**known, indicator: known.get(indicator, 0) + more}
        person.record = {**person.record, "attributes": grown}
        return Happening(CUSTOMER_RECORDED, person.subject, now, person.record)

    def erasure(self, now: datetime) -> Happening:
        """Return the wish to be forgotten of a newcomer who bought nothing."""
        if not self._people.leaving:
            return self.growth(now)
        return Happening(CUSTOMER_ERASED, self._people.leaving.pop(0).subject, now, {})
