"""Output topics in memory, in the place of Kafka's, and what an export of them should hold."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cache_samples import RAW, SCORES, profile

from schemas.envelope import dumps
from schemas.rules import Rules, read_rules
from streams.exporting import running
from streams.exporting.directory import META, Directory
from streams.exporting.running import Report, Run
from streams.exporting.source import Source
from streams.exporting.star import SUBJECTS, TABLES
from streams.place import Place
from streams.spans import Span
from streams.tabular import Format
from streams.tabular.parquet import read_parquet
from streams.topics import PROFILES, SEGMENT_EVENTS

TODAY = date(2026, 11, 23)
FEATURES = {"brands": 3, "tenure_months": 98, "revenue_band": None, "contracts": 40}


SOURCE = Source("cluster", {SEGMENT_EVENTS: "events", PROFILES: "profiles"})


@dataclass
class Message:
    """One record."""

    at: Place
    number: int
    name: bytes
    content: bytes | None

    def topic(self) -> str:
        return self.at.topic

    def partition(self) -> int:
        return self.at.partition

    def offset(self) -> int:
        return self.number

    def key(self) -> bytes:
        return self.name

    def value(self) -> bytes | None:
        return self.content


@dataclass
class Topics:
    """Segment events and profiles, two partitions each; `install` puts them in Kafka's place."""

    source: Source = SOURCE
    kept: dict[Place, list[Message]] = field(default_factory=lambda: defaultdict(list))
    dropped: dict[Place, int] = field(default_factory=dict)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(running, "source_of", lambda *_: self.source)
        monkeypatch.setattr(running, "spans_of", lambda _, topic: self.spans(topic))
        monkeypatch.setattr(running, "records", lambda _, starts: self.records(starts))

    def add(self, topic: str, customer: str, value: object, partition: int = 0) -> None:
        place = Place(topic, partition)
        raw = value if isinstance(value, bytes | None) else dumps(value)
        self.kept[place].append(Message(place, len(self.kept[place]), customer.encode(), raw))

    def tell(self, *events: dict[str, Any], partition: int = 0) -> None:
        for event in events:
            self.add(SEGMENT_EVENTS, event["subject"], event, partition)

    def stand(self, customer: str, partition: int = 0, **changes: Any) -> None:
        self.add(PROFILES, customer, profile(customer, **changes), partition)

    def spans(self, topic: str) -> dict[Place, Span]:
        places = [Place(topic, number) for number in (0, 1)]
        return {at: Span(self.dropped.get(at, 0), len(self.kept[at])) for at in places}

    def records(self, starts: Mapping[Place, int]) -> Iterator[list[Message]]:
        for place, start in starts.items():
            yield self.kept[place][start:]


def change(
    customer: str, number: int, day: str = "2026-11-22", new: str | None = "vip", **changes: Any
) -> dict[str, Any]:
    """A change of tier; its id is unique by customer and number."""
    why = {
        "cause": "customer",
        "event": {"id": "o-1", "source": "/erp", "type": "nyxter.purchase.recorded.v1",
                  "time": f"{day}T12:59:59Z"},
        "day": day,
        "snapshot": 12,
        "before": None,
        "after": SCORES,
        "boundary": {"indicator": "V", "limit": 95.0, "distance": 0.5},
        "profile": None,
    }  # fmt: skip
    data = {"kind": "tier", "old": "medio", "new": new, "scores": SCORES, "raw": RAW,
            "features": FEATURES, "why": why}  # fmt: skip
    return _event("nyxter.segment.changed.v1", customer, number, day, data | changes)


def erasure(customer: str, number: int, day: str = "2026-11-23") -> dict[str, Any]:
    """The change that an erasure makes."""
    event = change(customer, number, day, None, scores=None, raw=None, features=None)
    event["data"]["why"]["event"]["type"] = "nyxter.customer.erased.v1"
    event["data"]["why"]["after"] = event["data"]["why"]["boundary"] = None
    return event


def trigger(customer: str, number: int, day: str = "2026-11-22", **changes: Any) -> dict[str, Any]:
    """A trigger of the tier."""
    data = {
        "trigger": "tier:vip",
        "kind": "tier",
        "segment": "vip",
        "phase": "Expansão e Inovação",
        "stage": "Novos Negócios",
        "actions": ["visita do representante"],
        "channel": "representante",
        "suppressed": None,
        "transition": {"id": f"{customer}-0", "kind": "tier", "old": "medio", "new": "vip"},
        "why": change(customer, 0, day)["data"]["why"],
    }
    return _event("nyxter.journey.triggered.v1", customer, number, day, data | changes)


def _event(kind: str, customer: str, number: int, day: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{customer}-{number}",
        "source": "/nyxter/segmenter",
        "type": kind,
        "subject": customer,
        "time": f"{day}T13:00:00.{number:03d}Z",
        "datacontenttype": "application/json",
        "data": data,
    }


def export(
    root: Path,
    subjects: Iterable[Any] = SUBJECTS,
    format_: Format = "parquet",
    today: date = TODAY,
    rules: Rules | None = None,
) -> Report:
    """One run."""
    with Directory.held(root, format_) as directory:
        run = Run({}, directory, rules or read_rules(""), today, lambda *_: None)
        return run.export(list(subjects))


def held(root: Path, format_: Format = "parquet") -> dict[str, list[tuple[Any, ...]]]:
    """All rows that a directory holds, by table, each day's in its order; its own day is right."""
    where = root if format_ == "parquet" else root / META / "kept"
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for table in TABLES:
        for file in sorted((where / table.name).rglob("*.parquet")):
            found = list(read_parquet(duckdb.default_connection(), table.columns, file))
            rows.setdefault(table.name, []).extend(found)
            if table.is_dated:
                at = [column.name for column in table.columns].index("day")
                assert {f"day={row[at]}" for row in found} <= {file.parent.name}
    return rows


def column(root: Path, table: str, *names: str) -> list[Any]:
    """Columns of a table as duckdb reads them by its directory, in the order of the rows."""
    listed = ", ".join(names)
    query = f"SELECT {listed} FROM read_parquet('{root}/{table}/**/*.parquet') ORDER BY ALL"  # noqa: S608
    found = duckdb.sql(query).fetchall()
    return [row[0] if len(names) == 1 else row for row in found]
