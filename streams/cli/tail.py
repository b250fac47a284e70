"""`nyxter tail`: what is published of customers, as it comes, one line each."""

from collections.abc import Iterator
from typing import Final

import typer
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END
from confluent_kafka.admin import AdminClient

from schemas.envelope import loads
from streams import topics
from streams.cli import whys, words
from streams.cli.signals import stoppable
from streams.client import client_config
from streams.kafka.topic_ids import SameTopic
from streams.place import Place
from streams.reader import Reader
from streams.selection import Event, Filters
from streams.settings import Settings

_ANSWER_S: Final = 10.0
_LOOK_S: Final = 0.1


def follow(
    settings: Settings,
    filters: Filters,
    *,
    from_start: bool,
    as_json: bool,
    limit: int | None,
) -> None:
    """Print events as they are committed, until a signal asks us to end or `limit` were printed.

    Raises
    ------
    NoTopic
        There is none to follow.
    RecordsGone, TopicMadeAnew
        The topic does not hold what comes next, or is another one now.
    KafkaException
        The broker does not answer at first, or refuses.

    """
    with stoppable() as stop:
        reader = Reader(client_config(settings), _starts(settings, from_start=from_start))
        same = SameTopic(client_config(settings), topics.SEGMENT_EVENTS)
        shown = 0
        try:
            while not stop.is_set():
                for value, event in _read(reader):
                    if filters.lets_pass(event):
                        typer.echo(value if as_json else told(event))
                        shown += 1
                        if shown == limit:
                            return
                same.check()
                stop.wait(_LOOK_S)
        finally:
            reader.close()


def _starts(settings: Settings, *, from_start: bool) -> dict[Place, int]:
    """Return where to begin in each partition that there is."""
    admin = AdminClient({**client_config(settings), "log_level": 0})
    there = admin.list_topics(timeout=_ANSWER_S).topics
    topics.need(there, topics.SEGMENT_EVENTS)
    start = OFFSET_BEGINNING if from_start else OFFSET_END
    return {
        Place(topics.SEGMENT_EVENTS, number): start
        for number in there[topics.SEGMENT_EVENTS].partitions
    }


def _read(reader: Reader) -> Iterator[tuple[bytes, Event]]:
    for message in reader.read():
        value = message.value()
        if value is not None:
            yield value, loads(value)


def told(event: Event) -> str:
    """Return an event in a line: time, customer, what happened, why."""
    data = event["data"]
    what, why = whys.told(data), whys.reason(data["why"])
    return words.printable(f"{words.stamp(event['time'])}  {event['subject']}  {what}  ({why})")
