"""Bad input on Apache Kafka: each in the dead letters once, neighbours unharmed, worker alive."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from confluent_kafka import Message
from driving import replayed
from kafka_broker import KafkaBroker
from poisoned_worker import MARK
from running import System, same_profiles, wait_until

from schemas.instant import business_today
from streams import topics
from streams.app import now_ms
from streams.lane.partitioner import partition_of

pytestmark = pytest.mark.kafka

PARTITION = 0
NOW = datetime.now(UTC)
TODAY = business_today(now_ms())
WORKER = (str(Path(__file__).with_name("poisoned_worker.py")),)
PATIENCE_S = 45.0


def purchase(subject: str = "bad", **changes: Any) -> dict[str, Any]:
    """An order; a change to None takes a member away, from the event or from its data."""
    data = {"order_id": "o1", "ordered_on": str(TODAY), "operation_nature": "5102", "value": "10"}
    event = {
        "specversion": "1.0",
        "id": "e1",
        "source": "/erp",
        "type": "nyxter.purchase.recorded.v1",
        "subject": subject,
        "time": (NOW - timedelta(hours=1)).isoformat(),
        "data": data,
    }
    for name, value in changes.items():
        holder = data if name in {*data, "margin"} else event
        holder[name] = value
        if value is None:
            del holder[name]
    return event


def text(**changes: Any) -> bytes:
    return json.dumps(purchase(**changes)).encode()


def customer(**data: Any) -> bytes:
    return text(type="nyxter.customer.recorded.v1", data=data)


def binary(**changes: bytes | None) -> list[tuple[str, bytes | None]]:
    event = {name: str(value).encode() for name, value in purchase().items() if name != "data"}
    merged = {**event, **changes}
    return [(f"ce_{name}", value) for name, value in merged.items() if value != b""]


class Bad(NamedTuple):
    """A record that cannot be taken in, and what its reason must say."""

    reason: str
    value: bytes | None
    topic: str = topics.PURCHASES
    key: bytes | None = None
    headers: Any = None


ORDER = json.dumps(purchase()["data"]).encode()
NESTED = b'{"specversion":"1.0","data":' + b"[" * 60_000 + b"]" * 60_000 + b"}"
BAD = {
    "not JSON": Bad("not JSON", b"order;5102;10,00"),
    "not UTF-8": Bad("not JSON", b'{"specversion":"1.0","id":"\xff\xfe"}'),
    "cut off": Bad("not JSON", text()[:-9]),
    "nested without end": Bad("not JSON", NESTED),
    "half a surrogate": Bad("not JSON", text().replace(b'"e1"', b'"\\ud800"')),
    "NaN": Bad("not JSON", text().replace(b'"10"', b"NaN")),
    "NaN as a text": Bad("data.value: is not a decimal", text(value="NaN")),
    "infinite": Bad("data.margin: is not a decimal", text(margin="-Infinity")),
    "empty": Bad("not JSON", b""),
    "null value": Bad("no value", None),
    "an array": Bad("not a JSON object", b"[1,2]"),
    "a number": Bad("not a JSON object", b"17"),
    "not a CloudEvent": Bad("specversion", ORDER),
    "another version": Bad("specversion", text(specversion="0.3")),
    "unknown type": Bad("type is not one of", text(type="nyxter.purchase.recorded.v2")),
    "a control event among purchases": Bad("type is not one of", text(type=topics.CONTROL)),
    "no subject": Bad("subject is missing", text(subject=None)),
    "empty subject": Bad("subject is missing", text(subject="")),
    "subject a number": Bad("subject is not a text", text(subject=7)),
    "no time": Bad("time is missing", text(time=None)),
    "no id": Bad("id is missing", text(id=None)),
    "no source": Bad("source is missing", text(source=None)),
    "a time without offset": Bad("not an RFC 3339", text(time="2026-11-22T12:00:00")),
    "a time that does not exist": Bad("does not exist", text(time="2026-02-30T12:00:00Z")),
    "a time in 9999": Bad("24 hours ahead", text(time="9999-12-31T23:59:59Z")),
    "a time two days ahead": Bad(
        "24 hours ahead", text(time=(NOW + timedelta(days=2)).isoformat())
    ),
    "another key": Bad("not the subject", text(), key=b"somebody else"),
    "data a text": Bad("data is not a JSON object", text(data="o1")),
    "no order": Bad("data.order_id: is missing", text(order_id=None)),
    "order a number": Bad("data.order_id", text(order_id=5)),
    "a date that does not exist": Bad(
        "data.ordered_on: is a date that does not exist", text(ordered_on="2026-02-30")
    ),
    "a date of another style": Bad("data.ordered_on", text(ordered_on="22/11/2026")),
    "money of another style": Bad("data.value", text(value="1.234,56")),
    "money of too many digits": Bad("data.value", text(value="1e300")),
    "two at once": Bad(
        "data.order_id: is missing; data.ordered_on", text(order_id=None, ordered_on=1)
    ),
    "a negative quantity": Bad(
        "data.attributes", customer(attributes={"filiais": -1}), topics.CUSTOMERS
    ),
    "half a quantity": Bad(
        "data.attributes", customer(attributes={"filiais": 1.5}), topics.CUSTOMERS
    ),
    "a band beyond the last": Bad("data.revenue_band", customer(revenue_band=12), topics.CUSTOMERS),
    "a band of another style": Bad(
        "data.revenue_band", customer(revenue_band="grande"), topics.CUSTOMERS
    ),
    "a contract of nothing": Bad(
        "data.contract_id: is missing",
        text(type="nyxter.contract.recorded.v1", data={}),
        topics.CONTRACTS,
    ),
    "an erasure of nobody": Bad(
        "subject is missing", text(type="nyxter.customer.erased.v1", subject=None), topics.CUSTOMERS
    ),
    "control: not JSON": Bad("not JSON", b"turn!", topics.CONTROL),
    "control: null": Bad("no value", None, topics.CONTROL),
    "control: a purchase": Bad("type is not one of", text(), topics.CONTROL),
    "control: no day": Bad(
        "data.day: is missing", text(type="nyxter.day.turned.v1", data={}), topics.CONTROL
    ),
    "control: a day that does not exist": Bad(
        "data.day", text(type="nyxter.day.turned.v1", data={"day": "2026-02-30"}), topics.CONTROL
    ),
    "re-partitioned: not JSON": Bad("not JSON", b"\x00", topics.REPARTITION),
    "binary: no type": Bad("type is missing", ORDER, headers=binary(type=b"")),
    "binary: no subject": Bad("subject is missing", ORDER, headers=binary(subject=b"")),
    "binary: data not JSON": Bad("data is not JSON", b"o1;10", headers=binary()),
    "binary: no data": Bad("data.order_id: is missing", b"", headers=binary()),
    "binary: another format": Bad(
        "only JSON", ORDER, headers=[*binary(), ("content-type", b"application/avro")]
    ),
    "binary: a header not UTF-8": Bad("header is not UTF-8", ORDER, headers=binary(id=b"\xff")),
    "binary: a header without value": Bad("id is missing", ORDER, headers=binary(id=None)),
    "poison": Bad("the step failed on it: ArithmeticError", text(operation_nature=MARK)),
    "more poison": Bad(
        "the step failed on it: ArithmeticError",
        text(type="nyxter.contract.recorded.v1", data={"contract_id": MARK, "product": "p",
             "brand": "b", "status": "ATIVO", "signed_on": "2020-01-01"}),
        topics.CONTRACTS,
    ),
}  # fmt: skip


class Sent(NamedTuple):
    """What was sent: the place of each bad record, and the good events around them."""

    places: dict[str, tuple[str, int, int]]
    good: list[dict[str, Any]]


@pytest.fixture(scope="module")
def system(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    directory = tmp_path_factory.mktemp("bad")
    with closing(System(kafka.bootstrap, directory, partitions=2)) as running:
        running.start("a", WORKER)
        yield running


@pytest.fixture(scope="module")
def sent(system: System) -> Sent:
    """Send every bad record with good ones before and behind it, then wait until all is in."""
    producer, places, good = system.producer(), {}, []

    def note(name: str, message: Message) -> None:
        places[name] = (message.topic(), message.partition(), message.offset())

    def send_good(name: str, count: int, **options: Any) -> None:
        event = purchase(name, order_id=f"o{count}", value=count)
        good.append(event)
        value = options.pop("value", json.dumps(event).encode())
        producer.produce(topics.PURCHASES, value, name.encode(), PARTITION, **options)

    for number, (name, bad) in enumerate(BAD.items()):
        neighbour = f"N{number % 7}"
        send_good(neighbour, 2 * number)
        producer.produce(
            bad.topic,
            bad.value,
            bad.key,
            PARTITION,
            headers=bad.headers,
            on_delivery=lambda error, message, name=name: note(name, message) or error,
        )
        send_good(neighbour, 2 * number + 1)
    whole = purchase("B1", order_id="o0", value=0)
    headers = [(f"CE_{k}", str(v).encode()) for k, v in whole.items() if k != "data"]
    send_good("B1", 0, value=json.dumps(whole["data"]).encode(), headers=headers)
    send_good("B3", 0, headers=[("content-type", None), ("other", b"\xff")])
    structured = [("content-type", b"application/cloudevents+json; charset=utf-8")]
    send_good("B2", 0, headers=[*structured, ("ce_specversion", b"0.1")])
    assert producer.flush(60) == 0
    system.settle()
    return Sent(places, good)


def letters(system: System) -> dict[tuple[str, int, int], list[Message]]:
    """Dead letters by where they came from."""
    found: dict[tuple[str, int, int], list[Message]] = {}
    for message in system.read(topics.DEAD_LETTERS):
        said = {name: value for name, value in message.headers() if name.startswith("nyxter-")}
        place = (
            said["nyxter-topic"].decode(),
            int(said["nyxter-partition"]),
            int(said["nyxter-offset"]),
        )
        found.setdefault(place, []).append(message)
    return found


def test_each_is_a_dead_letter_once_with_its_bytes_and_a_reason(system: System, sent: Sent) -> None:
    found = letters(system)
    assert set(found) == set(sent.places.values())
    for name, bad in BAD.items():
        (letter,) = found[sent.places[name]]
        assert letter.value() == bad.value, name
        assert letter.key() == bad.key, name
        assert letter.partition() == PARTITION, name
        ours = letter.headers()[-4:]
        assert letter.headers()[:-4] == list(bad.headers or ()), name
        assert [n for n, _ in ours] == [
            "nyxter-reason",
            "nyxter-topic",
            "nyxter-partition",
            "nyxter-offset",
        ]
        assert bad.reason in ours[0][1].decode(), name


def test_neighbours_are_applied_and_the_worker_lives(system: System, sent: Sent) -> None:
    assert system.alive("a")
    expected = replayed(sent.good, "", TODAY).profiles
    assert set(system.profiles()) == set(expected)
    assert same_profiles(system.profiles(), expected) == []


def test_a_log_tells_nothing_that_an_event_says(system: System, sent: Sent) -> None:
    assert sent.good
    told = system.log("a").read_text("utf-8")
    assert "may quote a customer" not in told
    assert "Traceback" not in told


def at_home(partition: int) -> str:
    """A customer whose home is a partition of two."""
    return next(f"H{n}" for n in range(99) if partition_of(f"H{n}".encode(), 2) == partition)


def test_a_bad_message_as_large_as_the_broker_takes_stops_nobody(
    system: System, sent: Sent
) -> None:
    """Its dead letter is larger than itself by the headers that tell where it came from."""
    assert sent.good
    raw, neighbour = random.Random(7).randbytes(1_048_440), at_home(0)
    producer = system.producer()
    producer.produce(topics.PURCHASES, raw, None, 0)
    producer.produce(topics.PURCHASES, text(subject=neighbour), None, 0)
    assert producer.flush(60) == 0
    wait_until(lambda: neighbour in system.profiles(), "its neighbour is applied", PATIENCE_S)
    assert raw in [message.value() for message in system.read(topics.DEAD_LETTERS)]


def test_an_event_whose_register_is_larger_than_itself_stops_nobody(
    system: System, sent: Sent
) -> None:
    """A register holds the event's data and what was read of it: its attributes twice."""
    assert sent.good
    chance, name = random.Random(7), at_home(1)
    attributes = {chance.randbytes(30).hex(): 1 for _ in range(12_000)}
    large = text(subject=name, type="nyxter.customer.recorded.v1", data={"attributes": attributes})
    assert len(large) < 1_000_000
    producer = system.producer()
    producer.produce(topics.CUSTOMERS, large, None, 1)
    producer.produce(topics.PURCHASES, text(subject=name), None, 1)
    assert producer.flush(60) == 0
    wait_until(lambda: name in system.profiles(), "it is applied", PATIENCE_S)
    wait_until(lambda: system.profiles()[name]["raw"]["orders"], "what follows is too", PATIENCE_S)
