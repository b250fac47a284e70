"""Laws that hold for any world: replay is the oracle, order and batches do not matter."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from driving import (
    AT,
    arrived,
    event,
    everything,
    figures_in,
    heads_in,
    nobody,
    plain,
    purchase,
    registers_of,
    replayed,
    scored,
    settled,
    snapshot_of,
    turned,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import raw_figures, score_everyone
from reference.figures import Figures
from strategies import Event, World, events, shuffled_with_duplicates, worlds

from nyxter_online.customer import Period
from nyxter_online.customers import Change, Customers
from nyxter_online.figures import NOBODY
from nyxter_online.places import bucket_of, former_tombstones, tombstone_of
from nyxter_online.population import Counts, merge_populations, merged
from nyxter_online.prfv import NULL
from nyxter_online.step import step
from schemas.rules import read_rules

GOLDEN_FIELDS = ("customer_id", "P", "R", "F", "V", "prfv", "bands", "tier", "campaigns")
GOLDEN_FIELDS += ("channel", "rfm")
LAW = settings(max_examples=40, deadline=None)

Profiles = dict[str, Any]


def golden(profiles: Profiles) -> Profiles:
    return {name: {f: whole[f] for f in GOLDEN_FIELDS} for name, whole in profiles.items()}


def raws(profiles: Profiles) -> Profiles:
    """Raw figures of profiles in the oracle's types."""
    return {name: (tuple(p["group"]), *_raw(p["raw"])) for name, p in profiles.items()}


def _raw(raw: dict[str, Any]) -> tuple[Any, ...]:
    points = raw["potential"]
    return (
        None if points is None else Decimal(points),
        raw["last_sale"] and date.fromisoformat(raw["last_sale"]),
        raw["first_sale"] and date.fromisoformat(raw["first_sale"]),
        raw["orders"],
        raw["frequency"],
        Decimal(raw["value"]),
    )


def expected_raws(world: World) -> Profiles:
    figures = raw_figures(world.events, world.rules.parsed, world.as_of)
    return {name: _expected(one) for name, one in figures.items()}


def _expected(one: Figures) -> tuple[Any, ...]:
    often = one.frequency / 1000
    points, last, first = one.points, one.last_sale, one.first_sale
    return one.group, points, last, first, one.orders, often, one.value


def oracle(world: World) -> Profiles:
    return score_everyone(world.events, world.rules.parsed, world.as_of)


def batches(world_events: list[Any], data: st.DataObject) -> list[list[Any]]:
    """The same list cut anywhere."""
    cuts = data.draw(st.lists(st.integers(0, len(world_events)), max_size=5).map(sorted), "cuts")
    edges = [0, *cuts, len(world_events)]
    return [world_events[a:b] for a, b in pairwise(edges)]


def partition(world: World, some: list[Event] | None = None) -> Customers:
    """The customers that a world's events (or some of them) come to, in one batch."""
    customers = nobody(world.rules.text, world.as_of)
    settled(customers, arrived(world.events if some is None else some, world.as_of))
    return customers


@LAW
@given(worlds())
def test_replay_is_the_oracle(world: World) -> None:
    profiles = replayed(world.events, world.rules.text, world.as_of).profiles
    assert golden(profiles) == oracle(world)
    assert raws(profiles) == expected_raws(world)
    assert list(profiles) == sorted(profiles)


@LAW
@given(worlds(), st.data())
def test_order_and_duplicates_change_nothing(world: World, data: st.DataObject) -> None:
    again = data.draw(shuffled_with_duplicates(world.events))
    one, other = partition(world), partition(world, again)
    assert registers_of(other) == registers_of(one)
    assert other.erased == one.erased
    assert figures_in(other) == figures_in(one)
    assert heads_in(other) == heads_in(one)
    assert scored(other) == scored(one)


@LAW
@given(worlds(), st.data())
def test_batches_of_any_cut_are_one_batch(world: World, data: st.DataObject) -> None:
    customers = nobody(world.rules.text, world.as_of)
    for batch in batches(arrived(world.events, world.as_of), data):
        settled(customers, batch)
    whole = partition(world)
    assert registers_of(customers) == registers_of(whole)
    assert figures_in(customers) == figures_in(whole)
    assert heads_in(customers) == heads_in(whole)
    assert scored(customers) == scored(whole)


