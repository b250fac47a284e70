"""A consumer to copy: acts once on each journey trigger that fired, whatever dies in between.

It reads the topic nyxter.segment-events.v1: CloudEvents in JSON, keyed by the customer's id, so
that all that is said of a customer is on one partition, in order. For each trigger that fired it
calls an API of yours (CONSUMER_TARGET). Why nothing is lost and nothing is done twice:

1. `read_committed`: what the segmenter took back is never seen.
2. What a batch asks for and the position after it are written in one transaction of *our*
   database, both or neither. Kafka's group hands out partitions and keeps no offsets for us.
3. The position moves only from where this process began to read (`WHERE next = ?`). A process that
   was paused while another one took over finds it moved, writes nothing and reads on from there.
4. Ids are stable and unique in `actions`: an event that is read again, because a topic was
   restored or positions were set back, is not acted on again. While positions stand they are
   enough by themselves, so ids older than the topic's retention (two years) may be deleted.
5. Actions are sent after the commit (an outbox), each with its event's id as idempotency key, and
   then marked. A process killed between the two has sent one that is sent again: this is at least
   once. The receiver, which passes over a key that it knows, makes it once.

All processes of a group share one database: SQLite on one machine; for several machines take
PostgreSQL (`seq` is then a bigserial), where these statements hold as well. `taken` and
`sent_oldest` are what must stay as they are; `is_wanted` and `act` are yours to change. Settings:

    NYXTER_BROKER    Kafka's bootstrap servers (127.0.0.1:9092)
    CONSUMER_KAFKA   more options of the Kafka client (TLS, SASL, ...), a JSON object
    CONSUMER_GROUP   the group that shares the partitions out (nyxter-actions)
    CONSUMER_DB      the database (actions.db)
    CONSUMER_START   for partitions that have no position yet: from which instant on to read
    CONSUMER_TARGET  the URL to POST events to; none: they are printed
"""

import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from confluent_kafka import Consumer, Message, TopicPartition

TOPIC = "nyxter.segment-events.v1"
BROKER = os.environ.get("NYXTER_BROKER", "127.0.0.1:9092")
OPTIONS = json.loads(os.environ.get("CONSUMER_KAFKA", "{}"))
GROUP = os.environ.get("CONSUMER_GROUP", "nyxter-actions")
DATABASE = os.environ.get("CONSUMER_DB", "actions.db")
START = os.environ.get("CONSUMER_START")
TARGET = os.environ.get("CONSUMER_TARGET")

ANSWER_S = 10.0
SEND_S = 5.0  # of each turn, so that we come back to Kafka long before it thinks us dead
FINAL = (*range(200, 300), 400, 422)  # done, or refused for ever; others are tried again

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS positions (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS actions (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    partition INTEGER NOT NULL,
    event TEXT,      -- dropped once the action is done
    status INTEGER,  -- what the receiver answered; NULL: to be sent
    taken_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS waiting ON actions (partition, seq) WHERE status IS NULL;
COMMIT;
"""


class NoRedirect(HTTPRedirectHandler):
    """A redirected POST would arrive as a GET, which asks for nothing: leave it as a failure."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def is_wanted(event: dict[str, Any]) -> bool:
    """Tell whether an event is a trigger that fired; other types on the topic are passed over."""
    return bool(
        event["type"] == "nyxter.journey.triggered.v1" and event["data"]["suppressed"] is None
    )


def act(event_id: str, event: str) -> int:
    """Do what a trigger asks for and return the receiver's answer, an HTTP status."""
    if TARGET is None:
        print(event, flush=True)
        return 200
    headers = {"Content-Type": "application/cloudevents+json", "Idempotency-Key": event_id}
    try:
        request = Request(TARGET, event.encode(), headers)  # noqa: S310 - the operator's own URL
        with build_opener(NoRedirect).open(request, timeout=ANSWER_S) as answer:
            return int(answer.status)
    except HTTPError as refusal:
        return refusal.code


def taken(db: sqlite3.Connection, partition: int, start: int, messages: list[Message]) -> bool:
    """Write a batch's actions and the position after it; False: the position is not ours to move.

    The move comes first: it locks the partition's row, and where it fails nothing is written.
    """
    asked = [(m.value().decode(), json.loads(m.value())) for m in messages if m.value()]
    actions = [(event["id"], partition, text) for text, event in asked if is_wanted(event)]
    move = "UPDATE positions SET next = ? WHERE partition = ? AND next = ?"
    with db:
        if db.execute(move, (messages[-1].offset() + 1, partition, start)).rowcount == 0:
            return False
        insert = "INSERT INTO actions (id, partition, event) VALUES (?, ?, ?)"
        db.executemany(f"{insert} ON CONFLICT (id) DO NOTHING", actions)
    return True


def send(db: sqlite3.Connection, partitions: Sequence[int]) -> None:
    """Send what waits in some partitions, in turn, until nothing does or it is time.

    The order is by chance, so that one that is slow does not starve the others for ever.
    """
    until = time.monotonic() + SEND_S
    waiting = random.sample(partitions, len(partitions))
    while waiting:
        waiting = [p for p in waiting if time.monotonic() < until and sent_oldest(db, p)]


def sent_oldest(db: sqlite3.Connection, partition: int) -> bool:
    """Send the oldest action that waits and mark it; False: there is none, or it is tried later.

    It is looked up just before it is sent: another process may have done it meanwhile.
    """
    waiting = "SELECT seq, id, event FROM actions WHERE partition = ? AND status IS NULL"
    row = db.execute(f"{waiting} ORDER BY seq LIMIT 1", (partition,)).fetchone()
    if row is None:
        return False
    seq, event_id, event = row
    try:
        status = act(event_id, event)
    except (OSError, HTTPException) as why:
        print(f"{event_id} will be sent again: {why}", file=sys.stderr)
        return False
    if status not in FINAL:
        print(f"{event_id} will be sent again: answer {status}", file=sys.stderr)
        return False
    with db:
        db.execute("UPDATE actions SET status = ?, event = NULL WHERE seq = ?", (status, seq))
    return True


def stored(db: sqlite3.Connection) -> dict[int, int]:
    """Return the offset to read next, by partition."""
    return dict(db.execute("SELECT partition, next FROM positions"))


def prepare(db: sqlite3.Connection, consumer: Consumer) -> None:
    """Give each partition a position at the first start; stop where the topic does not hold it."""
    positions = stored(db)
    for partition in consumer.list_topics(TOPIC, ANSWER_S).topics[TOPIC].partitions:
        position = positions.get(partition)
        low, high = consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), ANSWER_S)
        if position is None:
            first = first_of(consumer, partition, high)
            with db:
                insert = "INSERT INTO positions VALUES (?, ?) ON CONFLICT DO NOTHING"
                db.execute(insert, (partition, first))
        elif not low <= position <= high:
            sys.exit(
                f"{TOPIC} partition {partition} holds offsets {low} to {high}, our position is "
                f"{position}: the topic was made anew, or lost what we had not read yet. Delete "
                "the rows of `positions` and say with CONSUMER_START from when on to read again"
            )


