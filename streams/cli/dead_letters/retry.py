"""`nyxter dead-letters retry`: letters go back to where they came from, each once.

A message and the mark that its letter was sent again are written in one transaction, under a name
that only one at a time may write by: who begins ends whatever was under way, then reads the marks.
So running this twice, at once or after a kill, sends each letter once.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from nyxter_online.intake import Line, take_in
from schemas.envelope import dumps, read_kafka
from schemas.events import CONTROL, event_of
from schemas.instant import Refused
from schemas.rules import Rules
from streams import topics
from streams.cli.dead_letters.letter import LETTER, RETRY, Fates, Letter, Name
from streams.cli.dead_letters.reading import Client, partitions_of, read_letters, read_marks
from streams.lane.records import Record
from streams.lane.transaction import Fenced, TransactionalProducer

_MOST: Final = 500
_MOST_BYTES: Final = 2_000_000
_LARGE: Final = 500_000  # a letter that the broker may find too large goes by itself


class Mended(NamedTuple):
    """What goes back in the place of a letter's own key and value."""

    key: bytes | None
    value: bytes


class Result(NamedTuple):
    """Letters that went back, those that had before, and those that the broker did not take."""

    sent: list[Name]
    before: list[Name]
    refused: dict[Name, str]


class Retrier:
    """Sends letters back.

    Parameters
    ----------
    client, app_id
        librdkafka settings, and whose letters they are.
    now
        Gives the RFC 3339 time of now.

    """

    def __init__(self, client: Client, app_id: str, now: Callable[[], str]) -> None:
        self._client = client
        self._name = f"{app_id}-retry"
        self._now = now

    def send(self, names: frozenset[Name], mended: Mended | None = None) -> Result:
        """Send back the letters of these names that never were.

        Raises
        ------
        Fenced
            Another one sends letters now, or it is not known what became of the last ones:
            whoever asks again sends what is missing.
        KafkaException
            The broker does not answer, or refuses.

        """
        result = Result([], [], {})
        producer = TransactionalProducer(self._client, self._name, 0)
        try:
            partitions = partitions_of(self._client)
            fates = Fates(read_marks(self._client, partitions))  # after the fence: they stand
            meant = (x for x in read_letters(self._client, partitions) if x.name in names)
            for some in portions(_open(meant, fates, result.before)):
                producer = self._write(producer, some, mended, result)
        finally:
            producer.close()
        return result

    def _write(
        self,
        producer: TransactionalProducer,
        some: list[Letter],
        mended: Mended | None,
        result: Result,
    ) -> TransactionalProducer:
        """Write letters with their marks; return the producer to go on with.

        One that goes by itself and is not taken is left as it is.
        """
        records = [record for letter in some for record in self._records(letter, mended)]
        try:
            producer.write(records)
        except Fenced as reason:
            if len(some) > 1 or len(some[0].value or b"") < _LARGE:
                raise
            result.refused[some[0].name] = str(reason)
            return TransactionalProducer(self._client, self._name, 0)
        result.sent.extend(letter.name for letter in some)
        return producer

    def _records(self, letter: Letter, mended: Mended | None) -> Iterator[Record]:
        key, value = (letter.key, letter.value) if mended is None else mended
        name = str(letter.name).encode()
        marks = [(RETRY, str(letter.retries + 1).encode()), (LETTER, name)]
        headers: list[tuple[str, bytes]] = [*letter.headers, *marks]  # type: ignore[list-item]
        yield Record(letter.topic, key, value, headers, letter.partition)
        mark = dumps({"timestamp_ms": letter.timestamp_ms, "at": self._now()})
        yield Record(topics.RETRIED, name, mark, None, letter.name.partition)


def _open(letters: Iterable[Letter], fates: Fates, before: list[Name]) -> Iterator[Letter]:
    """Yield the letters that were never sent back; note the others."""
    for letter in letters:
        if fates.is_sent(letter.name, letter.timestamp_ms):
            before.append(letter.name)
        else:
            yield letter


def portions(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    """Yield letters in portions for a transaction each; a large one by itself."""
    some: list[Letter] = []
    size = 0
    for letter in letters:
        length = len(letter.value or b"")
        if length >= _LARGE:
            yield [letter]
            continue
        some.append(letter)
        size += length
        if len(some) == _MOST or size >= _MOST_BYTES:
            yield some
            some, size = [], 0
    if some:
        yield some


def mended_with(letter: Letter, value: bytes, rules: Rules) -> Mended:
    """Return what goes back instead of a letter; its key follows the subject, where it has one.

    Raises
    ------
    Refused
        It would be refused again: why.

    """
    envelope = read_kafka(value, letter.headers)  # type: ignore[arg-type]
    key = None if letter.key is None else envelope.subject.encode()
    if letter.topic == topics.CONTROL:
        event_of(envelope, CONTROL)
        return Mended(letter.key, value)
    line = Line(0, letter.timestamp_ms, value, letter.topic, key, letter.headers)  # type: ignore[arg-type]
    for refusal in take_in([line], limits=rules.limits).refused:
        raise Refused(refusal.reason)
    return Mended(key, value)
