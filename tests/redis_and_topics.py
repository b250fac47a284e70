"""Redis beside the output topics that it is filled from, by the plainest of readings."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from confluent_kafka import Message
from oracles import miscounted
from redis import Redis

from schemas.envelope import loads
from streams.cards import PREFIX, members_key, read_card, read_history
from streams.place import Place
from streams.reader import records
from streams.topics import PROFILES, SEGMENT_EVENTS

HISTORY = 200


def differences(redis: Redis, bootstrap: str, partitions: int) -> list[str]:
    """What Redis says of anybody that the topics do not, and the other way round."""
    newest = {message.key(): message for message in read(bootstrap, PROFILES, partitions)}
    told = list(read(bootstrap, SEGMENT_EVENTS, partitions))
    alive = {key: loads(m.value()) for key, m in newest.items() if m.value() is not None}
    found = []
    for key in names(redis, "hash") | alive.keys():
        card, due = read_card(redis, key.decode()), alive.get(key)
        own = (
            {"version": newest[key].offset(), "updated_at": newest[key].timestamp()[1]}
            if due
            else {}
        )
        found += [f"{key!r}: card"] * (card != (due and due | own))
    histories = expected_histories(told)
    for key in names(redis, "stream") | alive.keys():
        due = histories.get(key, []) if key in alive else []
        held = [entry["offset"] for entry in read_history(redis, key.decode(), 2 * HISTORY)]
        found += [f"{key!r}: history {held[:9]}, not {due[:9]}"] * (held != due)
    return (
        found
        + wrong_members(redis, alive)
        + miscounted(redis, alive.values(), [loads(m.value()) for m in told])
    )


def own(message: Message) -> dict[str, Any]:
    """What the cache adds to a profile."""
    return {"version": message.offset(), "updated_at": message.timestamp()[1]}


def read(bootstrap: str, topic: str, partitions: int) -> Iterator[Message]:
    """All committed records of a topic, a partition after the other."""
    client = {"bootstrap.servers": bootstrap}
    for number in range(partitions):
        for piece in records(client, {Place(topic, number): 0}):
            yield from piece


def names(redis: Redis, kind: str) -> set[bytes]:
    """Customers who have a card ("hash") or a history ("stream"), if only a trace of one."""
    start, end = PREFIX + b"customer:{", b"}" if kind == "hash" else b"}:history"
    keys = redis.scan_iter(start + b"*" + end, count=5_000, _type=kind)
    return {key[len(start) : -len(end)] for key in keys}


def expected_histories(told: list[Message]) -> dict[bytes, list[int]]:
    """Offsets since each customer's last first tier, newest first."""
    found: dict[bytes, list[int]] = defaultdict(list)
    for message in told:
        event = loads(message.value())
        is_change = event["type"] == "nyxter.segment.changed.v1"
        if is_change and event["data"]["kind"] == "tier" and event["data"]["old"] is None:
            found[message.key()] = []
        found[message.key()].append(message.offset())
    return {key: listed[::-1][:HISTORY] for key, listed in found.items()}


def wrong_members(redis: Redis, alive: dict[bytes, Any]) -> list[str]:
    """Segments whose members are not those that profiles name."""
    due: dict[bytes, dict[bytes, float]] = defaultdict(dict)
    for key, profile in alive.items():
        segments = [profile["tier"], *profile["campaigns"]]
        segments += [profile["rfm"]["segment"]] if profile["rfm"] else []
        segments += [s for s in [profile["consumption"]["segment"]] if s != "unassigned"]
        for segment in segments:
            due[members_key(segment.encode())][key] = profile["prfv"] or 0.0
    held = {k: dict(redis.zrange(k, 0, -1, withscores=True)) for k in redis.keys(members_key(b"*"))}
    return [
        f"{key!r}: members" for key in held.keys() | due.keys() if held.get(key) != due.get(key)
    ]