@LAW
@given(worlds(), st.data())
def test_recorded_then_cancelled_is_never_recorded(world: World, data: st.DataObject) -> None:
    subject = data.draw(st.sampled_from(["K1", "Ação 7", "nobody else"]))
    amount = data.draw(st.sampled_from(["10.00", "-3", "12345678901234567890.1234567890"]))
    day = world.as_of - timedelta(days=data.draw(st.sampled_from([-1, 0, 1, 400])))
    made, void = (f"{world.as_of - timedelta(days=2)}T{hour}:00:00Z" for hour in (10, 11))
    order = purchase(subject, "new", ordered_on=str(day), value=amount, margin=amount, time=made)
    cancelled = event("purchase.cancelled", subject, order_id="new", time=void)
    customers = partition(world)
    for one in (order, cancelled):
        settled(customers, arrived([one], world.as_of))
    without = partition(world)
    assert heads_in(customers) == heads_in(without)
    assert scored(customers) == scored(without)


@LAW
@given(worlds(), st.data())
def test_undo_takes_back_all_of_a_batch(world: World, data: st.DataObject) -> None:
    batch = arrived(data.draw(events(world.as_of)), world.as_of)
    customers = partition(world)
    before, rows = everything(customers), len(customers.figures)
    step(customers, batch, snapshot_of(customers), AT)
    customers.undo()
    assert everything(customers) == before
    assert (customers.figures[rows:] == NOBODY).all()
    assert (customers.buckets >= 0).sum() == len(customers)
    assert (customers.standing[rows:] == NULL).all()
    settled(customers, batch)
    whole = partition(world)
    settled(whole, batch)
    assert registers_of(customers) == registers_of(whole)
    assert scored(customers) == scored(whole)


@LAW
@given(worlds(), st.data())
def test_figures_kept_up_are_figures_counted_anew(world: World, data: st.DataObject) -> None:
    parts = batches(arrived(world.events, world.as_of), data)
    ago = st.lists(st.integers(0, 400), min_size=len(parts), max_size=len(parts))
    days = sorted(data.draw(ago, "days before"), reverse=True)
    first = None if data.draw(st.booleans()) else world.as_of - timedelta(days=401)
    customers = nobody(world.rules.text, first)
    for batch, before in zip(parts, days, strict=True):
        settled(customers, batch)
        turned(customers, world.as_of - timedelta(days=before))
    turned(customers, world.as_of)
    kept = figures_in(customers), heads_in(customers), everything(customers)["customers"]
    customers.rebuild(Period(world.as_of.toordinal(), customers.period.rules))
    anew = figures_in(customers), heads_in(customers), everything(customers)["customers"]
    assert kept == anew
    profiles = scored(customers)
    assert golden(profiles) == oracle(world)
    assert raws(profiles) == expected_raws(world)


