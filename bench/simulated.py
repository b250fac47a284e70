"""The customers of the full job: a simulated base, and what they buy afterwards."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import count, islice

from bench.purchases import Purchase
from nyxter_online.simulate import CloudEvent, base, live
from schemas.envelope import dumps, structured
from streams import topics

SEED = 7

_PURCHASE = "nyxter.purchase."
_TOPICS = {
    "purchase": topics.PURCHASES,
    "contract": topics.CONTRACTS,
    "customer": topics.CUSTOMERS,
}


def history(customers: int, today: date) -> dict[str, list[Purchase]]:
    """Return the events of a base up to today, by topic."""
    by_topic: dict[str, list[Purchase]] = {topic: [] for topic in _TOPICS.values()}
    for event in base(SEED, customers, today):
        by_topic[_TOPICS[event["type"].split(".")[1]]].append(_keyed(event))
    return by_topic


def bought(customers: int, number: int) -> list[Purchase]:
    """Return what the customers of a base buy, amend and cancel from now on."""
    events = live(SEED, customers, datetime.now(UTC))
    wanted = (event for event in events if event["type"].startswith(_PURCHASE))
    return [_keyed(event) for event in islice(wanted, number)]


def in_turn(customers: list[bytes], today: date) -> Iterator[Purchase]:
    """Yield a new order of today of each customer, again and again."""
    for number in count():
        customer = customers[number % len(customers)]
        yield customer, order(customer.decode(), f"L{number}", today, f"{number % 900 + 100}.50")


def order(customer: str, number: str, day: date, value: str) -> bytes:
    """Return a purchase as a CloudEvent, stamped with now."""
    return structured(
        {
            "id": number,
            "source": "/bench",
            "type": "nyxter.purchase.recorded.v1",
            "subject": customer,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "data": {
                "order_id": number,
                "ordered_on": day.isoformat(),
                "operation_nature": "5102",
                "value": value,
            },
        }
    )


def _keyed(event: CloudEvent) -> Purchase:
    return event["subject"].encode(), dumps(event)
