"""Registers looked up in a store are what dicts of all of them would be, within batches too."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nyxter_online.customers import Change
from nyxter_online.registers import Order
from streams.segmenter.codec import prefix_of, register_record
from streams.segmenter.stored_registers import Shelf, StoredRegisters

WHO = ("C1", "C1x", "C", 'C1","o1')
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(WHO), st.sampled_from(["o1", "o2", "ó"]), st.integers(0, 3)),
        st.sampled_from(["settle", "undo"]),
    )
)


class Store:
    """What is committed, and how often it was looked up."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.asked = 0

    def get(self, key: bytes, /) -> bytes | None:
        self.asked += 1
        return self.kept.get(key)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        yield from sorted(pair for pair in self.kept.items() if pair[0].startswith(prefix))

    def __len__(self) -> int:
        return len(self.kept)


def order(version: int) -> Order:
    return Order(f"2026-11-{10 + version}", "e", "/erp", b'{"a":1}', 739_000, "5102", None, None)


def commit(store: Store, before: dict[Any, Any], now: dict[Any, Any]) -> None:
    for who, key in before.keys() | now.keys():
        name, value = register_record(Change(who, "order", key, now.get((who, key))))
        if value is None:
            store.kept.pop(name, None)
        else:
            store.kept[name] = value


@given(STEPS)
def test_shelves_are_dicts(steps: list[Any]) -> None:
    store = Store()
    registers = StoredRegisters(store)
    shelves = {who: registers.orders(who) for who in WHO}
    committed: dict[tuple[str, str], Order] = {}
    held = dict(committed)
    for step in steps:
        if step == "settle":
            commit(store, committed, held)
            committed = dict(held)
            registers.forget()
        elif step == "undo":
            for who, key in held.keys() | committed.keys():
                if (who, key) not in committed:
                    del shelves[who][key]
                elif held.get((who, key)) != committed[who, key]:
                    shelves[who][key] = committed[who, key]
            held = dict(committed)
            registers.forget()
        else:
            who, key, version = step
            if version:
                shelves[who][key] = held[who, key] = order(version)
            elif held.pop((who, key), None) is None:
                with pytest.raises(KeyError):
                    del shelves[who][key]
            else:
                del shelves[who][key]
        for who, shelf in shelves.items():
            mine = {key: one for (whose, key), one in held.items() if whose == who}
            assert dict(shelf.items()) == mine
            assert sorted(shelf) == sorted(mine)
            assert len(shelf) == len(mine)
            assert sorted(shelf.values()) == sorted(mine.values())
            assert all(shelf.get(key) == mine.get(key) for key in ("o1", "o2", "ó"))


def test_a_register_is_looked_up_once_a_batch_and_nobodys_never() -> None:
    store = Store()
    registers = StoredRegisters(store)
    shelf, empty = registers.orders("C1"), registers.orders("C2")
    assert isinstance(shelf, Shelf)
    commit(store, {}, {("C1", f"o{n}"): order(1) for n in range(100)})
    for n in range(100):
        registers.note(shelf, f"o{n}", order(1))
    for _ in range(3):
        shelf["o7"] = order(2)
        assert shelf["o7"] == order(2)
        assert shelf.get("o8") == order(1)
        assert empty.get("o7") is None
    empty["o1"] = order(1)
    assert store.asked == 2
    assert len(list(shelf.items())) == len(shelf) == 100
    assert len(registers._batch) == 3
    registers.forget()
    assert shelf["o7"] == order(1)
    assert store.asked == 3


def test_one_customers_prefix_is_no_others() -> None:
    assert not prefix_of("order", "C1x").startswith(prefix_of("order", "C1"))
    assert not prefix_of("order", 'C1","o1').startswith(prefix_of("order", "C1"))