@LAW
@given(worlds(), st.integers(1, 800))
def test_day_by_day_is_at_once(world: World, days: int) -> None:
    slow, quick = (nobody(world.rules.text, world.as_of) for _ in "ab")
    for customers in (slow, quick):
        settled(customers, arrived(world.events, world.as_of))
    steps = {*range(1, min(days, 10)), days // 2, days - 1, days} - {0}
    for ahead in sorted(steps):
        turned(slow, world.as_of + timedelta(days=ahead))
    turned(quick, world.as_of + timedelta(days=days))
    assert everything(slow) == everything(quick)
    assert scored(slow) == scored(quick)


@LAW
@given(worlds(), st.sampled_from([1, 8, 40]))
def test_partitions_merge_to_one_and_part_again(world: World, count: int) -> None:
    parts: list[list[Event]] = [[] for _ in range(count)]
    for one in world.events:
        parts[bucket_of(one["subject"]) % count].append(one)
    split = [partition(world, part) for part in parts]
    populations = [c.head_count.population(c.groups) for c in split]
    whole = merge_populations(populations)
    assert plain(whole) == heads_in(partition(world))
    assert plain(merge_populations(populations[::-1])) == plain(whole)
    for index, taken in enumerate(populations):
        negative = {key: Counts(part.figures, -part.counts) for key, part in taken.items()}
        others = merge_populations([*populations[:index], *populations[index + 1 :]])
        assert plain(merge_populations([whole, negative])) == plain(others)


@LAW
@given(worlds(), st.data())
def test_changed_counts_add_up_to_the_population(world: World, data: st.DataObject) -> None:
    customers, known = nobody(world.rules.text, world.as_of), {}
    for number, batch in enumerate(batches(arrived(world.events, world.as_of), data)):
        settled(customers, batch)
        turned(customers, world.as_of + timedelta(days=number))
        known |= customers.head_count.changes(customers.groups)
        assert plain(known) == heads_in(customers)
    assert not customers.head_count.changes(customers.groups)


@LAW
@given(worlds(), st.data())
def test_changes_are_all_that_must_be_stored(world: World, data: st.DataObject) -> None:
    customers, restored = (nobody(world.rules.text, world.as_of) for _ in "ab")
    stored: dict[tuple[str, ...], Change] = {}
    for batch in batches(arrived(world.events, world.as_of), data):
        outcome = settled(customers, batch)
        stored |= {change[:3]: change for change in outcome.changes}
        restored.erased.update(outcome.erasures)
    for change in stored.values():
        if change.register is not None:
            restored.load(change.customer_id, change.kind, change.key, change.register)
    restored.rebuild(customers.period)
    settled(restored, arrived(world.events, world.as_of))  # nothing of it is news
    assert registers_of(restored) == registers_of(customers)
    assert restored.erased == customers.erased
    assert figures_in(restored) == figures_in(customers)
    assert heads_in(restored) == heads_in(customers)
    assert scored(restored) == scored(customers)


@LAW
@given(worlds(), st.data())
def test_who_is_erased_was_never_here(world: World, data: st.DataObject) -> None:
    """In whatever order the erasure and the events come, in whatever batches, however often."""
    subject = data.draw(st.sampled_from(sorted({one["subject"] for one in world.events} | {"K1"})))
    times = [e.time for e, _ in arrived(world.events, world.as_of) if e.subject == subject]
    last = max(times, default="2018-01-01T00:00:00") + "Z"
    erasure = event("customer.erased", subject, id="the last", time=last)
    told = data.draw(shuffled_with_duplicates([*world.events, erasure]))
    customers = nobody(world.rules.text, world.as_of)
    for batch in batches(arrived(told, world.as_of), data):
        settled(customers, batch)
    never = partition(world, [one for one in world.events if one["subject"] != subject])
    assert registers_of(customers) == registers_of(never)
    assert figures_in(customers) == figures_in(never)
    assert heads_in(customers) == heads_in(never)
    assert customers.mixture.statistics == never.mixture.statistics
    assert scored(customers) == scored(never)
    assert customers.erased == never.erased | {tombstone_of(b"")(subject): last[:-1]}


@LAW
@given(worlds(), st.data())
def test_a_new_secret_forgets_no_erasure(world: World, data: st.DataObject) -> None:
    before = batches(arrived(world.events, world.as_of), data)
    after = data.draw(shuffled_with_duplicates(world.events))
    old, customers = nobody(world.rules.text, world.as_of), later_secret(world)
    for batch in before:
        settled(old, batch)
    customers.erased.update(old.erased)  # the registers are lost, as by a fault: all comes again
    batch = arrived(after, world.as_of)
    step(customers, batch, snapshot_of(customers), AT)
    customers.undo()
    assert customers.erased == old.erased
    settled(customers, batch)
    whole = partition(world)
    assert registers_of(customers) == registers_of(whole)
    assert {c.id: c.erased for c in customers} == {c.id: c.erased for c in whole}


def later_secret(world: World) -> Customers:
    """Nobody yet, under a secret that came after none at all."""
    names = tombstone_of(b"later"), bucket_of, former_tombstones([b"", b"another"])
    return turned(Customers(read_rules(world.rules.text), *names), world.as_of)


def test_counts_that_cancel_out_are_gone() -> None:
    customers = nobody()
    settled(customers, arrived([purchase()]))
    counts = customers.head_count.population(customers.groups)["R", ()]
    assert len(merged([counts, Counts(counts.figures, -counts.counts)]).figures) == 0
