"""Fault 8: poison among good events, a batch without its codec, and kill -9 in the middle.

Each kind of bad input is one in a hundred of what is sent. Dead letters are the poison, once each;
neighbours are applied; no worker ends by itself; both oracles hold.
"""

import json
import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from bad_input import BAD, Bad, purchase, text
from confluent_kafka import Message, Producer
from driving import replayed
from kafka_broker import KafkaBroker
from oracles import assert_nothing_lost_nothing_twice
from poisoned_worker import MISSING
from running import System
from storm import today

from streams import topics
from streams.client import client_config
from streams.lane.partitioner import partition_of

pytestmark = pytest.mark.kafka

PARTITION, PARTITIONS = 0, 2
WORKER = (str(Path(__file__).parents[1] / "poisoned_worker.py"),)
RULES = "[limits]\nattributes = 20_000\nmessage_bytes = 1_040_000"
OURS = ["nyxter-reason", "nyxter-topic", "nyxter-partition", "nyxter-offset"]
Place = tuple[str, int, int]


class Sender:
    """Sends good events and bad records, and notes what it sent."""

    def __init__(self, system: System) -> None:
        self.good: list[dict[str, Any]] = []
        self.bad: dict[Place, Bad] = {}
        self._producer = system.producer()

    def send(self, bad: Bad, producer: Producer | None = None) -> None:
        """Send a bad record."""

        def note(error: Any, message: Message) -> None:
            assert error is None
            self.bad[message.topic(), message.partition(), message.offset()] = bad

        (producer or self._producer).produce(
            bad.topic, bad.value, bad.key, PARTITION, headers=bad.headers, on_delivery=note
        )

    def send_good(self, name: str, producer: Producer | None = None, **options: Any) -> None:
        """Send an order of a customer."""
        number = len(self.good)
        event = purchase(name, order_id=f"o{number}", value=number)
        self.good.append(event)
        value = options.pop("value", json.dumps(event).encode())
        where = options.pop("partition", PARTITION)
        key = name.encode()
        (producer or self._producer).produce(topics.PURCHASES, value, key, where, **options)

    def send_large(self, name: str) -> None:
        """Send an event whose register is larger than itself: it holds its attributes twice."""
        names = [random.Random(7).randbytes(27).hex() + f"{n:06}" for n in range(12_000)]
        data = {"attributes": dict.fromkeys(names, 1)}
        event = json.loads(text(subject=name, type="nyxter.customer.recorded.v1", data=data))
        self.good.append(event)
        value = json.dumps(event).encode()
        assert len(value) > 800_000
        home = partition_of(name.encode(), PARTITIONS)
        self._producer.produce(topics.CUSTOMERS, value, name.encode(), home)

    def send_in_other_forms(self) -> None:
        """Send good events in binary mode and with headers of all kinds."""
        whole = purchase("B1", order_id=f"o{len(self.good)}", value=len(self.good))
        headers = [(f"CE_{k}", str(v).encode()) for k, v in whole.items() if k != "data"]
        self.send_good("B1", value=json.dumps(whole["data"]).encode(), headers=headers)
        self.send_good("B3", headers=[("content-type", None), ("other", b"\xff")])
        structured = [("content-type", b"application/cloudevents+json; charset=utf-8")]
        self.send_good("B2", headers=[*structured, ("ce_specversion", b"0.1")])

    def flush(self) -> None:
        """Wait until all is on the broker."""
        assert self._producer.flush(60) == 0


@pytest.fixture
def system(kafka: KafkaBroker, tmp_path: Path) -> Iterator[System]:
    with closing(System(kafka.bootstrap, tmp_path, RULES, partitions=PARTITIONS)) as running:
        running.start("a", WORKER)
        yield running


def test_poison(system: System, *, whole: bool, chance: random.Random) -> None:
    sender, of_each = Sender(system), 200 if whole else 2
    mixed: list[Bad | None] = [None] * (100 * of_each)
    mixed[: len(BAD) * of_each] = list(BAD.values()) * of_each
    chance.shuffle(mixed)
    middle = len(mixed) // 2
    send(sender, mixed[:middle])
    send_compressed(system, sender)
    time.sleep(chance.uniform(0.5, 4.0))
    assert system.alive("a")
    system.kill("a")
    system.start("b", WORKER)
    send_compressed(system, sender)
    sender.send(Bad("not JSON", chance.randbytes(1_030_000)))
    sender.send(Bad("limits.message_bytes", chance.randbytes(1_048_440)))  # the broker's largest
    sender.send_large("L1")
    sender.send_in_other_forms()
    send(sender, mixed[middle:])
    system.settle(480 if whole else 120)
    assert system.alive("b")
    assert_dead_letters_are(system, sender.bad)
    profiles = replayed(sender.good, RULES, today()).profiles
    assert_nothing_lost_nothing_twice(system, today(), profiles)
    assert_logs_tell_nothing(system)


def send(sender: Sender, mixed: list[Bad | None]) -> None:
    """Send bad records, and where there is none a good event."""
    for number, bad in enumerate(mixed):
        if bad is None:
            sender.send_good(f"N{number % 7}")
        else:
            sender.send(bad)
    sender.flush()


def send_compressed(system: System, sender: Sender) -> None:
    """Send batches that no codec of the worker's decodes, good and bad in one, to two places."""
    options = {"compression.type": MISSING, "linger.ms": 500, "partitioner": "murmur2_random"}
    producer = Producer(client_config(system.settings) | options)
    for number in range(40):
        sender.send_good(f"N{number % 7}", producer)
        sender.send_good(f"Z{number % 3}", producer, partition=1)
    sender.send(BAD["no order"], producer)
    sender.send_good("Z9", producer)
    assert producer.flush(60) == 0


def assert_dead_letters_are(system: System, sent: dict[Place, Bad]) -> None:
    """Each bad record is a dead letter once, as it was, with its reason and its place."""
    letters: dict[Place, Message] = {}
    for letter in system.read(topics.DEAD_LETTERS):
        reason, topic, partition, offset = (value.decode() for _, value in letter.headers()[-4:])
        assert [name for name, _ in letter.headers()[-4:]] == OURS
        place = topic, int(partition), int(offset)
        assert place not in letters, f"{place} is there twice"
        letters[place] = letter
        assert place in sent, f"{place} was refused: {reason}"
        bad = sent[place]
        assert bad.reason in reason
        assert (letter.key(), letter.value()) == (bad.key, bad.value), reason
        assert letter.headers()[:-4] == list(bad.headers or ()), reason
        assert letter.partition() == PARTITION
    assert set(letters) == set(sent)


def assert_logs_tell_nothing(system: System) -> None:
    """What an event says is in no log; that a codec is missing is."""
    logs = [system.log(name).read_text("utf-8") for name in ("a", "b")]
    for log in logs:
        assert "may quote a customer" not in log
        assert "Traceback" not in log
    assert "UnsupportedCodecError" in "".join(logs)
