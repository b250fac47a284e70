"""The leader: the owner of partition 0 merges summaries into snapshots and turns the day.

Its producer's name is one for the whole application: a new leader fences the one before, reads
the last number, and only then publishes the next.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException, Message

from nyxter_online.epochs import read_epoch
from nyxter_online.population import Population, merge_populations
from schemas.envelope import dumps, loads, read_kafka
from schemas.events import CONTROL, DAY_TURNED, DayTurned, event_of
from schemas.instant import Refused, business_today, instant_of
from schemas.rules import Rules
from streams import topics
from streams.control import Control
from streams.lane.changelog import put, read_changelog
from streams.lane.records import Record
from streams.lane.tail import Tail
from streams.lane.transaction import Fenced, TransactionalProducer
from streams.segmenter.alarms import GroupAlarm
from streams.segmenter.entry import Composition
from streams.segmenter.lacking import find_lacking
from streams.segmenter.snapshots import EPOCH_KEY, SnapshotHeader, snapshot_records
from streams.segmenter.summaries import HEADER_KEY, Summary, chunk_names, read_chunks
from streams.segmenter.trainer import Trainer

log = structlog.get_logger()

_EVERY_S: Final = 1.0
_LOOK_S: Final = 0.1
_SOURCE: Final = "/nyxter/leader"


class _Desk:
    """The latest summary of each partition, complete as its header says."""

    def __init__(self) -> None:
        self.latest: dict[int, tuple[Summary, Population]] = {}
        self._chunks: dict[int, dict[bytes, bytes]] = {}
        self._lock = threading.Lock()

    def read(self, message: Message) -> None:
        """Take in a record of the summaries topic."""
        partition, key, value = message.partition(), message.key(), message.value()
        assert partition is not None
        assert key is not None
        chunks = self._chunks.setdefault(partition, {})
        if key == HEADER_KEY:
            assert value is not None
            summary = Summary(**loads(value))
            if not all(name.encode() in chunks for name in summary.chunks):
                return  # compaction took what is written anew further on, with a newer header
            population = read_chunks(chunks, summary.chunks)
            with self._lock:
                self.latest[partition] = summary, population
        else:
            put(chunks, key, value)

    def summaries(self) -> dict[int, Summary]:
        """Return the latest summary of each partition that has told one."""
        with self._lock:
            return {partition: summary for partition, (summary, _) in self.latest.items()}

    def day(self) -> int:
        """Return the latest day that a partition has come to, 0 before any has."""
        return max((summary.day for summary in self.summaries().values()), default=0)

    def of(self, day: int, rules: str, partitions: int) -> dict[int, tuple[Summary, Population]]:
        """Return the latest summaries if there is one of each partition by this day and rules."""
        with self._lock:
            fitting = {
                p: pair
                for p, pair in self.latest.items()
                if pair[0].day == day and pair[0].rules == rules
            }
        return fitting if len(fitting) == partitions else {}


def leader_name(app_id: str) -> str:
    """Return the transactional id of the one who may lead."""
    return f"{app_id}-snapshot"


class Leader:
    """Leads while `lead` runs, which ends when told to or when fenced.

    Parameters
    ----------
    client
        librdkafka settings.
    app_id, partitions, rules
        Of the application.
    now_ms
        Gives the time in milliseconds since 1970.

    Attributes
    ----------
    obstacle
        Why no snapshot can be made just now, "" where nothing is in the way.
    turned_at
        When it last looked whether there is something to do, in monotonic seconds.

    """

    def __init__(
        self,
        client: Mapping[str, Any],
        app_id: str,
        partitions: int,
        rules: Rules,
        now_ms: Callable[[], int],
    ) -> None:
        self._client = client
        self._app_id = app_id
        self._partitions = partitions
        self._rules = rules
        self._now_ms = now_ms
        self._day = 0
        self._number = 0
        self._known: dict[bytes, bytes] = {}
        self._merged: dict[int, int] = {}
        self._trainer = Trainer(partitions)
        self.groups_alarm = GroupAlarm(rules.limits)
        self.obstacle = ""
        self.turned_at = time.monotonic()

    def lead(self, stop: threading.Event) -> None:
        """Lead until `stop` is set or another leader has taken over."""
        desk, caught_up = _Desk(), threading.Event()
        tail: Tail | None = None
        self._note("it takes over: the broker has not let it in yet")
        try:
            producer = TransactionalProducer(self._client, leader_name(self._app_id), 0)
            self._catch_up()
            tail = Tail(self._client, topics.SUMMARIES, self._partitions, desk.read, caught_up.set)
            tail.start()
            log.info("leading", snapshot=self._number, day=self._day)
            self._note(f"it has not read {topics.SUMMARIES} to the end yet")
            while not caught_up.wait(_LOOK_S):  # a summary of the past must not be merged
                if stop.is_set():
                    return
            self._run(stop, producer, desk)
            producer.close()
        except (Fenced, KafkaException) as error:
            log.warning("leading no more", reason=str(error))
            self._note(f"it leads no more: {error}")
        finally:
            if tail is not None:
                tail.stop()

    def _note(self, obstacle: str) -> None:
        self.obstacle, self.turned_at = obstacle, time.monotonic()

    def _look(self, desk: _Desk) -> None:
        """Note what is in the way of the next snapshot."""
        lacking = find_lacking(desk.summaries(), self._day, self._rules.version, self._partitions)
        if not lacking and self.groups_alarm.is_on:
            lacking = "there are more comparison groups than limits.groups"
        self._note(lacking)

    def _catch_up(self) -> None:
        """Read the last snapshot's number and chunks and the last day that was turned."""
        stored = read_changelog(self._client, topics.SNAPSHOTS, 0)
        epoch = stored.pop(EPOCH_KEY, None)
        self._trainer.epoch = None if epoch is None else read_epoch(loads(epoch))
        header = stored.pop(HEADER_KEY, None)
        if header is not None:
            self._number = SnapshotHeader(**loads(header)).number
        self._known = stored
        for value in read_changelog(self._client, topics.CONTROL, 0).values():
            try:
                event = event_of(read_kafka(value, None), CONTROL)
            except Refused:
                continue  # a lane sends it to the dead letters
            if isinstance(event, DayTurned):
                self._day = max(self._day, event.day.toordinal())

    def _run(self, stop: threading.Event, producer: TransactionalProducer, desk: _Desk) -> None:
        published_at = 0.0
        while not stop.wait(_LOOK_S):
            self._day = max(self._day, desk.day())  # somebody else may have turned it
            self._turn_day(producer)
            self._learn(producer, desk)
            self._look(desk)
            if time.monotonic() - published_at < _EVERY_S:
                continue
            summaries = desk.of(self._day, self._rules.version, self._partitions)
            if any(self._merged.get(p) != pair[0].entry for p, pair in summaries.items()):
                self._publish(producer, summaries)
                published_at = time.monotonic()

    def _learn(self, producer: TransactionalProducer, desk: _Desk) -> None:
        """Publish the next epoch of the mixture where one is due."""
        learned = self._trainer.next(desk.summaries(), time.monotonic())
        if learned is not None:
            epoch, learning = learned
            value = dumps(epoch.to_json())
            producer.write(
                [
                    Record(topics.SNAPSHOTS, EPOCH_KEY, value, None, 0),
                    Record(topics.JOURNAL, None, learning.value(), None, 0),
                ]
            )
            self._trainer.epoch = epoch

    def _turn_day(self, producer: TransactionalProducer) -> None:
        now = self._now_ms()
        today = business_today(now)
        if today.toordinal() <= self._day:
            return
        turned = Control(f"day-{today}", _SOURCE, DAY_TURNED, {"day": today.isoformat()})
        producer.write(turned.records(instant_of(now) + "Z", self._partitions))
        self._day = today.toordinal()
        log.info("day turned", day=today.isoformat())

    def _publish(
        self, producer: TransactionalProducer, summaries: Mapping[int, tuple[Summary, Population]]
    ) -> None:
        population = merge_populations(population for _, population in summaries.values())
        merged = {p: summary.entry for p, (summary, _) in summaries.items()}
        if not self.groups_alarm.lets_tell(population):
            self._merged = merged  # looked at again when one of them has changed
            return
        number = self._number + 1
        header = SnapshotHeader(
            number,
            self._day,
            self._rules.version,
            {str(p): summary.next for p, (summary, _) in summaries.items()},
            chunk_names(population),
        )
        records, chunks = snapshot_records(header, population, self._known)
        composition = Composition(number, self._day, self._rules.version, merged)
        producer.write([*records, Record(topics.JOURNAL, None, composition.value(), None, 0)])
        self._number, self._known, self._merged = number, chunks, merged
