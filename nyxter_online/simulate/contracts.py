"""The contracts of the base, as columns, and the record of each."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from nyxter_online.simulate.cloudevent import Data, day_text
from nyxter_online.simulate.columns import YEAR, Bools, Floats, Ints
from nyxter_online.simulate.customers import Customers, subject
from nyxter_online.simulate.words import (
    ACTIVE,
    BRANDS,
    ENDED,
    ENDED_SHARES,
    HOSTINGS,
    PRODUCTS,
    PROFILES,
)

_STATUSES = (ACTIVE, *ENDED)


@dataclass(frozen=True, slots=True)
class Contracts:
    """One row a contract, a customer's in a row and the oldest first.

    Attributes
    ----------
    customer
        Row of the customer.
    number
        0 for the customer's first contract, 1 for the next.
    signed, changed
        Days from the signature, and from the change that gave the status, to today; at least 1.
    brand, product, status, hosting
        Positions in `BRANDS`, `PRODUCTS`, `ACTIVE` and `ENDED`, `HOSTINGS`.

    """

    customer: Ints
    number: Ints
    signed: Ints
    changed: Ints
    brand: Ints
    product: Ints
    status: Ints
    hosting: Ints

    def signer(self, row: int) -> str:
        """Return the id of the customer of a contract."""
        return subject(int(self.customer[row]))

    def record(self, row: int, today: date) -> Data:
        """Return the data of a contract's latest version."""
        return contract_data(
            f"{self.signer(row)}-C{self.number[row] + 1}",
            PRODUCTS[self.product[row]],
            BRANDS[self.brand[row]],
            _STATUSES[self.status[row]],
            day_text(today, int(self.signed[row])),
            HOSTINGS[self.hosting[row]],
        )


def contract_data(
    contract_id: str, product: str, brand: str, status: str, signed_on: str, hosting: str | None
) -> Data:
    """Return the data of a contract event; hosting is left out where there is none."""
    data: Data = {
        "contract_id": contract_id,
        "product": product,
        "brand": brand,
        "status": status,
        "signed_on": signed_on,
    }
    return data if hosting is None else data | {"hosting": hosting}


def draw_contracts(g: np.random.Generator, customers: Customers) -> Contracts:
    """Return the contracts of every customer, hired and kept at the rates of their profile."""
    customer = np.repeat(np.arange(customers.tenure.size), customers.contracts)
    number = np.arange(customer.size) - _starts(customers)[customer]
    signed = _signed(g, customers, customer, number)
    keeping = np.array([p.active / p.contracts for p in PROFILES])[customers.profile][customer]
    ended = 1 + g.choice(len(ENDED), customer.size, p=ENDED_SHARES)
    status = np.where(g.random(customer.size) < keeping, 0, ended)
    return Contracts(
        customer=customer,
        number=number,
        signed=signed,
        changed=np.where(status == 0, signed, np.ceil(g.random(signed.size) * signed)).astype(
            np.int64
        ),
        brand=_brands(g, customers, customer, number),
        product=g.integers(len(PRODUCTS), size=customer.size),
        status=status,
        hosting=g.choice(len(HOSTINGS), customer.size, p=(0.45, 0.40, 0.15)),
    )


def _starts(customers: Customers) -> Ints:
    """Return the row of each customer's first contract."""
    return np.cumsum(customers.contracts) - customers.contracts


def _signed(g: np.random.Generator, customers: Customers, customer: Ints, number: Ints) -> Ints:
    """Return ages in days: the first contract began the tenure, `hired` fall in the last year."""
    tenure = customers.tenure[customer]
    hired = g.poisson(_hiring(customers) * customers.contracts)[customer]
    lately = (number > 0) & (number <= hired)
    newest, oldest = _bounds(tenure, lately)
    age = newest + np.floor(g.random(tenure.size) * (oldest - newest + 1))
    age = np.where(number == 0, tenure, age).astype(np.int64)
    return age[np.lexsort((-age, customer))]


def _hiring(customers: Customers) -> Floats:
    """Return the share of a customer's contracts to hire in the last year, by customer.

    All the contracts of a customer of less than a year fall in it, so the others hire what is
    then missing to the profile's mean.
    """
    share = np.zeros(customers.tenure.size)
    for k, published in enumerate(PROFILES):
        members = customers.profile == k
        young = members & (customers.tenure < YEAR)
        missing = published.hired * members.sum() - customers.contracts[young].sum()
        share[members] = max(0, missing) / max(1, customers.contracts[members & ~young].sum())
    return share


def _bounds(tenure: Ints, lately: Bools) -> tuple[Ints, Ints]:
    """Return the least and the greatest age of a contract; a young customer's are all recent."""
    newest = np.where(lately | (tenure < YEAR), 1, YEAR)
    oldest = np.where(lately, np.minimum(tenure, YEAR - 1), tenure)
    return newest, oldest


def _brands(g: np.random.Generator, customers: Customers, customer: Ints, number: Ints) -> Ints:
    """Return brands: now and then a new one, else one of those the customer has."""
    appetite = np.array([p.brand_appetite for p in PROFILES])[customers.profile][customer]
    new = g.random(customer.size) < appetite / (appetite + number)
    ever = np.cumsum(new)
    so_far = ever - (ever - 1)[_starts(customers)][customer]  # the first contract's brand is new
    choice = np.floor(g.random(customer.size) * so_far).astype(np.int64)
    favourite = g.integers(len(BRANDS), size=customers.tenure.size)[customer]
    return (favourite + np.where(new, so_far - 1, choice)) % len(BRANDS)
