"""Which version of a register wins, whatever comes first, and what an erasure takes."""

from itertools import permutations
from typing import Any

import pytest
from driving import AT, arrived, event, nobody, purchase, registers_of, settled, snapshot_of
from strategies import Event

from nyxter_online.customers import RECORD_KEY
from nyxter_online.places import bucket_of, tombstone_of
from nyxter_online.registers import NEVER
from nyxter_online.step import step

EARLIER, LATER = "2026-11-22T12:00:00.0000001Z", "2026-11-22T12:00:00.0000002Z"
BEFORE, AFTER = "2026-11-22T11:00:00Z", "2026-11-22T13:00:00Z"


def cancelled(**changes: Any) -> Event:
    return event("purchase.cancelled", **{"order_id": "o1"} | changes)


def record(**changes: Any) -> Event:
    return event("customer.recorded", **changes)


def contract(**changes: Any) -> Event:
    whole = {"contract_id": "k", "product": "RH", "brand": "RM", "status": "ATIVO"}
    return event("contract.recorded", **whole | {"signed_on": "2026-01-01"} | changes)


# The winner comes last.
VERSIONS = {
    "the later instant": [purchase(time=EARLIER), purchase(time=LATER)],
    "the same clock further west": [
        purchase(time="2026-11-22T12:00:00Z", id="e9"),
        purchase(time="2026-11-22T10:00:00-03:00"),
    ],
    "then the id": [purchase(id="e1", source="/z"), purchase(id="e10"), purchase(id="e2")],
    "ids as UTF-8, not UTF-16": [purchase(id="\uffee"), purchase(id="\U0001f600")],
    "then the source": [purchase(source="/a", value="9"), purchase(source="/b")],
    "then the data": [purchase(value="20"), purchase(value="3")],
    "a cancellation": [purchase(), cancelled(time=AFTER)],
    "recorded again": [purchase(), cancelled(time=LATER), purchase(time=AFTER)],
    "an amendment": [purchase(value="1"), purchase(time=LATER, value="2", margin="1")],
    "a cancellation that is a twin": [purchase(), cancelled(**purchase()["data"])],
    "numbers that are one double": [
        purchase(value=9_007_199_254_740_992),
        purchase(value=9_007_199_254_740_993),
    ],
    "a record, whole": [record(city="A", state="SP"), record(time=LATER, segment="S")],
    "a contract": [contract(status="ATIVO"), contract(time=AFTER, status="CANCELADO")],
}


@pytest.mark.parametrize("versions", VERSIONS.values(), ids=VERSIONS.keys())
def test_the_greatest_version_wins_in_any_order(versions: list[Event]) -> None:
    last = nobody()
    settled(last, arrived(versions[-1:]))
    for some in permutations([*versions, versions[0]]):
        customers = nobody()
        settled(customers, arrived(some))
        assert registers_of(customers) == registers_of(last)


def test_a_register_is_of_one_customer_and_one_kind() -> None:
    customers = nobody()
    settled(customers, arrived([purchase(), purchase("K2"), contract(contract_id="o1"), record()]))
    one = customers.get("K1")
    assert one is not None
    assert (list(one.orders), list(one.contracts), one.record is None) == (["o1"], ["o1"], False)
    assert len(customers) == 2


ERASED = event("customer.erased", time=AFTER)

# name: (events, who is left with which orders, contracts and whether a record)
ERASURES = {
    "all that is older": ([purchase(), contract(), record(), ERASED], None),
    "at the same instant": ([purchase(time=AFTER), ERASED], None),
    "not what is newer": (
        [purchase(), purchase(number="o2", time="2026-11-22T13:00:00.1Z"), record(), ERASED],
        ({"o2"}, set(), False),
    ),
    "the later one of two": (
        [purchase(time="2026-11-22T12:30:00Z"), event("customer.erased", time=BEFORE), ERASED],
        None,
    ),
    "cancellations too": ([cancelled(), ERASED], None),
    "an amendment brings the order back": (
        [purchase(), ERASED, purchase(time="2026-11-22T14:00:00Z")],
        ({"o1"}, set(), False),
    ),
    "not other customers": ([contract(), event("customer.erased", "K2", time=AFTER)],
                            (set(), {"k"}, False)),
}  # fmt: skip


@pytest.mark.parametrize(("events", "left"), ERASURES.values(), ids=ERASURES.keys())
def test_an_erasure_takes_every_version_up_to_its_time(events: list[Event], left: Any) -> None:
    for some in permutations(events):
        customers = nobody()
        for one in some:
            settled(customers, arrived([one]))
        customer = customers.get("K1")
        if customer is None:
            assert left is None
        else:
            assert (set(customer.orders), set(customer.contracts), bool(customer.record)) == left
        assert customers.erased.keys() == {
            tombstone_of(b"")(one["subject"]) for one in events if "erased" in one["type"]
        }


def test_an_erasure_is_remembered_without_the_id() -> None:
    customers = nobody()
    settled(customers, arrived([event("customer.erased", "12345678901")]))
    assert all("12345678901" not in name for name in customers.erased)
    one, other = tombstone_of(b"a")("K1"), tombstone_of(b"b")("K1")
    assert one == tombstone_of(b"a")("K1")
    assert len({one, other, tombstone_of(b"a")("K2")}) == 3


def test_the_outcome_tells_each_register_once_as_it_ends() -> None:
    customers = nobody()
    batch = [
        purchase(),
        purchase(value="2", time=LATER),
        cancelled(time=AFTER),
        record(),
        contract(),
    ]
    outcome = settled(customers, arrived(batch))
    told = {change[:3]: change.register for change in outcome.changes}
    assert len(outcome.changes) == len(told) == 3
    order = told["K1", "order", "o1"]
    assert order is not None
    assert order[4] == NEVER
    assert told.keys() >= {("K1", "record", RECORD_KEY), ("K1", "contract", "k")}


def test_the_outcome_tells_what_an_erasure_took() -> None:
    customers = nobody()
    settled(customers, arrived([purchase(), record()]))
    outcome = step(customers, arrived([event("customer.erased", time=AFTER)]), None, AT)
    assert {change.register for change in outcome.changes} == {None}
    assert len(outcome.changes) == 2
    assert list(outcome.erasures.values()) == ["2026-11-22T13:00:00"]


def test_rows_of_the_gone_are_used_again() -> None:
    customers = nobody()
    for number in range(200):
        settled(customers, arrived([purchase(f"K{number}")]))
        settled(customers, arrived([event("customer.erased", f"K{number}", time=AFTER)]))
    assert len(customers) == 0
    assert len(customers.figures) == 64
    assert (customers.buckets == -1).all()
    assert not snapshot_of(customers).population


def test_buckets_are_within_their_range_and_spread() -> None:
    assert all(0 <= bucket_of(f"K{number}") < 4096 for number in range(1000))
    assert len({bucket_of(f"K{number}") for number in range(1000)}) > 800
