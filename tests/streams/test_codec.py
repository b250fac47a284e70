"""State as changelog records: what is loaded is what was, and goes on as it would have."""

import itertools
from datetime import timedelta
from typing import Any

from driving import everything, figures_in, heads_in, registers_of
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from small_system import CHANGELOG, SmallSystem, small_world
from strategies import World, worlds

from nyxter_online.customers import Change, Customers
from nyxter_online.places import bucket_of, tombstone_of
from nyxter_online.registers import Contract, Order, Record, Register
from schemas.envelope import canonical_json, loads
from schemas.rules import read_rules
from streams import topics
from streams.lane.changelog import POSITION_KEY
from streams.segmenter.codec import erasure_record, load_customers, register_record
from streams.segmenter.entry import Entry, read_entry
from streams.segmenter.shift import SegmentShift
from streams.segmenter.summaries import HEADER_KEY

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MONEY = st.decimals(allow_nan=False, allow_infinity=False, places=4) | st.none()
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
VERSION = st.tuples(TEXT, TEXT, TEXT, st.dictionaries(TEXT, JSON, max_size=3).map(canonical_json))
DAYS = st.integers(0, 3_652_059)
DATES = st.integers(1, 3_652_059)
ORDERS = st.builds(lambda v, *rest: Order(*v, *rest), VERSION, DAYS, TEXT, MONEY, MONEY)
CONTRACTS = st.builds(
    lambda v, *rest: Contract(*v, *rest), VERSION, TEXT, TEXT, TEXT, DATES, st.none() | TEXT
)
RECORDS = st.builds(
    lambda v, *rest: Record(*v, *rest),
    VERSION,
    st.dictionaries(TEXT, TEXT, max_size=3),
    st.dictionaries(TEXT, st.integers(0, 10**9), max_size=3),
)
REGISTERS: dict[Any, Any] = {"order": ORDERS, "contract": CONTRACTS, "record": RECORDS}
KINDS = st.sampled_from(sorted(REGISTERS))


def loaded(stored: dict[bytes, bytes]) -> Customers:
    customers = Customers(read_rules(""), tombstone_of(b""), bucket_of)
    load_customers(customers, stored)
    return customers


@settings(max_examples=60, deadline=None)
@given(KINDS.flatmap(lambda kind: st.tuples(TEXT, st.just(kind), TEXT, REGISTERS[kind])))
def test_a_register_is_read_as_written(held: tuple[str, Any, str, Register]) -> None:
    customer_id, kind, key, register = held
    key = "" if kind == "record" else key
    written, value = register_record(Change(customer_id, kind, key, register))
    assert value is not None
    customer = loaded({written: value}).get(customer_id)
    assert customer is not None
    found: Any = {
        "order": customer.orders.get(key),
        "contract": customer.contracts.get(key),
        "record": customer.record,
    }[kind]
    assert found == register
    assert type(found) is type(register)
    assert found.canonical == register.canonical
    assert repr(found) == repr(register)  # 1.5 and 1.50 are equal, and must stay apart


def test_registers_have_keys_of_their_own() -> None:
    parts = ["", "a", '"', ",", "a,b", '","', "é"]
    changes = [Change(c, k, i, None) for c in parts for k in REGISTERS for i in parts]
    keys = [register_record(change)[0] for change in changes]
    keys += [erasure_record(part, "")[0] for part in parts]
    assert len({*keys, POSITION_KEY}) == len(changes) + len(parts) + 1


def test_a_register_taken_away_is_a_null_under_its_key() -> None:
    kept = register_record(
        Change("K", "order", "o", Order("t", "i", "s", b"{}", 1, "n", None, None))
    )
    assert register_record(Change("K", "order", "o", None)) == (kept[0], None)


def test_an_erasure_is_read_as_written() -> None:
    key, value = erasure_record("hidden", "2026-11-22T12:00:00.5")
    assert loaded({key: value}).erased == {"hidden": "2026-11-22T12:00:00.5"}


class Twin:
    """A second shift that loads what the first one's changelog holds and does the same."""

    def __init__(self, system: SmallSystem) -> None:
        self.lane = system.lanes[0]
        self.first: Any = self.lane.shift
        self.second: Any = self._load(system)
        self.first.ready()
        self.second.snapshot = self.first.snapshot  # as if no later one had come meanwhile

    def _load(self, system: SmallSystem) -> SegmentShift:
        stored: Any = system.broker.latest(CHANGELOG, 0)
        position = stored.pop(POSITION_KEY, None)
        shift = SegmentShift(self.first.site, self.first._board, self.first._clock)
        shift.load(stored, position and loads(position)["memo"])
        return shift

    def assert_same_state(self) -> None:
        one, other = self.first.customers, self.second.customers
        assert registers_of(other) == registers_of(one)
        assert figures_in(other) == figures_in(one)
        assert heads_in(other) == heads_in(one)
        assert other.erased == one.erased
        assert len(other) == len(one)
        assert _without_slots(other) == _without_slots(one)
        assert self.second.progress == self.first.progress

    def work(self) -> bool:
        """Do the next chore or batch with both; tell whether there was any."""
        records = self.first.chore(self.lane.positions)
        messages: Any = []
        if records is None:
            batch = self.lane._take()
            if not batch.portions:
                return False
            messages = batch.messages
            records = self.first.handle(batch, self.lane.positions)
        entry = read_entry(records[-1].value)
        assert isinstance(entry, Entry)
        again = self.second.execute(entry, messages, self.lane.positions)
        assert _told(again) == _told(records)
        assert self.second.memo() == self.first.memo()
        self.first.settle()
        self.second.settle()
        return True


def _without_slots(customers: Customers) -> dict[str, Any]:
    whole = everything(customers)
    for attributes in whole["customers"].values():
        del attributes["slot"]
    return whole


def _told(records: list[Any]) -> list[Any]:
    """Records in the order of each key; one who has just loaded writes all chunks of a summary."""
    told = [r if r.key != HEADER_KEY else _sorted_header(r) for r in records]
    kept = [r for r in told if r.topic != topics.SUMMARIES or r.key == HEADER_KEY]
    return sorted(kept, key=lambda r: (r.topic, r.key or b""))


def _sorted_header(record: Any) -> Any:
    fields = loads(record.value)
    return record._replace(value=fields | {"chunks": sorted(fields["chunks"]), "learned": 0})


@settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(worlds(), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_a_loaded_shift_is_the_one_that_was(world: World, seed: int, share: float) -> None:
    with small_world() as clock:
        days = world.as_of - timedelta(days=2), world.as_of
        system = SmallSystem(read_rules(world.rules.text), 1, days, seed, clock, 0.0)
        half = int(share * len(world.events))
        system.storm(world.events[:half])
        twin = Twin(system)
        twin.assert_same_state()
        for event in world.events[half:]:
            system.send(event)
        for topic in (topics.PURCHASES, topics.CONTRACTS, topics.CUSTOMERS, topics.CONTROL):
            at = twin.lane.expected.get(topic, 0)
            twin.lane.put(topic, system.broker.after(topic, 0, at))
        for size in itertools.cycle([3, 1, 7]):
            twin.lane._limit = size
            clock.now += 0.7
            if not twin.work():
                break
        twin.assert_same_state()
