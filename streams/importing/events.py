"""Rows that are taken, as CloudEvents."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from duckdb import DuckDBPyConnection

from schemas.envelope import structured
from streams import topics
from streams.importing.fields import ID_OF, Reading, What
from streams.importing.outcome import Outcome
from streams.importing.sheet import Bound
from streams.parcel import Parcel

_AT_ONCE: Final = 10_000
_WHOLE: Final = frozenset({Reading.BAND, Reading.QUANTITY})
_OWN: Final = frozenset({"customer_id", "recorded_at", "cancelled"})
RECORD_TYPE: Final = "nyxter.customer.recorded.v1"
CANCELLED_TYPE: Final = "nyxter.purchase.cancelled.v1"
_TYPES: Final = {
    What.CONTRACTS: "nyxter.contract.recorded.v1",
    What.PURCHASES: "nyxter.purchase.recorded.v1",
    What.CUSTOMERS: RECORD_TYPE,
}
_TOPICS: Final = {
    What.CONTRACTS: topics.CONTRACTS,
    What.PURCHASES: topics.PURCHASES,
    What.CUSTOMERS: topics.CUSTOMERS,
}


def topics_of(what: What, *, is_crossed: bool) -> list[str]:
    """Return the topics that events of a file go to."""
    return [_TOPICS[what]] + [topics.CUSTOMERS] * is_crossed


def parcels(db: DuckDBPyConnection, what: What, bound: Sequence[Bound]) -> Iterator[Parcel]:
    """Yield the events of the rows that are taken, in the order of the file."""
    told = [
        one
        for one in bound
        if one.field.name not in _OWN and (one.part == "event" or what not in ID_OF)
    ]
    id_name = ID_OF.get(what)
    names = ", ".join(["event_id", "time", "subject", "is_cancelled", "id", *_names(told)])
    query = f"select {names} from sifted where outcome = '{Outcome.TAKEN}' order by line"  # noqa: S608
    for event_id, time, subject, is_cancelled, own, *values in _rows(db, query):
        data = _data(told, values)
        if id_name is not None:
            data[id_name] = own
        if is_cancelled:
            data = {"order_id": own}
        kind = CANCELLED_TYPE if is_cancelled else _TYPES[what]
        yield _parcel(_TOPICS[what], what, kind, (event_id, subject, time), data)


def records(db: DuckDBPyConnection, bound: Sequence[Bound]) -> Iterator[Parcel]:
    """Yield the customers' records that were crossed, by customer id."""
    told = [one for one in bound if one.part != "event"]
    names = ", ".join(["event_id", "subject", "time", *_names(told)])
    for event_id, subject, time, *values in _rows(
        db,
        f"select {names} from crossed order by subject",  # noqa: S608
    ):
        data = _data(told, values)
        named = (event_id, subject, time)
        yield _parcel(topics.CUSTOMERS, What.CONTRACTS, RECORD_TYPE, named, data)


def _names(told: Sequence[Bound]) -> list[str]:
    return [one.name for one in told]


def _rows(db: DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    cursor = db.cursor()  # others may ask meanwhile
    try:
        cursor.execute(query)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from rows
    finally:
        cursor.close()


def _data(told: Sequence[Bound], values: Sequence[str | None]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    attributes: dict[str, int] = {}
    for one, value in zip(told, values, strict=True):
        if value is None:
            continue
        if one.part == "attributes":
            attributes[one.field.name] = int(value)
        else:
            data[one.field.name] = int(value) if one.field.reading in _WHOLE else value
    return data | {"attributes": attributes} if attributes else data


def _parcel(
    topic: str, what: What, kind: str, named: tuple[str, str, str], data: dict[str, Any]
) -> Parcel:
    event_id, subject, time = named
    line = structured(
        {
            "id": event_id,
            "source": f"/import/{what}",
            "type": kind,
            "subject": subject,
            "time": time,
            "data": data,
        }
    )
    return Parcel(topic, subject.encode(), bytes(memoryview(line)))
