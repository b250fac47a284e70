"""The purchases of the micro job: plain JSON, the same in every run."""

import random
from collections.abc import Iterator

from schemas.envelope import dumps

CUSTOMERS = 20_000

Purchase = tuple[bytes, bytes]
"""Customer and JSON text."""


def purchases(count: int) -> Iterator[Purchase]:
    """Yield purchases of `CUSTOMERS` customers in turn by chance."""
    chance = random.Random(1)
    for number in range(count):
        customer = customer_id(chance.randrange(CUSTOMERS))
        yield customer.encode(), purchase(customer, number, chance.lognormvariate(7, 1))


def purchase(customer: str, number: int, amount: float) -> bytes:
    """Return one purchase."""
    return dumps(
        {
            "event_id": f"e{number}",
            "customer_id": customer,
            "order_id": f"o{number}",
            "order_date": f"2026-10-{number % 28 + 1:02d}",
            "amount": f"{amount:.2f}",
            "operation_nature": "5102",
        }
    )


def customer_id(number: int) -> str:
    """Return the id of a customer."""
    return f"C{number:06d}"
