"""What the watchdog of a worker reports, by a clock of the test's own."""

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams.embedded import free_port
from streams.kafka.group import GroupUnknown, Member, client_id, group_members
from streams.lane.standstills import EVERY, Reason, Standstill, Standstills
from streams.monitoring import rules as rules_module
from streams.monitoring.broker import BrokerWatch
from streams.monitoring.rules import RulesWatch
from streams.monitoring.watchdog import Watchdog
from streams.place import Place
from streams.settings import Settings

ORDERS = Place("orders", 0)


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Broker:
    """Ends of topics, as long as it answers."""

    def __init__(self) -> None:
        self.ends = {ORDERS: 9}
        self.answers = True

    def committed(self, _: Any) -> dict[Place, int]:
        if not self.answers:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT))
        return dict(self.ends)


class Lanes:
    """The lanes of a worker that owns partition 0, as far as a watchdog looks at them."""

    def __init__(self, clock: Clock) -> None:
        self.config = SimpleNamespace(sources=("orders",), standstills=Standstills())
        self.owned = frozenset({0})
        self.is_joined = True
        self.turned_at = clock.now
        self.lane = SimpleNamespace(partition=0, positions={"orders": 9}, is_idle=True, shift=None)
        self.waits_for = "it waits for snapshot 7"

    def get(self, _: int) -> Any:
        return self.lane

    def __iter__(self) -> Iterator[Any]:
        return iter([self.lane])

    def failure(self, _: int) -> str:
        return ""

    def obstacle(self, _: int) -> str:
        return self.waits_for


