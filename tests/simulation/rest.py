"""Coming to rest: what must hold once nothing is broken any more."""

from collections import Counter
from typing import Any

from driving import replayed
from running import same_profiles

from schemas.envelope import loads
from simulation.kernel import Violation
from simulation.logs import Record
from simulation.system import System
from streams import topics
from streams.journal_replay import OUTPUTS, JournalReplay
from streams.lane.changelog import POSITION_KEY, Position
from streams.segmenter.snapshots import SnapshotHeader
from streams.segmenter.summaries import HEADER_KEY
from streams.topics import SOURCES


class Inputs:
    """Stands in for the reader of a journal's replay."""

    def __init__(self, client: Any, names: tuple[str, ...], partitions: int) -> None:
        broker = client["broker"]
        places = [(name, number) for name in names for number in range(partitions)]
        self._topics = {(name, number): broker.log(name, number) for name, number in places}
        self._left = {p: [*log.archive, *log.committed()] for p, log in self._topics.items()}

    def before(self, topic: str, partition: int, end: int) -> list[Any]:
        left = self._left[topic, partition]
        taken = [record for record in left if record.offset < end]
        del left[: len(taken)]
        return [_Message(topic, record) for record in taken]

    def all_of(self, topic: str, partition: int) -> list[Any]:
        return self.before(topic, partition, 2**62)

    def start(self, topic: str, partition: int) -> int:
        del topic, partition
        return 0  # what was deleted lies in an archive

    def topic_ids(self) -> dict[str, str]:
        return {}  # likewise: a topic made anew goes on in its archive

    def close(self) -> None:
        """Nothing is open."""


class _Message:
    def __init__(self, topic: str, record: Record) -> None:
        self.topic = topic
        self.offset = record.offset
        self.timestamp = record.timestamp
        self.key = record.key
        self.value = record.value
        self.headers = record.headers


def latest(system: System, topic: str, partition: int) -> dict[bytes | None, bytes]:
    """Return the last committed value of each key."""
    last = {r.key: r.value for r in system.broker.log(topic, partition).committed()}
    return {key: value for key, value in last.items() if value is not None}


def restless(system: System) -> str:
    """Return why the system is not at rest, nothing where it is."""
    stored = latest(system, topics.SNAPSHOTS, 0).get(HEADER_KEY)
    if stored is None:
        return "there is no snapshot"
    header = SnapshotHeader(**loads(stored))
    if header.day != system.plan.as_of.toordinal():
        return f"snapshot {header.number} is of day {header.day}, today is {system.plan.as_of}"
    lanes = {lane.partition: lane for worker in system.alive for lane in worker.lanes}
    for number in range(system.plan.partitions):
        if number not in lanes:
            return f"partition {number} is nobody's"
        progress = lanes[number].shift.progress
        if not progress.settled or progress.snapshot != header.number:
            return f"partition {number}: {progress}, the newest snapshot is {header.number}"
        for topic in SOURCES:
            log = system.broker.log(topic, number)
            reached = header.next[str(number)].get(topic, 0)
            if log.committed(reached):
                return f"partition {number}: {topic} is in up to {reached} of {log.end}"
    return ""


def check_profiles(system: System) -> None:
    """Raise Violation unless profiles are those of the oracle: a replay of all events."""
    live: dict[str, Any] = {}
    for topic, _, key, value, _ in system.outputs:
        if topic == topics.PROFILES and key is not None:
            live[key.decode()] = value and loads(value)
    live = {name: profile for name, profile in live.items() if profile}
    expected = replayed(system.sent, system.plan.rules, system.plan.as_of).profiles
    if found := same_profiles(live, expected):
        raise Violation(f"profiles differ from the replay's: {found[:5]}")
    letters = sum(topic == topics.DEAD_LETTERS for topic, *_ in system.outputs)
    if letters < system.dead_letters:
        raise Violation(f"{letters} dead letters of {system.dead_letters}")


def check_journal(system: System) -> None:
    """Raise Violation unless executing the journal gives outputs and state as they are."""
    live: dict[str, list[Any]] = {topic: [] for topic in OUTPUTS}
    for topic, *record, _ in system.outputs:
        if topic in live:
            live[topic].append(tuple(record))
    wanted = frozenset({*OUTPUTS, system.changelog})
    again: dict[str, list[Any]] = {topic: [] for topic in wanted}
    secret = system.settings.secret.get_secret_value().encode()
    replay = JournalReplay(
        {"broker": system.broker}, system.plan.partitions, system.changelog, system.rules, secret
    )
    for partition, record in replay.run(wanted):
        again[record.topic].append((partition, record.key, record.value))
    for topic in OUTPUTS:
        _check_same(topic, live[topic], again[topic])
    for partition in range(system.plan.partitions):
        _check_state(system, partition, again[system.changelog], replay.reached(partition))


def _check_same(topic: str, live: list[Any], again: list[Any]) -> None:
    if Counter(live) != Counter(again):
        missing, extra = Counter(again) - Counter(live), Counter(live) - Counter(again)
        raise Violation(
            f"{topic}: live differs from the journal's replay: {sum(missing.values())} missing, "
            f"{sum(extra.values())} too many"
        )
    ours: dict[Any, list[Any]] = {}
    theirs: dict[Any, list[Any]] = {}
    for by, listed in ((ours, live), (theirs, again)):
        for partition, key, value in listed:
            by.setdefault((partition, key), []).append(value)
    if ours != theirs:
        raise Violation(f"{topic}: another order than the journal's replay")


def _check_state(system: System, partition: int, written: list[Any], reached: Any) -> None:
    last = {key: value for number, key, value in written if number == partition}
    state = {key: value for key, value in last.items() if key and value is not None}
    following, memo = reached
    if following:
        state[POSITION_KEY] = Position(following, system.plan.partitions, memo).value()
    kept = {k: loads(v) for k, v in latest(system, system.changelog, partition).items()}
    anew = {key: loads(value) for key, value in state.items()}
    for position in (kept.get(POSITION_KEY), anew.get(POSITION_KEY)):
        if position is not None:
            position.pop("topic_ids", None)  # of the broker, not of the journal
    if kept != anew:
        different = [k for k in {**kept, **anew} if kept.get(k) != anew.get(k)]
        kinds = sorted({loads(key or b"[]")[0] for key in different})
        raise Violation(
            f"partition {partition}: the state differs from the journal's in {len(different)} "
            f"keys of {kinds}"
        )
