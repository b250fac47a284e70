"""Reads dead letters and their marks from the broker."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from confluent_kafka.admin import AdminClient

from schemas.envelope import loads
from streams import topics
from streams.cli.dead_letters.letter import Letter, Mark, Name, read_letter
from streams.lane.changelog import read_changelog
from streams.place import Place
from streams.reader import RecordsGone, records

_ANSWER_S: Final = 10.0

Client = Mapping[str, Any]


class NoLetter(LookupError):  # noqa: N818 - it names what is the case
    """There is no dead letter of a name."""


def partitions_of(client: Client) -> list[int]:
    """Return the partition numbers of the dead letters (NoTopic, KafkaException)."""
    there = AdminClient(dict(client)).list_topics(timeout=_ANSWER_S).topics
    topics.need(there, topics.DEAD_LETTERS, topics.RETRIED)
    return sorted(there[topics.DEAD_LETTERS].partitions)


def read_marks(client: Client, partitions: list[int]) -> dict[Name, Mark]:
    """Return by name that letters were sent again (KafkaException)."""
    return {
        Name.read(key.decode()): Mark(**loads(value))
        for partition in partitions
        for key, value in read_changelog(client, topics.RETRIED, partition).items()
    }


def read_letters(client: Client, partitions: list[int]) -> Iterator[Letter]:
    """Yield all letters up to the end as it is now, those of a partition in order."""
    starts = {Place(topics.DEAD_LETTERS, partition): 0 for partition in partitions}
    for read in records(client, starts):
        yield from filter(None, map(read_letter, read))


def read_one(client: Client, name: Name) -> Letter:
    """Return the letter of a name (NoLetter, KafkaException)."""
    place = Place(topics.DEAD_LETTERS, name.partition)
    try:
        first = next(chain.from_iterable(records(client, {place: name.offset})), None)
    except RecordsGone:
        first = None
    letter = None if first is None or first.offset() != name.offset else read_letter(first)
    if letter is None:
        raise NoLetter(f"there is no dead letter {name}")
    return letter
