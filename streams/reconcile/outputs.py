"""Outputs beside those of the journal's replay, id by id, in bounded memory.

Live and replay give a partition's outputs in the same order but for those of one transaction, so
both are read side by side, and only what has no partner yet is kept.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import chain, islice
from typing import Any, Final, NamedTuple

from schemas.envelope import loads
from schemas.rules import Rules
from streams import topics
from streams.journal_replay import JournalBroken, JournalReplay
from streams.lane.changelog import OtherVersion
from streams.lane.records import Record
from streams.paced import Paced, RecordsDeleted
from streams.place import Place
from streams.reader import records
from streams.reconcile.findings import CannotCompare, Findings

_LISTS: Final = (topics.SEGMENT_EVENTS, topics.DEAD_LETTERS)
_PEEK: Final = 1_000  # outputs of which one has to be the journal's, where a topic starts late
_MOST: Final = 200_000  # outputs without a partner before we give up


class Output(NamedTuple):
    """An output: whose it is, its name, and a digest of what it says."""

    customer: bytes | None
    name: str
    digest: bytes


class _List:
    """Outputs of one partition of a topic that keeps all, or drops the oldest."""

    def __init__(self, live: Iterator[Output], starts_late: bool, findings: Findings) -> None:
        self._live = live
        self._starts_late = starts_late
        self._findings = findings
        self.pending: Counter[Output] = Counter()

    def expect(self, output: Output) -> None:
        """Take an output of the journal."""
        if self._starts_late and not self._begins_with(output):
            self._findings.expired += 1
            return
        self._findings.compared += 1
        self._count(output, 1)
        if (live := next(self._live, None)) is not None:
            self._count(live, -1)

    def _begins_with(self, output: Output) -> bool:
        """Tell whether the topic's first outputs are come to; those before are expired."""
        first = list(islice(self._live, _PEEK))
        self._live = chain(first, self._live)
        self._starts_late = output.name not in {live.name for live in first}
        return not self._starts_late

    def finish(self) -> None:
        """Take what live has besides."""
        for live in self._live:
            self._count(live, -1)

    def _count(self, output: Output, by: int) -> None:
        self.pending[output] += by
        if not self.pending[output]:
            del self.pending[output]
        if len(self.pending) > _MOST:
            raise CannotCompare(
                f"more than {_MOST:,} outputs have no partner: are these topics of one system?"
            )


class _Table:
    """Profiles of one partition: a compacted topic, which keeps some records and all the newest."""

    def __init__(self, live: Iterator[Output], findings: Findings) -> None:
        self._findings = findings
        self._latest: dict[bytes | None, bytes] = {}
        self._due: dict[bytes | None, bytes] = {}
        self._strange: Counter[Output] = Counter()
        for output in live:
            self._latest[output.customer] = output.digest
            self._strange[output] += 1

    def expect(self, output: Output) -> None:
        """Take a profile of the journal."""
        self._findings.compared += 1
        self._due[output.customer] = output.digest
        if output in self._strange:
            self._strange[output] -= 1
            if not self._strange[output]:
                del self._strange[output]

    def finish(self) -> None:
        """Tell what differs."""
        for output in self._strange:
            self._findings.add(
                "profile record is not the journal's", output.customer, f"offset {output.name}"
            )
        strangers = {output.customer for output in self._strange}
        for customer, digest in self._due.items():
            held = self._latest.get(customer, _GONE)
            if held != digest and customer not in strangers:
                self._findings.add("the newest profile is not the journal's", customer)


_GONE: Final = b""


