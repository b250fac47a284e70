"""A whole system on a broker, for tests: topics, workers, events in, everything that came out."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Self

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from watching import Watching

from nyxter_online.replay import Replay
from schemas.instant import business_today, end_of_day_ms
from schemas.rules import Rules, read_rules
from streams import topics
from streams.client import client_config
from streams.clock import now_ms
from streams.embedded import HOST, free_port
from streams.ends import Ends
from streams.journal_replay import JournalReplay
from streams.lane.changelog import read_changelog, read_position
from streams.lane.groupless import COMMITTED, some, watermarks
from streams.place import Place
from streams.reader import records
from streams.reconcile.profiles import differing
from streams.reconcile.settling import Settling
from streams.segmenter.entry import Composition, Entry, read_entry
from streams.segmenter.progress import Progress
from streams.settings import Settings
from streams.topics import SOURCES

PATIENCE_S = 300.0  # a stalled machine is no failure
LAST_S = 240.0
TURNING_S = 20.0
NYXTER = ("-m", "streams.cli")
WRITTEN = (topics.PROFILES, topics.SEGMENT_EVENTS, topics.DEAD_LETTERS, topics.JOURNAL)
TOPIC_OF = {
    "purchase": topics.PURCHASES,
    "contract": topics.CONTRACTS,
    "customer": topics.CUSTOMERS,
}


class System:
    """Topics and workers on one broker; `close` ends the workers and removes the topics.

    Parameters
    ----------
    broker
        Its address.
    directory
        Where logs go.
    rules
        Text of the rules file.
    partitions, replication
        Of every topic.

    Attributes
    ----------
    watching
        Where those are listed who watch the workers (`watching`); None: they are not watched.

    """

    watching: ClassVar[list[Watching] | None] = None

    def __init__(
        self,
        broker: str,
        directory: Path,
        rules: str = "",
        partitions: int = 4,
        replication: int = 1,
    ) -> None:
        self.settings = Settings(
            broker=broker,
            partitions=partitions,
            replication=replication,
            session_timeout_s=6,
            rebalance_timeout_s=6,
            data_dir=directory,
        )
        self.former: list[Rules] = []
        self.rules: Rules = read_rules(rules)
        self.directory = directory
        self._rules_file = directory / "rules.toml"
        self._rules_file.write_text(rules, "utf-8")
        self._client = dict(client_config(self.settings))
        self._admin = AdminClient(self._client)
        self._ends = Ends(self._admin)
        self._settling: Settling | None = None
        self._workers: dict[str, subprocess.Popen[bytes]] = {}
        self._monitors: dict[str, str] = {}
        self._watching: Watching | None = None
        topics.create(self._admin, topics.every_topic(self.settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Workers

    def start(self, name: str, program: Sequence[str] = NYXTER, **environment: str) -> int:
        """Start a worker, or a program that makes one otherwise; return its process id.

        `environment` goes before what all processes of the system are told.
        """
        arguments = ("worker", "--rules", str(self._rules_file))
        self._monitors.setdefault(name, f"{HOST}:{free_port()}")
        ours = {"NYXTER_MONITOR": self._monitors[name]} if self.watching is not None else {}
        self._watch(name)
        return self._run(name, *arguments, program=program, **(ours | environment))

    def monitor(self, name: str) -> str:
        """Return the address at which a watched worker says how it is."""
        return self._monitors[name]

    def _watch(self, name: str) -> None:
        if self.watching is None:
            return
        if self._watching is None:
            self._watching = Watching(self.settings, self._client)
            self.watching.append(self._watching)
        self._watching.add(name, self._monitors[name])

    def change_rules(self, rules: str) -> None:
        """Give workers that start from now on other rules."""
        self.former.append(self.rules)
        self.rules = read_rules(rules)
        self._rules_file.write_text(rules, "utf-8")

    def start_cache(self, name: str, redis_url: str, **environment: str) -> int:
        """Start a cache; return its process id."""
        return self._run(name, "cache", **{"NYXTER_REDIS_URL": redis_url, **environment})

    def _run(
        self, name: str, *command: str, program: Sequence[str] = NYXTER, **environment: str
    ) -> int:
        ours = {
            "NYXTER_BROKER": self.settings.broker,
            "NYXTER_PARTITIONS": str(self.settings.partitions),
            "NYXTER_REPLICATION": str(self.settings.replication),
            "NYXTER_SESSION_TIMEOUT_S": str(self.settings.session_timeout_s),
            "NYXTER_REBALANCE_TIMEOUT_S": str(self.settings.rebalance_timeout_s),
            "NYXTER_QUIET_S": "1",
        }
        with self.log(name).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *program, *command],
                env=os.environ | ours | environment,
                stdout=log,
                stderr=log,
                cwd=self.directory,
            )
        self._workers[name] = process
        return process.pid

    def log(self, name: str) -> Path:
        """Return the log file of a worker."""
        return self.directory / f"{name}.log"

    def kill(self, name: str) -> None:
        """End a worker with SIGKILL."""
        worker = self._workers.pop(name)
        worker.kill()
        worker.wait()

    def stop(self, name: str, patience_s: float = 30) -> int:
        """End a worker as an operator does; return its exit status."""
        worker = self._workers[name]
        worker.send_signal(signal.SIGTERM)
        status = worker.wait(patience_s)
        del self._workers[name]
        return status

    def ended(self, name: str) -> int:
        """Wait until a worker ends by itself; return its exit status."""
        return self._workers.pop(name).wait(PATIENCE_S)

    def pid(self, name: str) -> int:
        """Return the process id of a worker that was started."""
        return self._workers[name].pid

    def alive(self, name: str) -> bool:
        """Tell whether a worker still runs."""
        return self._workers[name].poll() is None

    def close(self) -> None:
        """End all workers and remove the topics."""
        if self._watching is not None:
            self._watching.stop()
        for name in list(self._workers):
            self.kill(name)
        if self._settling is not None:
            self._settling.close()
        there = self._admin.list_topics(timeout=10).topics
        names = [t.name for t in topics.every_topic(self.settings) if t.name in there]
        for future in self._admin.delete_topics(names).values():
            future.result(30)
        wait_until(
            lambda: not set(names) & set(self._admin.list_topics(timeout=10).topics),
            "topics are gone",
        )

    # Input

    def producer(self, partitioner: str = "murmur2_random") -> Producer:
        """Return a producer whose keys go to partitions by a partitioner."""
        return Producer(self._client | {"partitioner": partitioner, "linger.ms": 5})

    def send(self, events: Iterable[Mapping[str, Any]], partitioner: str = "murmur2_random") -> int:
        """Send events to their topics; return how many."""
        return deliver(self.producer(partitioner), events)

    def produce(self, topic: str, key: bytes | None, value: bytes | None, **options: Any) -> None:
        """Send one raw record."""
        producer = self.producer()
        producer.produce(topic, value, key, **options)
        producer.flush()

    # Output

    def read(self, topic: str) -> list[Message]:
        """Return all committed records of a topic, each partition in its order."""
        consumer = Consumer({**self._client, **COMMITTED})
        count = 1 if topic == topics.SNAPSHOTS else self.settings.partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in range(count)])
        records: list[Message] = []
        ended: set[int | None] = set()
        while len(ended) < count:
            for message in some(consumer, 5_000, 0.2):
                error = message.error()
                if error is None:
                    records.append(message)
                    continue
                assert error.code() == KafkaError._PARTITION_EOF, error
                ended.add(message.partition())
        consumer.close()
        return records

    def profiles(self) -> dict[str, Any]:
        """Return the latest profile of every customer who has one."""
        latest: dict[str, Any] = {}
        for message in self.read(topics.PROFILES):
            value = message.value()
            latest[message.key().decode()] = None if value is None else json.loads(value)
        return {name: profile for name, profile in latest.items() if profile is not None}

    def events(self) -> list[dict[str, Any]]:
        """Return all segment events."""
        return [json.loads(message.value()) for message in self.read(topics.SEGMENT_EVENTS)]

    def journal(self) -> tuple[dict[int, list[Entry]], list[Composition]]:
        """Return the journal entries by partition, and the compositions of snapshots."""
        entries: dict[int, list[Entry]] = defaultdict(list)
        compositions = []
        for message in self.read(topics.JOURNAL):
            entry = read_entry(message.value())
            if isinstance(entry, Entry):
                entries[message.partition()].append(entry)
            elif isinstance(entry, Composition):
                compositions.append(entry)
        return entries, compositions

    # Oracles

    def replayed(self, as_of: date) -> dict[str, Any]:
        """Return what a plain replay of all input gives, by customer."""
        replay = Replay(self.rules, as_of)
        inputs = (topics.PURCHASES, topics.CONTRACTS, topics.CUSTOMERS)
        lines = [m.value() for topic in inputs for m in self.read(topic) if m.value()]
        for _ in replay.feed(lines):
            pass
        listed = (json.loads(json.dumps(p)) for profiles, _ in replay.score() for p in profiles)
        return {profile["customer_id"]: profile for profile in listed}

    def journal_replayed(self) -> dict[str, list[tuple[int, bytes | None, bytes | None]]]:
        """Return, by topic, what the replay of the journal gives: partition, key and value."""
        replay = JournalReplay(
            self._client,
            self.settings.partitions,
            topics.changelog(self.settings),
            self.rules,
            b"",
            former=self.former,
        )
        outputs = defaultdict(list)
        for partition, record in replay.run():
            outputs[record.topic].append((partition, record.key, record.value))
        return outputs

    # Waiting

    def progress(self) -> dict[int, tuple[Mapping[str, int], Progress]]:
        """Return position and progress of each partition that has any."""
        name = topics.changelog(self.settings)
        reached = {}
        for number in range(self.settings.partitions):
            position = read_position(read_changelog(self._client, name, number))
            if position is not None:
                reached[number] = position.next, Progress(*position.memo)
        return reached

    def ends(self) -> dict[tuple[str, int], int]:
        """Return the offset after the last message of every partition of the source topics."""
        consumer = Consumer(self._client | {"group.id": "none"})
        numbers = range(self.settings.partitions)
        places = [(topic, number) for topic in SOURCES for number in numbers]
        marks = {p: watermarks(consumer, TopicPartition(*p), 20)[1] for p in places}
        consumer.close()
        return marks

    def ends_at_rest(self) -> dict[Place, int]:
        """Wait until no transaction is under way; return where what workers write ends."""
        places = [Place(topic, n) for topic in WRITTEN for n in range(self.settings.partitions)]
        ends: dict[Place, int] = {}

        def at_rest() -> bool:
            ends.update(self._ends.written(places))
            return self._ends.committed(places) == ends

        wait_until(at_rest, "no transaction is under way")
        return ends

    def is_settled(self) -> bool:
        """Tell whether a snapshot covers all input and every card is exact by it and the rules."""
        if self._settling is None:
            self._settling = Settling(self._client, self.settings.partitions)
        if self._settling.missing() is not None:
            return False
        header = self._settling.coverage.header
        return header is not None and header.rules == self.rules.version

    def names_customers(self) -> bool:
        """Tell whether the mixture has given everybody a profile whom it is for."""
        reached = [progress for _, progress in self.progress().values()]
        return len(reached) == self.settings.partitions and all(
            progress.checkpoint > 0 and progress.bucket is None for progress in reached
        )

    def is_applied(self) -> bool:
        """Tell whether every partition has come to the last message of every input."""
        reached = {number: following for number, (following, _) in self.progress().items()}
        if len(reached) < self.settings.partitions:
            return False
        starts = {Place(t, n): at.get(t, 0) for n, at in reached.items() for t in SOURCES}
        return not any(records(self._client, starts))

    def settle(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until a snapshot covers all input and every card is exact by it.

        In the last minutes of a business day, on the next: what is compared has to be of one day.
        """
        left_s = (end_of_day_ms(business_today(now_ms())) - now_ms()) / 1000
        if left_s < LAST_S:
            time.sleep(left_s + TURNING_S)
        wait_until(self.is_settled, "everything is covered and settled", patience_s)


