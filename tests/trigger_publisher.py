"""Triggers of a few customers, as lanes publish them: fired, suppressed, told again, aborted."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from cache_at_work import Segmenter
from cache_samples import transition

from nyxter_online.journey import Decision, Journey, Transition
from nyxter_online.publishing import Occasion
from nyxter_online.triggering import trigger_event
from schemas.outputs import Suppression
from schemas.rules import read_rules
from streams.lane.partitioner import partition_of

PARTITIONS = 3
JOURNEY = Journey(read_rules(""))
DAY = date(2026, 11, 22).toordinal()
OCCASION = Occasion("customer", "2026-11-22T13:00:00.123Z", DAY, 12, "0f3a9c1d2b4e5f60", None)
WHY = {"cause": "customer", "event": None, "day": "2026-11-22", "snapshot": 12, "before": None}


def trigger(customer: str, number: int, suppressed: Suppression | None) -> dict[str, Any]:
    """Return a trigger as the segmenter publishes it."""
    found = JOURNEY.by_name["tier:vip"]
    entered = Transition("tier", None, "vip", "customer", f"transition {number}")
    decision = Decision(found, entered, suppressed)
    return trigger_event(customer, decision, "representante", OCCASION, WHY)


class Publisher:
    """Publishes as the lanes do: a transaction a partition at a time, some of them aborted.

    `fired` are the committed triggers that fired, by id, in their order.
    """

    def __init__(self, broker: str, chance: random.Random) -> None:
        self.fired: dict[str, dict[str, Any]] = {}
        self._lanes = [Segmenter(broker) for _ in range(PARTITIONS)]
        self._chance = chance
        self._number = 0

    def publish(self, transactions: int) -> None:
        for _ in range(transactions):
            self._publish(self._chance.randrange(PARTITIONS))

    @contextmanager
    def in_transaction(self) -> Iterator[dict[str, Any]]:
        """Publish a trigger that is committed only when the block is left."""
        customer, lane = self._customer(0), self._lanes[0]
        event = trigger(customer, self._number + 1, None)
        lane.begin()
        lane.tell(customer, event)
        lane.flush()
        yield event
        lane.commit()

    def _publish(self, partition: int) -> None:
        lane, committed = self._lanes[partition], self._chance.random() < 0.7
        lane.begin()
        for _ in range(self._chance.randint(1, 4)):
            self._tell(lane, partition, committed)
        if committed:
            lane.commit()
        else:
            lane.abort()

    def _tell(self, lane: Segmenter, partition: int, committed: bool) -> None:
        self._number += 1
        customer = self._customer(partition)
        luck = self._chance.random()
        if luck < 0.2:
            lane.tell(customer, transition("tier", None, "vip"), partition=partition)
        elif luck < 0.4:
            event = trigger(customer, self._number, "cool_down")
            lane.tell(customer, event, partition=partition)
        elif luck < 0.6 and (again := self._told_before(partition)):
            lane.tell(again["subject"], again, partition=partition)
        else:
            event = trigger(customer, self._number, None)
            lane.tell(customer, event, partition=partition)
            if committed:
                self.fired[event["id"]] = event

    def _customer(self, partition: int) -> str:
        ours = (f"customer-{n}" for n in range(1000))
        there = [c for c in ours if partition_of(c.encode(), PARTITIONS) == partition]
        return self._chance.choice(there[:10])

    def _told_before(self, partition: int) -> dict[str, Any] | None:
        """Return a trigger of a partition that was told already, as a second release would."""
        told = [
            e
            for e in self.fired.values()
            if partition_of(e["subject"].encode(), PARTITIONS) == partition
        ]
        return self._chance.choice(told) if told else None