class Outputs:
    """The comparison; nothing may be written meanwhile.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    partitions
        How many.
    findings
        Where differences go.

    """

    def __init__(self, client: Mapping[str, Any], partitions: int, findings: Findings) -> None:
        self._client = client
        self._findings = findings
        self._numbers = range(partitions)

    def compare(
        self, changelog: str, rules: Rules, secret: bytes, former: Sequence[Rules] = ()
    ) -> None:
        """Run the journal again beside what there is; `former` rules were in force before.

        Raises
        ------
        CannotCompare
            The journal does not tell all, or names rules that are not given, or is of another
            release.
        KafkaException
            The broker does not answer.

        """
        replay = JournalReplay(
            self._client, len(self._numbers), changelog, rules, secret, former=former
        )
        paced = Paced(self._client, _LISTS, len(self._numbers))
        lists = {at: self._list(paced, at) for at in self._places(_LISTS)}
        tables = {at: _Table(self._profiles(at), self._findings) for at in self._places(_TABLES)}
        parts: Mapping[Place, _List | _Table] = {**lists, **tables}
        try:
            for partition, record in replay.run():
                parts[Place(record.topic, partition)].expect(_expected(record))
        except (JournalBroken, OtherVersion, RecordsDeleted) as error:
            raise CannotCompare(str(error)) from None
        for part in parts.values():
            part.finish()
        paced.close()
        for place, listed in lists.items():
            self._tell(place, listed.pending)

    def _places(self, names: tuple[str, ...]) -> list[Place]:
        return [Place(topic, number) for topic in names for number in self._numbers]

    def _list(self, paced: Paced, at: Place) -> _List:
        live = (
            _output(at.topic, m.key, m.value, m.headers, m.offset)
            for m in paced.all_of(at.topic, at.partition)
        )
        return _List(live, paced.start(at.topic, at.partition) > 0, self._findings)

    def _profiles(self, at: Place) -> Iterator[Output]:
        for piece in records(self._client, {at: 0}):
            for m in piece:
                yield _output(at.topic, m.key(), m.value(), m.headers(), m.offset())

    def _tell(self, place: Place, pending: Counter[Output]) -> None:
        """Name what has no partner: missing, there twice, changed, or nobody's."""
        if not pending:
            return
        names = {output.name for output in pending}
        there = Counter(output.name for output in self._again(place) if output.name in names)
        due = {output.name for output, count in pending.items() if count > 0}
        for output, count in pending.items():
            where = f"{place.topic} {output.name}"
            if count > 0:
                what = "output is not as the journal's" if there[output.name] else "output missing"
                self._findings.add(what, output.customer, where)
            elif output.name not in due:
                twice = there[output.name] > 1
                what = "output is there twice" if twice else "output is not in the journal"
                self._findings.add(what, output.customer, where)

    def _again(self, place: Place) -> Iterator[Output]:
        for piece in records(self._client, {place: 0}):
            for m in piece:
                yield _output(place.topic, m.key(), m.value(), m.headers(), m.offset())


_TABLES: Final = (topics.PROFILES,)


def _expected(record: Record) -> Output:
    return _output(record.topic, record.key, record.value, record.headers, 0)


def _output(
    topic: str, key: bytes | None, value: bytes | None, headers: Any, offset: int
) -> Output:
    """Return what identifies a record and what it says."""
    if topic == topics.PROFILES:
        return _Profile(key, str(offset), _GONE if value is None else _digest(value))
    said = repr([(name, bytes(held)) for name, held in headers or ()]).encode()
    digest = _digest((key or b"") + b"\0" + (value or b"") + b"\0" + said)
    if topic == topics.DEAD_LETTERS:
        return Output(key, _origin(dict(headers or ())), digest)
    return Output(key, _id(value), digest)


class _Profile(Output):
    """A profile: equal to another whatever their offsets, which are for telling only."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Profile) and self[0::2] == other[0::2]

    def __hash__(self) -> int:
        return hash(self[0::2])


def _digest(said: bytes) -> bytes:
    return blake2b(said, digest_size=16).digest()


def _id(value: bytes | None) -> str:
    try:
        return str(loads(value or b"")["id"])
    except (ValueError, TypeError, KeyError):
        return "without an id"


def _origin(headers: Mapping[str, bytes]) -> str:
    """Return where a dead letter comes from."""
    names = ("nyxter-topic", "nyxter-partition", "nyxter-offset")
    return ":".join(headers.get(name, b"?").decode("utf-8", "replace") for name in names)