def first_of(consumer: Consumer, partition: int, end: int) -> int:
    """Return the first offset from CONSUMER_START on, or the end where there is none."""
    if START is None:
        sys.exit(
            f"No position is stored for {TOPIC} partition {partition}: say from when on to read, "
            "such as CONSUMER_START=2026-11-22T00:00:00Z, or CONSUMER_START=1970-01-01T00:00:00Z "
            "for all there is"
        )
    instant = round(datetime.fromisoformat(START).timestamp() * 1000)
    asked = [TopicPartition(TOPIC, partition, instant)]
    offset = int(consumer.offsets_for_times(asked, ANSWER_S)[0].offset)
    return offset if offset >= 0 else end


def run(db: sqlite3.Connection, consumer: Consumer, stop: threading.Event) -> None:
    """Read, take and send until we are told to end."""
    nexts: dict[int, int] = {}  # partition that we own -> where this process reads on

    def go_on(consumer: Consumer, owned: list[TopicPartition]) -> None:
        positions = stored(db)
        nexts.clear()
        nexts.update({p.partition: positions[p.partition] for p in owned})
        consumer.assign([TopicPartition(TOPIC, number, at) for number, at in nexts.items()])

    consumer.subscribe([TOPIC], on_assign=go_on, on_revoke=lambda *_: nexts.clear())
    while not stop.is_set():
        for partition, messages in by_partition(consumer.consume(500, 0.2), nexts).items():
            if taken(db, partition, nexts[partition], messages):
                nexts[partition] = messages[-1].offset() + 1
            else:  # somebody else has gone on: read from where they are, while it is ours
                go_on(consumer, consumer.assignment())
                break
        send(db, list(nexts))


def by_partition(messages: list[Message], nexts: dict[int, int]) -> dict[int, list[Message]]:
    """Return what is new to us, by partition; end on an error that the client does not mend."""
    found: dict[int, list[Message]] = {}
    for message in messages:
        if error := message.error():
            sys.exit(f"{TOPIC}: {error.str()}")
        if message.partition() in nexts and message.offset() >= nexts[message.partition()]:
            found.setdefault(message.partition(), []).append(message)
    return found


def main() -> None:
    """Connect and run; leave the group in order when told to end (kill -9 does no harm either)."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    db = sqlite3.connect(DATABASE, timeout=30, isolation_level="IMMEDIATE")
    db.executescript(SCHEMA)
    ours = {
        "bootstrap.servers": BROKER,
        "group.id": GROUP,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "auto.offset.reset": "error",  # never jump: a position that is not there stops us
    }
    consumer = Consumer(OPTIONS | ours)
    try:
        prepare(db, consumer)
        run(db, consumer, stop)
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