class Worker:
    """A watchdog, and everything it looks at."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.broker = Broker()
        self.lanes = Lanes(self.clock)
        self.leader = SimpleNamespace(obstacle="", turned_at=self.clock.now)
        self.watch = BrokerWatch(cast("Any", self.broker), ORDERS, list, self.clock)
        self.dog = Watchdog(
            cast("Any", self.lanes), self.watch, cast("Any", self.leader), self.clock
        )

    def after(self, seconds: int, *, turns: bool = True, leads: bool = True) -> dict[Any, str]:
        """Return what is reported after so many seconds, by reason and partition."""
        for _ in range(seconds):
            self.clock.now += 1
            self.watch.look()
            if turns:
                self.lanes.turned_at = self.clock.now
            if leads:
                self.leader.turned_at = self.clock.now
            self.dog.look()
        listed = self.lanes.config.standstills.current()
        return {(each.reason, each.partition): each.detail for each in listed}


@pytest.fixture
def worker() -> Worker:
    return Worker()


def test_nothing_is_reported_where_all_goes_well(worker: Worker) -> None:
    assert worker.after(60) == {}


def test_a_silent_broker_is_reported_by_the_clock_alone_until_it_answers(worker: Worker) -> None:
    worker.after(1)
    worker.broker.answers = False
    assert worker.after(6) == {}
    found = worker.after(1)
    assert found == {(Reason.BROKER_SILENT, EVERY): "the broker has not answered for more than 6 s"}
    assert worker.after(60) == found
    worker.broker.answers = True
    assert worker.after(1) == {}


def test_a_question_that_hangs_delays_nothing(worker: Worker) -> None:
    hangs = threading.Event()
    worker.broker.committed = lambda _: hangs.wait(60) and {}  # type: ignore[method-assign,assignment,return-value]
    asking = threading.Thread(target=worker.watch.look)
    asking.start()
    worker.clock.now += 7
    worker.dog.look()
    assert worker.lanes.config.standstills.of(0)[0].reason == Reason.BROKER_SILENT
    hangs.set()
    asking.join()


def test_a_partition_that_stands_still_is_reported_with_what_it_waits_for(worker: Worker) -> None:
    worker.lanes.lane.positions = {"orders": 4}
    assert worker.after(10) == {}
    assert worker.after(1)[Reason.STALLED, 0].endswith("beyond 4; it waits for snapshot 7")
    worker.lanes.lane.positions = {"orders": 5}
    assert worker.after(1) == {}


def test_a_partition_whose_cause_is_known_is_reported_once(worker: Worker) -> None:
    deleted = Standstill(Reason.INPUT_DELETED, 0, "orders begins at 8", "restore it")
    worker.lanes.config.standstills.begin(deleted)
    worker.lanes.lane.positions = {"orders": 4}
    assert worker.after(20) == {(Reason.INPUT_DELETED, 0): "orders begins at 8"}


def test_while_the_broker_is_silent_nothing_is_said_of_partitions(worker: Worker) -> None:
    worker.after(1)
    worker.lanes.lane.positions = {"orders": 4}
    worker.broker.answers = False
    assert {reason for reason, _ in worker.after(40)} == {Reason.BROKER_SILENT}


def test_a_worker_that_the_group_does_not_let_in_is_reported(worker: Worker) -> None:
    worker.lanes.is_joined, worker.lanes.owned = False, frozenset()
    assert worker.after(10) == {}
    assert worker.after(1) == {(Reason.STALLED, EVERY): "the group has not let it in"}
    worker.lanes.is_joined = True
    assert worker.after(1) == {}


def test_a_loop_that_does_not_turn_is_reported(worker: Worker) -> None:
    found = worker.after(11, turns=False)
    assert found == {(Reason.STALLED, EVERY): "the loop that fetches messages does not turn"}
    assert worker.after(1) == {}


def test_a_leader_that_cannot_make_snapshots_is_reported_where_it_leads(worker: Worker) -> None:
    worker.leader.obstacle = "partition 3 has given no figures yet"
    assert worker.after(10) == {}
    found = worker.after(1)
    assert found == {(Reason.NO_SNAPSHOT, EVERY): "partition 3 has given no figures yet"}
    worker.lanes.owned = frozenset({1})
    assert worker.after(1) == {}


def test_a_leader_whose_call_hangs_is_reported(worker: Worker) -> None:
    assert worker.after(20, leads=False) == {}
    found = worker.after(2, leads=False)
    assert found == {(Reason.NO_SNAPSHOT, EVERY): "it waits for an answer of the broker"}


class Group:
    """Says who is in the group, by their client ids, or why it does not."""

    def __init__(self, *clients: str) -> None:
        self.clients = clients
        self.error = ""

    def members(self, *_: Any) -> list[Member]:
        if self.error:
            raise GroupUnknown(self.error)
        return [Member(name, "/10.0.0.7") for name in self.clients]


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Group:
    made = Group()
    monkeypatch.setattr(rules_module, "group_members", made.members)
    return made


def test_other_rules_in_the_group_are_reported_until_all_run_the_same(group: Group) -> None:
    old, new = client_id("nyxter", "0ld"), client_id("nyxter", "n3w")
    group.clients, standstills = (old, new, "another-client"), Standstills()
    watch = RulesWatch(Settings(), "n3w", standstills)
    watch.look()
    (found,) = standstills.current()
    assert (found.reason, found.partition) == (Reason.OTHER_RULES, EVERY)
    assert found.sentence == (
        "the worker stands still: this worker runs rules n3w, and others of the group run 0ld; "
        "start all workers with the same rules: until then no snapshot is made"
    )
    group.error = "TimeoutError"
    watch.look()
    assert standstills.current() == [found]
    group.error, group.clients = "", (new, new)
    watch.look()
    assert standstills.current() == []


def test_a_broker_that_does_not_say_who_is_in_the_group_is_no_standstill(group: Group) -> None:
    group.error, standstills = "UnsupportedVersionError", Standstills()
    RulesWatch(Settings(), "n3w", standstills).look()
    assert standstills.current() == []


def test_a_broker_that_nobody_reaches_does_not_say_who_is_in_the_group() -> None:
    with pytest.raises(GroupUnknown, match="KafkaConnectionError"):
        group_members(Settings(broker=f"127.0.0.1:{free_port()}"), "nyxter", 20)
