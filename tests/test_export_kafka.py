"""`nyxter export` on Apache Kafka: what others read from its files is what the topics hold."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from confluent_kafka.admin import AdminClient
from export_topics import held
from kafka_broker import KafkaBroker
from running import System, wait_until
from test_cli import nyxter, told

from nyxter_online.simulate import base
from schemas.instant import BUSINESS_ZONE, business_today
from schemas.outputs import JOURNEY_TRIGGERED, SEGMENT_CHANGED
from streams import topics
from streams.client import client_config
from streams.clock import now_ms
from streams.exporting.directory import META
from streams.tabular import FORMATS

pytestmark = pytest.mark.kafka

CUSTOMERS = 150
BRAZILIAN: dict[str, Any] = {
    "sep": ";",
    "decimal": ",",
    "true_values": ["VERDADEIRO"],
    "false_values": ["FALSO"],
}


@pytest.fixture(scope="module")
def system(kafka: KafkaBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A base that was scored; nobody is at work any more."""
    made = System(kafka.bootstrap, tmp_path_factory.mktemp("system"), partitions=2)
    with closing(made) as running:
        work(running, base(7, CUSTOMERS, business_today(now_ms())))
        yield running


def work(system: System, events: Any) -> None:
    """Let a worker take events, and end it."""
    system.start("worker")
    system.send(events)
    system.settle()
    system.stop("worker")


def export(system: System, to: Path, *options: str) -> Any:
    result = nyxter("export", "--to", str(to), *options, NYXTER_BROKER=system.settings.broker)
    assert result.exit_code == 0, told(result)
    return result


def of_type(system: System, kind: str) -> dict[str, dict[str, Any]]:
    return {event["id"]: event for event in system.events() if event["type"] == kind}


def read(root: Path, table: str) -> pd.DataFrame:
    """A table as pandas reads it from each format's files; empty cells are None."""
    files = sorted(path for path in (root / table).rglob("*.*") if path.is_file())
    if files[0].suffix == ".parquet":
        query = (
            f"SELECT COLUMNS(lambda c: c <> 'at') FROM read_parquet('{root}/{table}/**/*.parquet')"  # noqa: S608
        )
        rows = duckdb.sql(query)
        found = pd.DataFrame(rows.fetchall(), columns=rows.columns, dtype=object)
    elif files[0].suffix == ".csv":
        found = pd.concat([pd.read_csv(file, **BRAZILIAN) for file in files])
    else:
        found = pd.concat([pd.read_excel(file) for file in files])
    return found.astype(object).where(found.notna(), None)


def day_in(cell: Any) -> str:
    """A day of any format as ISO text."""
    if isinstance(cell, str):
        return datetime.strptime(cell[:10], "%d/%m/%Y").date().isoformat()  # noqa: DTZ007
    return str(cell)[:10]


def local_day(event: dict[str, Any]) -> str:
    return datetime.fromisoformat(event["time"]).astimezone(BUSINESS_ZONE).date().isoformat()


def under(event: dict[str, Any], *path: str) -> Any:
    found: Any = event["data"]
    for name in path:
        found = None if found is None else found[name]
    return found


def close(cell: Any, value: Any) -> bool:
    return (cell is None and value is None) or float(cell) == float(value)


@pytest.mark.parametrize("format_", FORMATS)
def test_files_hold_what_the_topics_do(system: System, tmp_path: Path, format_: str) -> None:
    export(system, tmp_path, "--format", format_)
    changes, triggers = of_type(system, SEGMENT_CHANGED), of_type(system, JOURNEY_TRIGGERED)
    assert len(changes) > CUSTOMERS
    assert triggers
    same_changes(read(tmp_path, "fact_transitions"), changes)
    same_triggers(read(tmp_path, "fact_triggers"), triggers)
    profiles = system.profiles()
    assert len(profiles) == CUSTOMERS
    same_profiles(read(tmp_path, "dim_customer"), profiles)
    same_profiles(read(tmp_path, "fact_profiles"), profiles)
    same_members(read(tmp_path, "fact_members"), profiles)


