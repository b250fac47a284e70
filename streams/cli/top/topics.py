"""What the topics tell of a running system, read without a group."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from nyxter_online.refusals import kind_of
from schemas.envelope import loads
from schemas.instant import instant_of
from streams import topics
from streams.access.kafka import reach_broker
from streams.cli import words
from streams.cli.live.meter import MINUTE_S, Meter, Minute
from streams.cli.live.transitions import Reel, Transitions
from streams.cli.top.look import Stream
from streams.client import client_config
from streams.clock import now_ms
from streams.ends import Ends
from streams.place import Place
from streams.reader import Reader
from streams.segmenter.entry import Entry, read_entry
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY
from streams.settings import Settings
from streams.stored_positions import Marks, lags, marks, reached, stored_positions

_ANSWER_S: Final = 10.0
_RATE_S: Final = 5.0
_PAUSE_S: Final = 0.4
_PATIENCE_S: Final = 15.0
_LOOK_S: Final = 0.05
_SOME: Final = 20  # records before the end that are read in any case
_MOST: Final = 20_000  # and at most so many
_TOLD: Final = (topics.SEGMENT_EVENTS, topics.DEAD_LETTERS)
_LETTER: Final = "letter"


@contextmanager
def watched_topics(settings: Settings) -> Iterator[Callable[[], Stream]]:
    """Reach the broker and yield what looks at the topics.

    Raises ``Unreachable``, ``NoTopic``, ``OtherVersion``, and ``KafkaException`` for what the
    broker refuses.
    """
    reach_broker(settings)
    client = {**client_config(settings), "log_level": 0}
    watched = _Watched(client, topics.changelog(settings))
    try:
        watched.catch_up()
        yield watched.look
    finally:
        watched.close()


class _Watched:
    """The topics in view; `close` leaves them."""

    def __init__(self, client: Mapping[str, Any], changelog: str) -> None:
        admin = AdminClient(dict(client))
        numbers = _partitions(admin)
        edges = {
            **marks(admin, (*topics.INPUTS, topics.JOURNAL, *_TOLD), numbers),
            **marks(admin, (topics.SNAPSHOTS,), [0]),
        }
        positions = stored_positions(admin, client, changelog, numbers)
        self._begins = {at: start for at, (start, _) in edges.items() if at.topic in topics.INPUTS}
        self._reached = reached(positions)
        self._ends = Ends(admin)
        starts = _starts(admin, edges)
        told = {at: start for at, start in starts.items() if at.topic == topics.SEGMENT_EVENTS}
        self._reader = Reader(client, {at: o for at, o in starts.items() if at not in told})
        self._transitions = Transitions(client, told)
        self._reel = Reel(_PAUSE_S)
        self._arriving, self._applying = Meter(_RATE_S), Meter(_RATE_S)
        self._applied = self._snapshot = 0
        self._snapshot_at: float | None = None
        self._letters, self._newest_letter = Minute(), ""

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()
        self._transitions.close()

    def catch_up(self) -> None:
        """Read what was told before we came."""
        past, give_up = self._transitions.read(), time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up and not self._has_come_to_ends:
            self._read()
            past += self._transitions.read()
            time.sleep(_LOOK_S)
        self._reel.fill(past)

    @property
    def _has_come_to_ends(self) -> bool:
        return self._reader.has_come_to_ends and self._transitions.has_come_to_ends

    def look(self) -> Stream:
        """Return how it stands (KafkaException where the broker is away)."""
        self._read()
        self._reel.turn(self._transitions.read(), time.monotonic())
        ends = self._ends.committed(self._begins)
        now = time.monotonic()
        age = None if self._snapshot_at is None else max(0.0, time.time() - self._snapshot_at)
        return Stream(
            self._arriving.rate(now, sum(ends.values())),
            self._applying.rate(now, self._applied),
            lags({at: (self._begins[at], end) for at, end in ends.items()}, self._reached),
            self._snapshot,
            age,
            self._transitions.minute(),
            self._letters.counts(time.time()).get(_LETTER, 0),
            self._newest_letter,
            list(self._reel.newest),
        )

    def _read(self) -> None:
        for message in self._reader.read():
            if message.topic() == topics.JOURNAL:
                self._see_entry(message)
            elif message.topic() == topics.DEAD_LETTERS:
                self._see_letter(message)
            elif message.key() == HEADER_KEY and (value := message.value()) is not None:
                self._snapshot = SnapshotHeader(**loads(value)).number
                self._snapshot_at = message.timestamp()[1] / 1000

    def _see_entry(self, message: Message) -> None:
        value = message.value()
        entry = None if value is None else read_entry(value)
        if not isinstance(entry, Entry):
            return
        for topic, start, end in entry.spans:
            at = Place(topic, message.partition() or 0)
            past = self._reached.get(at, 0) if entry.skipped is None else 0
            self._reached[at] = max(end, past)
            if topic in topics.INPUTS and entry.skipped is None:
                self._applied += end - start

    def _see_letter(self, message: Message) -> None:
        written = message.timestamp()[1]
        self._letters.add(min(time.time(), written / 1000), _LETTER)
        headers = dict(message.headers() or ())
        reason = kind_of((headers.get("nyxter-reason") or b"").decode(errors="replace"))
        self._newest_letter = f"{words.stamp(f'{instant_of(written)}Z')} {reason}"


def _partitions(admin: AdminClient) -> list[int]:
    there = admin.list_topics(timeout=_ANSWER_S).topics
    topics.need(there, topics.JOURNAL, topics.SNAPSHOTS, *_TOLD)
    return sorted(there[topics.JOURNAL].partitions)


def _starts(admin: AdminClient, edges: Marks) -> dict[Place, int]:
    """Return where to begin: what is told a minute ago, the journal at its end."""
    told = [at for at in edges if at.topic in _TOLD]
    recent = _minute_ago(admin, told)
    starts = {
        at: max(start, end - _MOST, min(recent.get(at, end), end - _SOME))
        for at, (start, end) in edges.items()
        if at in recent
    }
    journal = {at: end for at, (_, end) in edges.items() if at.topic == topics.JOURNAL}
    snapshots = Place(topics.SNAPSHOTS, 0)
    start, end = edges[snapshots]
    return {**starts, **journal, snapshots: max(start, end - _MOST)}


def _minute_ago(admin: AdminClient, places: list[Place]) -> dict[Place, int]:
    """Return the first offset of the last minute; the end where there was none, or none is told."""
    since = OffsetSpec.for_timestamp(now_ms() - MINUTE_S * 1000)
    asked = {TopicPartition(*place): since for place in places}
    answers = admin.list_offsets(asked, request_timeout=_ANSWER_S)
    found: dict[Place, int] = {}
    for of, answer in answers.items():
        try:
            offset = answer.result().offset
        except KafkaException:  # the embedded broker may not know
            offset = -1
        found[Place(of.topic, of.partition)] = offset if offset >= 0 else 2**62
    return found
