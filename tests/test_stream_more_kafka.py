"""Apache Kafka once more: erasures, aborted inputs, fencing, days, logs and topics that differ."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import Producer
from kafka_broker import KafkaBroker
from running import System, same_profiles, wait_until

from nyxter_online.places import tombstone_of
from schemas.envelope import dumps, loads
from schemas.instant import business_today
from streams import topics
from streams.clock import now_ms
from streams.journal_replay import check_joined
from streams.lane.changelog import read_changelog
from streams.lane.partitioner import partition_of
from streams.lane.transaction import TransactionalProducer

pytestmark = pytest.mark.kafka

NAMES = ("leaves", "comes", "stays")
RULES = """
[analysis]
window_days = 30
compare_by = ["customer_type"]
"""


def today() -> date:
    return business_today(now_ms())


def event(kind: str, subject: str, *, minutes: int = 60, **data: Any) -> dict[str, Any]:
    """An event of some minutes ago."""
    return {
        "specversion": "1.0",
        "id": f"e{minutes}",
        "source": "/erp",
        "type": f"nyxter.{kind}.v1",
        "subject": subject,
        "time": (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(),
        "data": data,
    }


def purchase(
    subject: str, order: str = "o1", *, days: int = 0, minutes: int = 60, value: int = 10
) -> dict[str, Any]:
    """An order of some days ago."""
    return event(
        "purchase.recorded",
        subject,
        minutes=minutes,
        order_id=order,
        ordered_on=str(today() - timedelta(days=days)),
        operation_nature="5102",
        value=value,
    )


def crowd(count: int = 24) -> list[dict[str, Any]]:
    """Customers of both partitions, some of whose orders leave the period soon or come due."""
    return [
        one
        for n in range(count)
        for one in (
            purchase(f"C{n}", days=(0, 5, 28, 29, 30)[n % 5], value=n),
            purchase(f"C{n}", "ahead", days=-1, value=3 * n),
        )
    ]


@pytest.fixture(scope="module")
def shared(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system with customers and a worker "a", for tests that leave both in order."""
    directory = tmp_path_factory.mktemp("more")
    with closing(System(kafka.bootstrap, directory, RULES, partitions=2)) as running:
        running.start("a")
        running.send(crowd())
        running.settle()
        yield running


def assert_in_order(system: System, as_of: date) -> None:
    """Nothing is missing, nothing is there twice, and the profiles are replay's."""
    entries, _ = system.journal()
    for partition, listed in entries.items():
        check_joined(partition, listed)
    ids = Counter(one["id"] for one in system.events())
    assert max(ids.values()) == 1
    assert same_profiles(system.profiles(), system.replayed(as_of)) == []


def stored(system: System, partition: int) -> dict[bytes, bytes]:
    name = topics.changelog(system.settings)
    return read_changelog(system._client, name, partition)


def home(system: System, subject: str) -> int:
    return partition_of(subject.encode(), system.settings.partitions)


def test_an_erased_customer_leaves_a_hidden_name_and_nothing_else(shared: System) -> None:
    name = "to be forgotten"
    contract = {"contract_id": "k1", "product": "RH", "brand": "RM", "status": "ATIVO"}
    shared.send(
        [
            purchase(name),
            event("contract.recorded", name, signed_on="2020-01-01", **contract),
            event("customer.recorded", name, city="Joinville"),
        ]
    )
    wait_until(lambda: name in shared.profiles(), "the customer has a card")
    shared.send([event("customer.erased", name, minutes=30)])
    wait_until(lambda: name not in shared.profiles(), "the card is gone")
    records = [m for m in shared.read(topics.PROFILES) if m.key() == name.encode()]
    assert records[-1].value() is None
    shared.send([purchase(name, "late", minutes=45)])  # older than the erasure
    shared.settle()
    state = stored(shared, home(shared, name))
    assert not [key for key, value in state.items() if name.encode() in key + value]
    hidden = dumps(["erased", tombstone_of(b"")(name)])
    assert loads(state[hidden]) > "2026"
    assert name not in shared.profiles()
    shared.send([purchase(name, "afresh", minutes=5)])
    shared.settle()
    assert shared.profiles()[name]["raw"]["orders"] == 1
    left = [one["data"] for one in shared.events() if one["subject"] == name]
    changes = [data for data in left if "new" in data]
    gone = [data for data in changes if data["kind"] == "tier" and data["new"] is None]
    assert len(gone) == 1
    assert_in_order(shared, today())


def test_what_was_aborted_upstream_is_not_read(shared: System) -> None:
    def write(subjects: list[str]) -> None:
        upstream.begin_transaction()
        for subject in subjects:
            value = json.dumps(purchase(subject)).encode()
            upstream.produce(topics.PURCHASES, value, subject.encode())
        upstream.flush()

    upstream = Producer({**shared._client, "transactional.id": "upstream"})
    upstream.init_transactions(30)
    write([f"aborted {n}" for n in range(6)])
    upstream.abort_transaction(30)
    write([f"committed {n}" for n in range(6)])
    upstream.commit_transaction(30)
    wait_until(
        lambda: sum("committed" in name for name in shared.profiles()) == 6,
        "what was committed has arrived",
    )
    shared.settle()
    assert not [name for name in shared.profiles() if "aborted" in name]
    assert not shared.read(topics.DEAD_LETTERS)
    assert_in_order(shared, today())


def test_a_lane_and_a_leader_that_are_fenced_go_on_from_what_is_committed(shared: System) -> None:
    before = shared.read(topics.SNAPSHOTS)[-1].offset()
    prefix = f"{shared.settings.app_id}-{topics.changelog(shared.settings)}"
    for name in (f"{prefix}-0", f"{prefix}-1", f"{shared.settings.app_id}-snapshot"):
        TransactionalProducer(shared._client, name, 0).close()
    shared.send(purchase(f"C{n}", "after", minutes=7) for n in range(24))
    shared.settle()
    assert shared.read(topics.SNAPSHOTS)[-1].offset() > before
    told = shared.log("a").read_text("utf-8")
    assert "lane fenced" in told
    assert "leading no more" in told
    assert_in_order(shared, today())


def test_a_day_that_turns_rolls_the_windows(shared: System) -> None:
    """The leader leads by its own clock, so one that starts after the day turned takes it over."""
    tomorrow = today() + timedelta(days=1)
    turned = event("day.turned", "nyxter", day=str(tomorrow)) | {"id": f"day-{tomorrow}"}
    shared.send([purchase("leaves", days=29), purchase("comes", days=-1), purchase("stays")])
    shared.settle()
    before = shared.profiles()
    key, value = f"day-{tomorrow}".encode(), json.dumps(turned).encode()
    for partition in range(2):
        shared.produce(topics.CONTROL, key, value, partition=partition)
    wait_until(
        lambda: {p.day for _, p in shared.progress().values()} == {tomorrow.toordinal()},
        "every partition has turned",
    )
    assert shared.stop("a") == 0
    shared.start("a")
    shared.settle()
    after = shared.profiles()
    assert {profile["day"] for profile in after.values()} == {str(tomorrow)}
    orders = {name: (before[name]["raw"]["orders"], after[name]["raw"]["orders"]) for name in NAMES}
    assert orders == {"leaves": (1, 0), "comes": (0, 1), "stays": (1, 1)}
    causes = {one["subject"]: one["data"]["why"]["cause"] for one in shared.events()}
    assert causes["leaves"] == causes["comes"] == "time"
    assert shared.alive("a")
    assert_in_order(shared, tomorrow)