def same_changes(rows: pd.DataFrame, changes: dict[str, dict[str, Any]]) -> None:
    assert sorted(rows["event_id"]) == sorted(changes)
    for row in rows.to_dict("records"):
        event = changes[row["event_id"]]
        names = ("kind", "old_segment", "new_segment", "cause")
        assert (row["customer_id"], day_in(row["day"])) == (event["subject"], local_day(event))
        assert [row[name] for name in names] == [
            *(event["data"][name] for name in ("kind", "old", "new")),
            under(event, "why", "cause"),
        ]
        for score in ("P", "R", "F", "V", "prfv"):
            assert close(row[f"{score}_before"], under(event, "why", "before", score))
            assert close(row[f"{score}_after"], under(event, "why", "after", score))
        assert close(row["value"], under(event, "raw", "value"))
        assert close(row["potential"], under(event, "raw", "potential"))
        assert close(row["contracts"], under(event, "features", "contracts"))
        assert close(row["boundary_distance"], under(event, "why", "boundary", "distance"))
        if (sold := under(event, "raw", "last_sale")) is not None:
            assert day_in(row["last_sale"]) == sold


def same_triggers(rows: pd.DataFrame, triggers: dict[str, dict[str, Any]]) -> None:
    assert sorted(rows["event_id"]) == sorted(triggers)
    for row in rows.to_dict("records"):
        data = triggers[row["event_id"]]["data"]
        names = ("trigger", "segment", "phase", "stage", "channel", "suppressed")
        assert [row[name] for name in names] == [data[name] for name in names]
        assert (row["fired"], row["transition_id"]) == (
            data["suppressed"] is None,
            data["transition"]["id"],
        )
        actions = row["actions"]
        assert (actions.split(", ") if isinstance(actions, str) else [*actions]) == data["actions"]


def same_profiles(rows: pd.DataFrame, profiles: dict[str, Any]) -> None:
    assert sorted(rows["customer_id"]) == sorted(profiles)
    for row in rows.to_dict("records"):
        profile = profiles[row["customer_id"]]
        for score in ("P", "R", "F", "V", "prfv"):
            assert close(row[score], profile[score])
        names = ("tier", "channel", "rules")
        assert [row[name] for name in names] == [profile[name] for name in names]
        assert row["rfm_segment"] == (profile["rfm"] or {}).get("segment")
        assert row["profile"] == profile["consumption"]["segment"]
        assert close(row["value"], profile["raw"]["value"])
        assert day_in(row["scored_on"]) == profile["day"]


def same_members(rows: pd.DataFrame, profiles: dict[str, Any]) -> None:
    due = set()
    for customer, profile in profiles.items():
        due |= {(customer, f"tier:{profile['tier']}")}
        due |= {(customer, f"campaign:{name}") for name in profile["campaigns"]}
        due |= {(customer, f"rfm:{profile['rfm']['segment']}")} if profile["rfm"] else set()
        segment = profile["consumption"]["segment"]
        due |= {(customer, f"profile:{segment}")} if segment != "unassigned" else set()
    found = list(zip(rows["customer_id"], rows["segment_key"], strict=True))
    assert len(found) == len(due)
    assert set(found) == due


def test_money_and_times_are_exact_in_parquet(system: System, tmp_path: Path) -> None:
    export(system, tmp_path, "transitions", "--format", "parquet")
    query = f"""SELECT event_id, value, epoch_us("at"), typeof(value), typeof(day), typeof("at")
                FROM read_parquet('{tmp_path}/fact_transitions/*/*.parquet')"""  # noqa: S608
    rows, changes = duckdb.sql(query).fetchall(), of_type(system, SEGMENT_CHANGED)
    assert {row[3:] for row in rows} == {("DECIMAL(18,4)", "DATE", "TIMESTAMP WITH TIME ZONE")}
    for event_id, value, at, *_ in rows:
        raw, time = changes[event_id]["data"]["raw"], changes[event_id]["time"]
        assert value == (None if raw is None else Decimal(raw["value"]))
        assert at == round(datetime.fromisoformat(time).timestamp() * 1_000_000)