def deliver(producer: Producer, events: Iterable[Mapping[str, Any]]) -> int:
    """Send events to their topics; return how many."""
    count = 0
    for count, event in enumerate(events, 1):  # noqa: B007
        topic = TOPIC_OF[event["type"].split(".")[1]]
        producer.produce(topic, json.dumps(event).encode(), event["subject"].encode())
        producer.poll(0)
    producer.flush()
    return count


def wait_until(condition: Any, what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait for a condition; fail with `what` was waited for."""
    limit = time.monotonic() + patience_s
    while not _holds(condition):
        assert time.monotonic() < limit, f"waited {patience_s:.0f} s in vain until {what}"
        time.sleep(0.2)


def asked(question: Any) -> Any:
    """Return the answer to a question to the broker, however often it has to be put."""
    answers: list[Any] = []
    wait_until(lambda: answers.append(question()) or True, "the broker answers")
    return answers[0]


def _holds(condition: Any) -> Any:
    """Ask a condition; a broker that is busy with topics just made has not answered yet."""
    try:
        return condition()
    except KafkaException:
        return False


def same_profiles(live: Mapping[str, Any], replayed: Mapping[str, Any]) -> list[str]:
    """Return the differences between live profiles and replay's.

    The snapshot's number may differ, and what the mixture says: its epochs depend on history.
    """
    found = differing(live, replayed)
    return [f"{name}: {field}" for name, fields in found.items() for field in fields]
