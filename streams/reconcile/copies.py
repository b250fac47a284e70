"""Redis beside the topics it is filled from: cards, members, histories, counts."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from redis import Redis
from redis.exceptions import ResponseError

from streams.cache import held
from streams.cache.batch import UNREADABLE, Batch, Change
from streams.cache.counted import Move
from streams.cache.past import Past, Transition
from streams.cache.survey import Survey
from streams.cards import CARD_TEXTS, TRANSITION_TEXTS, card_key, history_key, members_key, packed
from streams.counts import COUNTS, moves_key
from streams.place import Place
from streams.reader import records
from streams.reconcile.findings import Findings
from streams.topics import PROFILES

_SOME: Final = 200  # customers a round trip

Fields = dict[bytes, bytes]
Entry = tuple[bytes, Fields]


class Copies:
    """The comparison; nothing may be written meanwhile.

    Memory holds every customer's id.

    Parameters
    ----------
    client
        librdkafka settings that reach the broker.
    redis
        The client; it must not decode.
    partitions
        Of the output topics.
    findings
        Where differences go.

    """

    def __init__(
        self, client: Mapping[str, Any], redis: Redis, partitions: int, findings: Findings
    ) -> None:
        self._client = client
        self._redis = redis
        self._partitions = partitions
        self._findings = findings
        self._alive: set[bytes] = set()
        self._segments: list[bytes] = []
        self._counts: Counter[str] = Counter()
        self._moves: Counter[Move] = Counter()
        self._partly = ""

    def compare(self) -> None:
        """Compare everything. Raises as the clients do."""
        self._segments = sorted(held.segments(self._redis))
        for partition in range(self._partitions):
            alive = self._cards(partition)
            self._alive |= alive
            self._histories(partition, alive)
        self._strangers()
        self._compare_counts()
        self._compare_moves()

    def _cards(self, partition: int) -> set[bytes]:
        """Compare the cards of a partition and their members; return who is alive."""
        place, alive = Place(PROFILES, partition), set[bytes]()
        survey = Survey(self._client, {place: 0})
        for _ in survey:
            pass
        newest = survey.newest[place]
        read = (m for piece in records(self._client, {place: 0}) for m in piece)
        due = (m for m in read if newest.get(m.key()) == m.offset())
        for messages in held.some(due, _SOME):
            changes = self._changes(messages)
            self._compare_cards(changes)
            here = {c: change for c, change in changes.items() if change.profile is not None}
            self._compare_members(here)
            alive |= here.keys()
            for change in here.values():
                self._counts.update(change.standing.counted.split("\n"))
        return alive

    def _changes(self, messages: Iterable[Any]) -> dict[bytes, Change]:
        batch = Batch()
        for message in messages:
            try:
                batch.add_profile(message)
            except UNREADABLE:
                self._findings.add("profile cannot be read", message.key())
        return batch.changes

    def _compare_cards(self, changes: Mapping[bytes, Change]) -> None:
        keys = map(card_key, changes)
        for (customer, change), card in zip(changes.items(), self._hashes(keys), strict=True):
            self._findings.compared += 1
            is_there = bool(card) and b"gone" not in (card or {})
            if change.profile is None:
                if is_there:
                    self._findings.add("card of a customer who is gone", customer)
            elif not is_there:
                self._findings.add("card missing", customer)
            else:
                for field in _differing(card or {}, _due(change)):
                    self._findings.add("card differs", customer, field)

    def _hashes(self, keys: Iterable[bytes]) -> list[Fields | None]:
        """Return hashes by their keys; what is no hash counts as none."""
        pipe = self._redis.pipeline(transaction=False)
        for key in keys:
            pipe.hgetall(key)
        return [_held(reply) for reply in pipe.execute(raise_on_error=False)]

    def _compare_members(self, changes: Mapping[bytes, Change]) -> None:
        due = set().union(*(change.standing.segments for change in changes.values()))
        if not changes:
            return
        for segment in sorted(due.union(self._segments)):
            customers: list[Any] = list(changes)
            scores: Any = self._redis.zmscore(members_key(segment), customers)
            for (customer, change), score in zip(changes.items(), scores, strict=True):
                self._compare_member(customer, segment, change, score)

    def _compare_member(
        self, customer: bytes, segment: bytes, change: Change, score: float | None
    ) -> None:
        name = segment.decode("utf-8", "replace")
        stands = segment in change.standing.segments
        if stands and score is None:
            self._findings.add("member missing", customer, name)
        elif not stands and score is not None:
            self._findings.add("member of a segment that the card does not name", customer, name)
        elif stands and score != change.standing.score:
            self._findings.add("member's score differs", customer, name)

    def _histories(self, partition: int, alive: set[bytes]) -> None:
        past, left = Past(self._client, partition), set(alive)
        self._moves.update(past.moves)
        self._partly = max(self._partly, past.partly)
        for histories in past:
            due = {c: listed for c, listed in histories.items() if c in alive}
            left -= due.keys()
            for some in held.some(due.items(), _SOME):
                self._compare_histories(some, past.start)
        for customers in held.some(sorted(left), _SOME):
            self._compare_histories([(customer, []) for customer in customers], past.start)

    def _compare_histories(
        self, due: Sequence[tuple[bytes, Sequence[Transition]]], start: int
    ) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for customer, _ in due:
            pipe.xrange(history_key(customer))
        for (customer, listed), reply in zip(due, pipe.execute(raise_on_error=False), strict=True):
            entries = [] if (read := _held(reply)) is None else read
            expected = {offset: _fields(fields) for offset, fields in listed}
            kept = {offset: fields for entry, fields in entries if (offset := _at(entry)) >= start}
            self._findings.compared += len(expected)
            self._findings.expired += len(entries) - len(kept)
            for offset in sorted(expected.keys() | kept.keys()):
                if expected.get(offset) != kept.get(offset):
                    self._findings.add("history differs", customer, f"offset {offset}")

    def _compare_counts(self) -> None:
        self._compare_figures("count differs", COUNTS, self._counts, "")

    def _compare_moves(self) -> None:
        """Compare the days of which the topic holds all."""
        due: dict[str, dict[str, int]] = {}
        for move, count in self._moves.items():
            due.setdefault(move.day, {})[move.field] = count
        kept = {key.decode().removeprefix(moves_key("").decode()) for key in held.days(self._redis)}
        for day in sorted(kept | due.keys()):
            if day > self._partly:
                figures = due.get(day, {})
                self._compare_figures("moves differ", moves_key(day), figures, f"{day} ")

    def _compare_figures(self, what: str, key: bytes, due: Mapping[str, int], at: str) -> None:
        [fields] = self._hashes([key])
        found = {name.decode(): figure.decode() for name, figure in (fields or {}).items()}
        self._findings.compared += len(due)
        for name in sorted(found.keys() | due.keys()):
            said, right = found.get(name, "nothing"), str(due.get(name, "nothing"))
            if said != right:
                self._findings.add(what, None, f"{at}{name}: {said} instead of {right}")

    def _strangers(self) -> None:
        """Name whom Redis holds and the topics do not."""
        for customers in held.some(set(held.cards(self._redis)) - self._alive, _SOME):
            found = held.versions(self._redis, customers)
            for customer, (_, gone) in zip(customers, found, strict=True):
                if not gone:
                    self._findings.add("card of a customer whom the topics do not know", customer)
        for customer in set(held.histories(self._redis)) - self._alive:
            self._findings.add("history of a customer who has no profile", customer)
        for segment in self._segments:
            name = segment.decode("utf-8", "replace")
            for customer in {customer for customer, _ in self._members(segment)} - self._alive:
                self._findings.add("member who has no profile", customer, name)

    def _members(self, segment: bytes) -> Iterator[tuple[bytes, float]]:
        yield from held.members(self._redis, segment)


def _due(change: Change) -> Fields:
    """Return the card that a profile comes to."""
    own = {
        "version": change.version,
        "updated_at": change.updated_at,
        "counted": change.standing.counted,
    }
    return _fields(change.profile or {}, CARD_TEXTS) | {
        name.encode(): str(value).encode() for name, value in own.items()
    }


def _fields(said: Mapping[str, Any], texts: Collection[str] = TRANSITION_TEXTS) -> Fields:
    listed = [text.encode() for text in packed(said, texts)]
    return dict(zip(listed[0::2], listed[1::2], strict=True))


def _differing(some: Fields, others: Fields) -> list[str]:
    names = sorted((some.keys() | others.keys()) - {b"recount"})
    return [name.decode() for name in names if some.get(name) != others.get(name)]


def _held(reply: Any) -> Any:
    """Return what Redis answered; None where something of another type is there."""
    if isinstance(reply, ResponseError) and str(reply).startswith("WRONGTYPE"):
        return None
    if isinstance(reply, Exception):
        raise reply
    return reply


def _at(entry: bytes) -> int:
    return int(entry.partition(b"-")[0])