def test_a_run_that_is_killed_leaves_nothing_half(system: System, tmp_path: Path) -> None:
    """SIGKILL as soon as it writes, as soon as it merges, as soon as it moves."""
    export(system, tmp_path / "whole", "--format", "parquet")
    run = tmp_path / "killed" / META / "run"
    moments = ((run, "*/*.jsonl"), (run, "*.parquet"), (tmp_path / "killed", "fact_*/**/*.parquet"))
    command = ("export", "--to", str(tmp_path / "killed"), "--format", "parquet")
    for moment in moments:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", *command],
            env=os.environ | {"NYXTER_BROKER": system.settings.broker},
            stdout=subprocess.DEVNULL,
        )
        while process.poll() is None and not there_is(*moment):
            time.sleep(0.01)
        process.kill()
        process.wait()
    export(system, tmp_path / "killed", "--format", "parquet")
    assert held(tmp_path / "killed") == held(tmp_path / "whole")


def there_is(place: Path, pattern: str) -> bool:
    try:
        return any(place.glob(pattern))
    except FileNotFoundError:
        return False  # it went while we looked


def test_it_grows_and_forgets_who_is_erased(system: System, tmp_path: Path) -> None:
    export(system, tmp_path, "--format", "parquet")
    whom, before = min(system.profiles()), held(tmp_path)
    stamp = datetime.now(BUSINESS_ZONE).isoformat()
    order = {"order_id": "o-new", "ordered_on": stamp[:10], "value": "987654.32"}
    some = max(system.profiles())
    work(
        system,
        [
            event("nyxter.purchase.recorded.v1", some, "new", stamp, order),
            event("nyxter.customer.erased.v1", whom, "gone", stamp, {}),
        ],
    )
    wait_until(lambda: whom not in system.profiles(), "the erased customer is gone")
    said = export(system, tmp_path, "--format", "parquet")
    assert "1 erased customers taken out" in said.stdout
    changes = of_type(system, SEGMENT_CHANGED)
    due = {id_: change for id_, change in changes.items() if change["subject"] != whom}
    assert len(due) > len([row for row in before["fact_transitions"] if row[3] != whom])
    same_changes(read(tmp_path, "fact_transitions"), due)
    same_profiles(read(tmp_path, "dim_customer"), system.profiles())
    assert not any(whom in str(row) for rows in held(tmp_path).values() for row in rows)
    assert export(system, tmp_path, "--format", "parquet").stdout.startswith(
        "fact_transitions: 0 rows"
    )


def event(kind: str, customer: str, id_: str, time: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "/erp",
        "type": kind,
        "subject": customer,
        "time": time,
        "data": data,
    }


def test_what_cannot_be_is_told_plainly(system: System, tmp_path: Path) -> None:
    for options, reason in (
        (("--to", str(tmp_path)), "give --format"),
        (("--format", "csv"), "give --to"),
        (("--to", str(tmp_path / "none"), "--forget", "K1"), "holds no export"),
    ):
        result = nyxter("export", *options, NYXTER_BROKER=system.settings.broker)
        assert (result.exit_code, reason in told(result)) == (2, True), told(result)
    assert not (tmp_path / "none").exists()
    closed = nyxter("export", "--to", str(tmp_path), "--format", "csv", NYXTER_BROKER="127.0.0.1:1")
    assert closed.exit_code == 2


def test_topics_made_anew_are_refused(system: System, tmp_path: Path) -> None:
    """The last test: what was on the topic is gone."""
    export(system, tmp_path, "--format", "csv")
    before = {path: path.read_bytes() for path in tmp_path.glob("fact_*/*.csv")}
    admin = AdminClient(dict(client_config(system.settings)))
    admin.delete_topics([topics.SEGMENT_EVENTS])[topics.SEGMENT_EVENTS].result(30)
    wait_until(
        lambda: topics.SEGMENT_EVENTS not in admin.list_topics(timeout=10).topics, "it is gone"
    )
    ours = {"NYXTER_BROKER": system.settings.broker}
    gone = nyxter("export", "--to", str(tmp_path), "--format", "csv", **ours)
    assert (gone.exit_code, "has no topic" in told(gone)) == (2, True)
    topics.create(admin, topics.every_topic(system.settings))
    anew = nyxter("export", "--to", str(tmp_path), "--format", "csv", **ours)
    assert (anew.exit_code, "was made anew" in told(anew)) == (2, True)
    assert {path: path.read_bytes() for path in tmp_path.glob("fact_*/*.csv")} == before
