"""The whole comparison, made while nothing moves, or again."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from redis import Redis

from schemas.rules import Rules
from streams import topics
from streams.cache.held import behind
from streams.ends import Ends
from streams.lane.input_checks import find_holes
from streams.lane.inputs import Inputs
from streams.place import Place
from streams.reconcile.copies import Copies
from streams.reconcile.findings import CannotCompare, Findings
from streams.reconcile.outputs import Outputs
from streams.reconcile.profiles import compare_profiles
from streams.reconcile.settling import Settling
from streams.topics import SOURCES

_LOOK_S: Final = 0.5
_OUTPUTS: Final = (topics.PROFILES, topics.SEGMENT_EVENTS)
_WRITTEN: Final = (*_OUTPUTS, topics.DEAD_LETTERS, topics.JOURNAL)
_MOVING: Final = (*SOURCES, *_WRITTEN)


class System(NamedTuple):
    """What is compared.

    Attributes
    ----------
    client
        librdkafka settings that reach the broker.
    ends
        Tells where topics end.
    redis
        The client; None leaves Redis out.
    partitions, changelog, rules, secret
        As of the workers.
    former
        Rules that were in force before.

    """

    client: Mapping[str, Any]
    ends: Ends
    redis: Redis | None
    partitions: int
    changelog: str
    rules: Rules
    secret: bytes
    former: Sequence[Rules] = ()

    def ends_of(self, names: tuple[str, ...]) -> dict[Place, int]:
        """Return where topics end."""
        return self.ends.written(self._places(names))

    def is_writing(self) -> bool:
        """Tell whether a transaction is under way, or its end not yet told everywhere."""
        return self.ends.committed(self._places(_WRITTEN)) != self.ends_of(_WRITTEN)

    def _places(self, names: tuple[str, ...]) -> list[Place]:
        return [Place(topic, number) for topic in names for number in range(self.partitions)]


class Reconciling:
    """Waits until a system has settled, compares it, and does so again should it have moved.

    Parameters
    ----------
    system
        What is compared.
    journal
        Whether outputs are compared with those of the journal's replay.
    limit
        How many differences of each kind to keep.
    patience_s
        Seconds to wait for the system to settle, or to stand still.
    told
        Hears what is waited for or being done.

    """

    def __init__(
        self,
        system: System,
        *,
        journal: bool,
        limit: int,
        patience_s: float,
        told: Callable[[str], None],
    ) -> None:
        self._system = system
        self._journal = journal
        self._limit = limit
        self._told = told
        self._give_up_at = time.monotonic() + patience_s
        self._settling = Settling(system.client, system.partitions)
        self._inputs = Inputs(system.client, SOURCES)

    def run(self) -> dict[str, Findings]:
        """Return what was found, by what was compared: profiles, outputs, redis.

        Raises
        ------
        CannotCompare
            The system did not settle in time, or the oracle has nothing to say; why.
        KafkaException, RedisError
            The broker, or Redis, does not answer.

        """
        try:
            while True:
                ends = self._system.ends_of(_MOVING)
                if (missing := self._missing()) is None:
                    found = self._compare()
                    self._refuse_missing_inputs()
                    if ends == self._system.ends_of(_MOVING):
                        return found
                    missing = "the system moved on while it was compared"
                self._wait(missing)
        finally:
            self._settling.close()

    def _wait(self, missing: str) -> None:
        if time.monotonic() > self._give_up_at:
            raise CannotCompare(f"the system has not settled: {missing}")
        self._told(f"waiting: {missing}")
        time.sleep(_LOOK_S)

    def _missing(self) -> str | None:
        """Return what is still to come; None where all has settled."""
        missing = self._settling.missing()
        self._refuse_missing_inputs()
        if missing is not None:
            return missing
        if self._system.is_writing():
            return "a transaction is under way"
        if self._system.redis is None:
            return None
        lag = behind(self._system.redis, self._system.ends_of(_OUTPUTS))
        return f"Redis is {lag:,} records behind (is `nyxter cache` running?)" if lag else None

    def _refuse_missing_inputs(self) -> None:
        """Raise CannotCompare where inputs are gone that were applied, or are still to be."""
        for broken in self._settling.coverage.broken.values():
            raise CannotCompare(broken)
        for partition, history in self._settling.coverage.histories.items():
            there = self._inputs.look(partition)
            if (missing := history.missing(there)) is not None:
                raise CannotCompare(missing)
            for hole in find_holes(partition, history.next, history.topic_ids, there):
                raise CannotCompare(f"{hole.detail}; {hole.remedy}")

    def _is_skipped(self, topic: str, partition: int, offset: int) -> bool:
        return self._settling.coverage.histories[partition].is_skipped(topic, offset)

    def _compare(self) -> dict[str, Findings]:
        header, system = self._settling.coverage.header, self._system
        assert header is not None, "it has settled"
        if header.rules != system.rules.version:
            raise CannotCompare(
                f"the system works by the rules {header.rules}, --rules are {system.rules.version}"
            )
        found = {"profiles": Findings(self._limit)}
        self._told("profiles and the replay of the input topics")
        compare_profiles(
            system.client,
            system.partitions,
            system.rules,
            date.fromordinal(header.day),
            found["profiles"],
            self._is_skipped,
        )
        if self._journal:
            found["outputs"] = Findings(self._limit)
            self._told("outputs and the replay of the journal")
            outputs = Outputs(system.client, system.partitions, found["outputs"])
            outputs.compare(system.changelog, system.rules, system.secret, system.former)
        if system.redis is not None:
            found["redis"] = Findings(self._limit)
            self._told("Redis and the topics")
            copies = Copies(system.client, system.redis, system.partitions, found["redis"])
            copies.compare()
        return found
