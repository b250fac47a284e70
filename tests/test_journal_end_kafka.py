"""Apache Kafka: whether state and journal end at the same entry is told from the journal's end."""

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from conftest import unique
from kafka_broker import KafkaBroker
from running import asked

from streams import topics
from streams.lane.changelog import opened
from streams.lane.records import Record
from streams.lane.transaction import TransactionalProducer
from streams.segmenter.entry import Composition, Entry
from streams.segmenter.journal_end import StateBehind, vouch
from streams.segmenter.progress import Progress

pytestmark = pytest.mark.kafka

COMPOSITION = Composition(1, 1, "rules", {0: 1}).value()


def entry(number: int) -> bytes:
    at = "2026-11-22T12:00:00Z"
    return Entry(number, at, "rules", 0, 0, None, False, [], None).value()


def said(client: Mapping[str, Any], reached: int) -> str:
    """What is said of state that ends at an entry; "" where it may be gone on from."""
    try:
        vouch(client, "the-changelog", 0, list(Progress(entry=reached)) if reached else None)
    except StateBehind as refusal:
        return str(refusal)
    return ""


@pytest.fixture
def client(kafka: KafkaBroker, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Settings of clients of a broker whose journal is a topic of the test's own."""
    settings = {"bootstrap.servers": kafka.bootstrap}
    monkeypatch.setattr(topics, "JOURNAL", unique("journal"))
    topics.create(AdminClient(settings), [topics.Topic(topics.JOURNAL, 1, "delete")])

    def end() -> int:
        with opened(settings, topics.JOURNAL, 0) as log:
            return log.end

    assert asked(end) == 0
    return settings


def test_state_ends_where_its_journal_does(client: dict[str, Any]) -> None:
    assert said(client, 0) == ""
    lane = TransactionalProducer(client, unique("lane"), 0)
    leader = TransactionalProducer(client, unique("leader"), 0)
    for number in range(1, 31):
        lane.write([Record(topics.JOURNAL, None, entry(number))])
    leader.write([Record(topics.JOURNAL, None, COMPOSITION)] * 500)
    assert said(client, 30) == ""
    assert "ends at journal entry 29, but the journal goes on to 30" in said(client, 29)
    assert "ends at journal entry 0, but the journal goes on to 30" in said(client, 0)
    assert "ends at entry 30, but the state in the-changelog at 31" in said(client, 31)


def test_an_open_transaction_of_the_leader_hides_nothing(client: dict[str, Any]) -> None:
    leader = Producer(client | {"transactional.id": unique("leader")})
    leader.init_transactions(30)
    leader.begin_transaction()
    leader.produce(topics.JOURNAL, COMPOSITION, partition=0)
    leader.flush(30)
    lane = TransactionalProducer(client, unique("lane"), 0)
    lane.write([Record(topics.JOURNAL, None, entry(1))])
    ending = threading.Timer(1, leader.abort_transaction)
    ending.start()
    assert said(client, 1) == ""
    ending.join()
    assert "but the journal goes on to 1" in said(client, 0)
